"""What makes a room a home: candles, cushions, clocks, books, baskets."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

import math

import numpy as np

from .geometry import (
    MeshData,
    box,
    curve,
    fillet,
    grid,
    lathe,
    moved,
    noise,
    pad,
    rounded_rectangle,
    slab,
    superellipsoid,
    tube,
)
from .materials import (
    Pattern,
    fabric,
    glass,
    glow,
    leather,
    make,
    metal,
    plain,
    plastic,
    wax,
    wood,
)
from .nodes import linear
from .registry import builder
from .studio import add


@builder("candle")
def candle(
    color: str, vessel_color: str | None = None, label: str | None = None, kind: str = "jar"
) -> None:
    """A candle in a glass jar or a tin, or standing pillars."""
    flame_at = []
    if kind == "pillars":
        for x, y, r, h in (
            (-0.42, 0.1, 0.36, 1.5),
            (0.4, 0.15, 0.36, 1.05),
            (0.05, -0.4, 0.36, 0.65),
        ):
            body = fillet([(0, 0), (r, 0), (r, h), (r * 0.8, h - 0.04), (0, h - 0.05)], 0.05)
            add(moved(lathe(body), (x, y, 0)), wax(color), sharp=60)
            flame_at.append((x, y, h - 0.05))
    else:
        wall = fillet(
            [(0, 0), (0.55, 0), (0.58, 0.05), (0.58, 1.2), (0.54, 1.2), (0.54, 0.1), (0, 0.1)], 0.03
        )
        skin = (
            glass(vessel_color or "#ffffff")
            if kind == "jar"
            else metal(vessel_color or "#c9a46a", rough=0.3)
        )
        add(lathe(wall), skin, sharp=50)
        add(
            lathe(fillet([(0, 0.11), (0.535, 0.11), (0.535, 0.86), (0, 0.84)], 0.02)),
            wax(color),
            sharp=50,
        )
        flame_at.append((0, 0, 0.85))
    for x, y, z in flame_at:
        add(tube([(x, y, z - 0.05), (x, y, z + 0.1)], 0.014, sides=8), plain(linear("#2a211b")))
        flame = curve([(0.001, 0), (0.05, 0.07), (0.035, 0.17), (0.001, 0.3)], 6)
        add(moved(lathe(flame, 24), (x, y, z + 0.07)), glow("#ffc46b", 5.0))
    if label:
        arc = np.radians(np.linspace(-42, 42, 30))
        for shade, low, high, share, lift in (
            (label, 0.32, 0.82, 1.0, 0.004),
            ("#3b3733", 0.52, 0.56, 0.55, 0.007),
            ("#3b3733", 0.62, 0.68, 0.35, 0.007),
        ):
            rows = [
                [
                    ((0.58 + lift) * math.sin(a), -(0.58 + lift) * math.cos(a), z)
                    for a in arc * share
                ]
                for z in (low, high)
            ]
            add(grid(np.array(rows), around=False), plain(linear(shade), roughness=0.8))


@builder("cushion")
def cushion(
    *,
    color: str,
    material: str = "fabric",
    pattern: Pattern | None = None,
    piping: str | None = None,
    width: float = 2.0,
) -> None:
    """A cushion leaning back a little."""
    shape = pad((width, 2.0 if width <= 2 else 1.3, 1.2))
    tilt = (78, 0, 0)
    add(shape, make(material, color, pattern), sharp=180, turn=tilt)
    if piping:
        edge = np.linspace(-1, 1, 40)
        half = (width / 2, 1.0 if width <= 2 else 0.65)
        sides = []
        for k in range(4):
            other = -1 if k in (0, 3) else 1
            drawn = other * (1 - 0.06 * (1 - edge**2))
            run = edge if k in (0, 1) else -edge
            pair = (run, np.full(40, 1.0) * drawn) if k in (0, 2) else (drawn, run)
            sides.append(np.column_stack([pair[0] * half[0], pair[1] * half[1], np.zeros(40)]))
        path = np.vstack([side[:-1] for side in sides])
        add(tube(path, 0.03, closed=True, sides=10), make("fabric", piping), turn=tilt)


@builder("clock")
def clock(
    face: str = "#faf8f2", frame: str = "oak", hands: str = "#26262a", kind: str = "wall"
) -> None:
    """A wall clock without numerals, or a twin-bell alarm clock."""
    rim = (
        wood(frame)
        if not frame.startswith("#")
        else (metal(frame) if kind == "alarm" else plastic(frame, gloss=0.5))
    )
    depth = 0.14 if kind == "wall" else 0.5
    case = fillet(
        [
            (0, depth),
            (0.98, depth),
            (1.04, depth * 0.6),
            (1.04, -0.05),
            (0.93, -0.07),
            (0.93, 0.0),
            (0.92, 0.02),
        ],
        0.03,
    )

    def stand(mesh: MeshData) -> MeshData:
        return moved(mesh, (0, 0, 1.04 if kind == "wall" else 1.22), turn=(90, 0, 0))

    add(stand(moved(lathe(case), scale=(1, 1, -1))), rim, sharp=50)
    add(stand(lathe([(0, 0.0), (0.93, 0.0)])), plain(linear(face), roughness=0.6))
    dark = plain(linear(hands), roughness=0.4)
    for k in range(12):
        a = math.radians(k * 30)
        size = (0.035, 0.17, 0.012) if k % 3 == 0 else (0.022, 0.09, 0.012)
        mark = moved(box(size), (0, 0.78, 0.012))
        add(stand(moved(mark, turn=(0, 0, math.degrees(a)))), dark)
    for length, thick, degrees in ((0.48, 0.05, 56), (0.72, 0.034, -58)):
        hand = moved(box((thick, length, 0.014)), (0, length / 2 - 0.08, 0.035))
        add(stand(moved(hand, turn=(0, 0, degrees))), dark, bevel=0.004)
    add(
        stand(lathe(fillet([(0, 0.07), (0.05, 0.07), (0.05, 0.02), (0, 0.02)], 0.01))),
        metal("#c6a664"),
    )
    if kind == "alarm":
        for side in (-1, 1):
            bell = curve([(0.001, 0.3), (0.2, 0.24), (0.36, 0.05), (0.38, 0)], 8)
            add(moved(lathe(bell), (side * 0.52, 0.25, 2.2), turn=(0, side * 32, 0)), rim, sharp=70)
            add(tube([(side * 0.4, 0.25, 0.4), (side * 0.66, 0.25, 0.0)], 0.06), rim)
        loop = curve(
            [(-0.3, 0.25, 2.3), (-0.2, 0.25, 2.72), (0.2, 0.25, 2.72), (0.3, 0.25, 2.3)], 10
        )
        add(tube(loop, 0.035), rim)


@builder("notebook")
def notebook(
    color: str,
    material: str = "leather",
    band: str | None = None,
    pattern: Pattern | None = None,
    stack: list[str] | None = None,
) -> None:
    """A bound notebook lying at an angle, or a stack of books."""
    colors = [*(stack or []), color]
    z = 0.0
    for k, shade in enumerate(colors):
        thick = 0.2 if len(colors) == 1 else 0.26 + 0.08 * (k % 2)
        spin = 0 if len(colors) == 1 else (-6, 5, -2, 8)[k % 4]
        skin = (
            leather(shade)
            if material == "leather"
            else make(material, shade, pattern if k == len(colors) - 1 else None)
        )
        pages = moved(box((1.36, 1.9, thick)), (0.01, 0, 0))
        for part, matter, bevel in (
            (pages, plain(linear("#f3ecdc"), roughness=0.9), 0.005),
            (
                moved(slab(rounded_rectangle(1.46, 2.0, 0.06), 0.035), (0, 0, thick / 2)),
                skin,
                0.012,
            ),
            (
                moved(slab(rounded_rectangle(1.46, 2.0, 0.06), 0.035), (0, 0, -thick / 2 - 0.035)),
                skin,
                0.012,
            ),
            (moved(superellipsoid((0.1, 2.0, thick + 0.07), 0.5), (-0.7, 0, 0)), skin, 0.0),
        ):
            add(moved(part, (0, 0, z + thick / 2 + 0.04), turn=(0, 0, spin)), matter, bevel=bevel)
        z += thick + 0.08
    if band:
        loop = moved(box((0.09, 2.03, 0.31)), (0.5, 0, z / 2 - 0.0))
        add(loop, fabric(band), bevel=0.02)


@builder("basket")
def basket(
    color: str = "#c79a5b", trim: str | None = None, width: float = 1.0, height: float = 1.1
) -> None:
    """A woven basket with two handles."""
    body = curve(
        [
            (0.7 * width, 0),
            (0.82 * width, 0.1),
            (0.98 * width, height * 0.6),
            (0.94 * width, height),
        ],
        10,
    )
    rows, columns = 20, 240
    z = np.interp(np.linspace(0, 1, rows * 8), np.linspace(0, 1, len(body)), body[:, 1])
    r = np.interp(z, body[:, 1], body[:, 0])
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    course = np.linspace(0, rows, rows * 8)[:, None]
    weave = np.sin(turn[None] * 30 + np.pi * np.floor(course)) * np.abs(np.sin(np.pi * course))
    radius = r[:, None] + 0.032 * weave + 0.02 * np.abs(np.sin(np.pi * course))
    points = np.stack(
        [radius * np.sin(turn), -radius * np.cos(turn), z[:, None] + 0 * radius], axis=-1
    )
    skin = make("fabric", color)
    add(grid(points), skin, thickness=0.02, sharp=180)
    add(lathe([(0, 0.02), (0.72 * width, 0.02)]), skin)
    hoop = np.column_stack(
        [0.94 * width * np.sin(turn), -0.94 * width * np.cos(turn), np.full(columns, height)]
    )
    top = make("leather", trim) if trim else skin
    add(tube(hoop, 0.055, closed=True), top)
    for side in (-1, 1):
        x = side * 0.96 * width
        grip = curve(
            [
                (x, -0.25, height - 0.1),
                (x * 1.08, -0.2, height + 0.22),
                (x * 1.1, 0, height + 0.32),
                (x * 1.08, 0.2, height + 0.22),
                (x, 0.25, height - 0.1),
            ],
            8,
        )
        add(tube(grip, 0.045), top)


@builder("blanket")
def blanket(color: str, pattern: Pattern | None = None, material: str = "fabric") -> None:
    """A folded throw: a soft stack of layers."""
    skin = make(material, color, pattern)
    for k in range(4):
        layer = superellipsoid((1.9, 1.3, 0.26), 0.3, 96)
        ripple = noise(layer.vertices[:, 0] * 3 + k * 7, layer.vertices[:, 1] * 3, seed=k)
        layer.vertices[:, 2] += 0.025 * ripple
        add(moved(layer, (0.015 * (k % 2), 0, 0.13 + 0.21 * k)), skin, sharp=180)


@builder("frame")
def frame(color: str = "oak", first: str = "#d98f5c", second: str = "#2f4858") -> None:
    """A framed abstract print, standing."""
    tone = wood(color) if not color.startswith("#") else plastic(color)

    def stand(mesh: MeshData) -> MeshData:
        return moved(mesh, (0, 0, 1.15), turn=(86, 0, 0))

    for x, y, w, h in (
        (0, 1.08, 1.76, 0.12),
        (0, -1.08, 1.76, 0.12),
        (0.82, 0, 0.12, 2.04),
        (-0.82, 0, 0.12, 2.04),
    ):
        add(stand(moved(box((w, h, 0.12)), (x, y, 0.03))), tone, bevel=0.012)
    add(stand(box((1.6, 2.1, 0.02))), plain(linear("#f7f4ee"), roughness=0.9))
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    sun = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.27
    hill = curve(
        [(-0.55, -0.7), (-0.55, -0.1), (-0.2, 0.05), (0.2, -0.25), (0.55, -0.05), (0.55, -0.7)], 8
    )
    for outline, shade, shift, z in (
        (sun, first, (0.15, 0.38), 0.012),
        (hill, second, (0, 0), 0.014),
    ):
        add(
            stand(moved(slab(outline + shift, 0.003), (0, 0, z))),
            plain(linear(shade), roughness=0.9),
        )
