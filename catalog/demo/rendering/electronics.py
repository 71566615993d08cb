"""Phones, laptops, headphones, speakers, watches, cameras."""

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
    rounded_rectangle,
    slab,
    superellipsoid,
    tube,
)
from .materials import fabric, glass, leather, make, metal, plain, plastic, rubber, screen
from .nodes import linear
from .registry import builder
from .studio import add


def arc(radius: float, start: float, end: float, count: int = 48) -> np.ndarray:
    """Points (n, 3) of a circle in the x-z plane between two angles in degrees."""
    a = np.radians(np.linspace(start, end, count))
    return np.column_stack([radius * np.cos(a), np.zeros(count), radius * np.sin(a)])


@builder("headphones")
def headphones(color: str, accent: str = "#c9c9cd", pads: str = "#26262a") -> None:
    """Over-ear headphones standing up."""
    band = arc(0.85, 8, 172)
    band[:, 2] = band[:, 2] * 1.08 + 0.75
    add(tube(band, 0.12, flat=0.4), leather(pads))
    shell = band.copy()
    shell[:, [0, 2]] = shell[:, [0, 2]] * [1.05, 1.0] + [0, 0.05]
    add(tube(shell[2:-2], 0.125, flat=0.3), plastic(color, gloss=0.5))
    for side in (-1, 1):
        add(tube([(side * 0.88, 0, 0.98), (side * 0.93, 0, 0.55)], 0.035), metal(accent))

        def cup(mesh: MeshData, side: int = side) -> MeshData:
            return moved(mesh, (side * 0.84, 0, 0.52), turn=(0, side * 86, 0), scale=(1.2, 0.92, 1))

        outer = curve([(0.0, 0.24), (0.28, 0.22), (0.4, 0.1), (0.41, -0.02)], 8)
        add(cup(lathe([*outer, (0, -0.03)])), plastic(color, gloss=0.5), sharp=60)
        add(
            cup(lathe(fillet([(0.26, 0.226), (0.27, 0.245), (0.2, 0.25), (0, 0.25)], 0.01))),
            metal(accent),
        )
        turn = np.linspace(0, 2 * math.pi, 64, endpoint=False)
        ring = np.column_stack([0.29 * np.cos(turn), 0.29 * np.sin(turn), np.full(64, -0.1)])
        add(cup(tube(ring, 0.125, closed=True)), leather(pads))
        add(cup(lathe([(0, -0.06), (0.3, -0.06)])), fabric("#1b1b1d"))


@builder("laptop")
def laptop(
    color: str = "#c9ccd1", first: str = "#1b3a6b", second: str = "#e58f65", keys: str = "#232326"
) -> None:
    """An open laptop with its screen lit."""
    body = metal(color, rough=0.34)
    add(moved(slab(rounded_rectangle(2.0, 1.38, 0.1), 0.075), (0, 0, 0)), body, bevel=0.02)
    cap = plastic(keys, gloss=0.3)
    for row in range(5):
        for column in range(13):
            if row == 4 and 3 <= column <= 8:
                continue
            spot = (-0.81 + column * 0.135, 0.42 - row * 0.135, 0.082)
            add(moved(box((0.115, 0.115, 0.02)), spot), cap, bevel=0.01)
    add(moved(box((0.79, 0.115, 0.02)), (-0.067, -0.12, 0.082)), cap, bevel=0.01)
    add(
        moved(slab(rounded_rectangle(0.7, 0.4, 0.03), 0.003), (0, -0.44, 0.075)),
        metal("#b7babf", rough=0.45),
    )

    def lid(mesh: MeshData) -> MeshData:
        return moved(moved(mesh, (0, 0.66, 0)), (0, 0.68, 0.08), turn=(106, 0, 0))

    add(lid(slab(rounded_rectangle(2.0, 1.32, 0.08), 0.045)), body, bevel=0.012)
    add(
        lid(moved(slab(rounded_rectangle(1.96, 1.28, 0.06), 0.004), (0, 0, 0.045))),
        plastic("#0d0d0f", gloss=0.9),
    )
    add(lid(moved(box((1.86, 1.16, 0.004)), (0, 0.01, 0.051))), screen(first, second))


@builder("phone")
def phone(
    color: str = "#2b2d33", first: str = "#5b2a86", second: str = "#f4a36c", side: str = "both"
) -> None:
    """A phone leaning upright; `both` shows a second one from behind."""

    def pose(mesh: MeshData, x: float, turn: float) -> MeshData:
        return moved(moved(mesh, turn=(84, 0, 0)), (x, 0, 1.0), turn=(0, 0, turn))

    outline = rounded_rectangle(0.96, 2.0, 0.16)
    places = (
        [(0.0, 0.0, "front")] if side == "front" else [(-0.32, 10, "front"), (0.58, 192, "back")]
    )
    for x, turn, view in places:
        shift = 0.0 if view == "front" else 0.55
        place = (x, turn)

        def put(
            mesh: MeshData,
            matter: object,
            bevel: float = 0.0,
            place: tuple[float, float] = place,
            shift: float = shift,
        ) -> None:
            add(moved(pose(mesh, *place), (0, shift, 0)), matter, bevel=bevel)

        put(moved(slab(outline, 0.1), (0, 0, -0.05)), metal(color, rough=0.3), 0.025)
        put(
            moved(slab(rounded_rectangle(0.93, 1.97, 0.15), 0.004), (0, 0, 0.05)),
            plastic("#08080a", gloss=1.0),
        )
        put(
            moved(slab(rounded_rectangle(0.89, 1.93, 0.13), 0.003), (0, 0, 0.054)),
            screen(first, second),
        )
        put(
            moved(slab(rounded_rectangle(0.22, 0.06, 0.03), 0.002), (0, 0.88, 0.058)),
            plain(linear("#050505")),
        )
        put(
            moved(slab(rounded_rectangle(0.92, 1.96, 0.14), 0.003), (0, 0, -0.053)),
            plastic(color, gloss=0.75),
        )
        put(
            moved(slab(rounded_rectangle(0.42, 0.44, 0.11), 0.03), (0.2, 0.7, -0.082)),
            plastic(color, gloss=0.95),
            0.01,
        )
        for dx, dy in ((0.1, 0.11), (0.1, -0.11), (-0.1, 0.0)):
            lens = fillet([(0, -0.03), (0.075, -0.03), (0.085, 0.02), (0, 0.02)], 0.01)
            put(moved(lathe(lens, 40), (0.2 + dx, 0.7 + dy, -0.1)), plastic("#060608", gloss=1.0))


@builder("speaker")
def speaker(color: str, accent: str = "#26262a", kind: str = "cylinder") -> None:
    """A portable speaker in cloth, or a bookshelf speaker in timber."""
    if kind == "cylinder":
        body = fillet(
            [(0, 0.06), (0.44, 0.06), (0.46, 0.12), (0.46, 1.5), (0.42, 1.58), (0, 1.58)], 0.06
        )
        add(lathe(body), fabric(color, weave=75), sharp=60)
        for z in (0.05, 1.6):
            cap = fillet(
                [(0, z - 0.05), (0.43, z - 0.05), (0.45, z), (0.43, z + 0.05), (0, z + 0.05)], 0.03
            )
            add(lathe(cap), rubber(accent))
        loop = curve([(0.42, 0, 1.35), (0.62, 0, 1.25), (0.64, 0, 1.0), (0.44, 0, 0.92)], 8)
        add(tube(loop, 0.035, flat=0.5), leather(accent))
        return
    add(moved(box((1.1, 0.95, 1.8)), (0, 0, 0.9)), make(color, "#000000"), bevel=0.04)
    add(moved(box((1.0, 0.04, 1.7)), (0, -0.48, 0.9)), plastic(accent, gloss=0.2), bevel=0.02)
    for z, r in ((0.62, 0.4), (1.36, 0.22)):
        ring = fillet(
            [
                (r, 0),
                (r, 0.05),
                (r * 0.9, 0.06),
                (r * 0.82, 0.02),
                (r * 0.4, -0.08),
                (r * 0.35, -0.02),
                (0, 0.05),
            ],
            0.02,
        )
        add(moved(lathe(ring), (0, -0.5, z), turn=(90, 0, 0)), rubber("#3a3a3e"))
        dome = curve([(r * 0.36, -0.05), (r * 0.25, 0.02), (0, 0.06)], 6)
        add(
            moved(lathe(dome), (0, -0.5, z), turn=(90, 0, 0)),
            metal("#c6a664" if r < 0.3 else "#9a9aa0"),
        )


@builder("watch")
def watch(
    case: str = "#d4d4d8",
    dial: str = "#f5f3ee",
    strap: str = "#6b4026",
    ink: str = "#2a2a2e",
    kind: str = "analog",
) -> None:
    """A wristwatch standing on its closed strap, dial to the front."""
    band = arc(1.0, 0, 360, 120)[:-1]
    y, z = band[:, 0] * 0.78 + 0.72, band[:, 2] * 0.9 + 0.94
    across = np.linspace(-0.3, 0.3, 9)
    rows = np.stack([np.column_stack([np.full(119, x), y, z]) for x in across], axis=1)
    skin = rubber(strap) if kind == "smart" else leather(strap)
    add(grid(rows, around=False, along=True), skin, thickness=0.07, sharp=60, bevel=0.02)
    if kind == "smart":
        _smart_face(case)
    else:
        _dial(case, dial, ink)


def _on_wrist(mesh: MeshData) -> MeshData:
    """Something drawn around the origin, facing up, put where the watch's face is."""
    return moved(mesh, (0, -0.14, 0.98), turn=(81.6, 0, 0))


def _smart_face(case: str) -> None:
    body = slab(rounded_rectangle(1.02, 1.2, 0.3), 0.26)
    add(_on_wrist(moved(body, (0, 0, -0.16))), metal(case, rough=0.25), bevel=0.08)
    pane = slab(rounded_rectangle(0.94, 1.12, 0.26), 0.02)
    add(_on_wrist(moved(pane, (0, 0, 0.09))), plastic("#050507", gloss=1.0), bevel=0.01)
    rings = ((0.34, "#ff4f6d", 290), (0.25, "#8ce34a", 230), (0.16, "#4ac8ff", 310))
    for r, shade, sweep in rings:
        a = np.radians(np.linspace(90, 90 - sweep, 60))
        path = np.column_stack([r * np.cos(a), r * np.sin(a), np.full(60, 0.112)])
        add(_on_wrist(tube(path, 0.032, flat=0.3)), plain(linear(shade), emission=0.8))
    add(_on_wrist(moved(_crown(0.07), (0.54, 0.22, -0.03), turn=(0, 90, 0))), metal(case))


def _dial(case: str, dial: str, ink: str) -> None:
    profile = [(0, -0.14), (0.52, -0.14), (0.62, -0.06), (0.62, 0.08), (0.56, 0.14)]
    body = fillet([*profile, (0.52, 0.12), (0.52, 0.06)], 0.02)
    add(_on_wrist(lathe(body)), metal(case, rough=0.16), sharp=40)
    add(_on_wrist(lathe([(0, 0.06), (0.53, 0.06)])), plain(linear(dial), roughness=0.35))
    marks = metal(ink, rough=0.2)
    for k in range(12):
        mark = moved(box((0.026 if k % 3 else 0.045, 0.1, 0.012)), (0, 0.43, 0.07))
        add(_on_wrist(moved(mark, turn=(0, 0, k * 30))), marks)
    for length, thick, degrees in ((0.27, 0.04, 58), (0.4, 0.028, -60)):
        hand = moved(box((thick, length, 0.01)), (0, length / 2 - 0.04, 0.08))
        add(_on_wrist(moved(hand, turn=(0, 0, degrees))), marks)
    add(_on_wrist(moved(_crown(0.06), (0.66, 0, 0), turn=(0, 90, 0))), metal(case))


def _crown(radius: float) -> MeshData:
    half = 0.05
    return lathe(fillet([(0, -half), (radius, -half), (radius, half), (0, half)], 0.01))


@builder("camera")
def camera(color: str = "#2b2b2e", trim: str = "#c9c9cd") -> None:
    """A rangefinder camera with a leather wrap."""
    add(moved(box((2.0, 0.55, 0.8)), (0, 0, 0.52)), leather(color, scale=45), bevel=0.1)
    for z, h in ((1.03, 0.3), (0.09, 0.16)):
        add(moved(box((2.02, 0.57, h)), (0, 0, z)), metal(trim, rough=0.3), bevel=0.06)
    tiers = [
        (0, 0),
        (0.46, 0),
        (0.46, 0.2),
        (0.42, 0.22),
        (0.42, 0.5),
        (0.37, 0.52),
        (0.34, 0.44),
        (0.26, 0.36),
    ]
    add(
        moved(lathe(fillet(tiers, 0.015)), (0.1, -0.26, 0.55), turn=(90, 0, 0)),
        metal("#3a3a3e", rough=0.35),
        sharp=40,
    )
    add(
        moved(superellipsoid((0.56, 0.56, 0.16), 1.0), (0.1, -0.62, 0.55), turn=(90, 0, 0)),
        plastic("#10131d", gloss=1.0),
    )
    for x, r, h in ((-0.72, 0.17, 0.12), (0.62, 0.2, 0.1), (0.25, 0.08, 0.07)):
        add(moved(lathe(fillet([(0, 0), (r, 0), (r, h), (0, h)], 0.02)), (x, 0, 1.18)), metal(trim))
    add(
        moved(box((0.34, 0.03, 0.16)), (-0.45, -0.28, 1.04)),
        plastic("#11151c", gloss=1.0),
        bevel=0.01,
    )
    add(moved(box((0.2, 0.03, 0.12)), (0.72, -0.28, 1.04)), glass("#cfe0e8"), bevel=0.01)


@builder("kettle")
def kettle(color: str, trim: str = "#26262a") -> None:
    """A gooseneck pour-over kettle."""
    body = fillet([(0, 0), (0.75, 0), (0.78, 0.06), (0.55, 0.95), (0.5, 1.0), (0, 1.02)], 0.06)
    skin = metal(color, rough=0.22) if color == "#d4d4d8" else make("enamel", color)
    add(lathe(body), skin, sharp=60)
    lid = fillet([(0, 1.0), (0.46, 1.0), (0.44, 1.06), (0, 1.08)], 0.02)
    add(lathe(lid), skin, sharp=60)
    add(
        lathe(curve([(0.05, 1.06), (0.05, 1.12), (0.12, 1.18), (0.08, 1.24), (0, 1.25)], 6)),
        plastic(trim),
        sharp=70,
    )
    spout = curve(
        [(-0.66, 0, 0.28), (-0.95, 0, 0.35), (-0.98, 0, 0.7), (-1.05, 0, 1.02), (-1.3, 0, 1.1)], 8
    )
    add(tube(spout, np.linspace(0.085, 0.05, len(spout))), skin)
    grip = curve(
        [(0.5, 0, 0.92), (0.85, 0, 1.05), (1.08, 0, 0.95), (1.1, 0, 0.55), (1.02, 0, 0.3)], 8
    )
    add(tube(grip, 0.075, flat=0.7), plastic(trim, gloss=0.3))
