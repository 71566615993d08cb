"""Seats, tables and shelves."""

from __future__ import annotations

import math

import numpy as np

from .geometry import (
    bent,
    box,
    curve,
    fillet,
    grid,
    lathe,
    moved,
    pad,
    rounded_rectangle,
    slab,
    superellipsoid,
    tube,
)
from .materials import enamel, leather, make, marble, metal, wood
from .registry import builder
from .studio import add

Point = tuple[float, float, float]


def leg(top: Point, foot: Point, tone: str, thick: float = 0.05) -> None:
    """A tapered timber leg, or a steel one when the tone is a colour."""
    path = np.linspace(top, foot, 8)
    if tone.startswith("#"):
        add(tube(path, thick * 0.55), enamel(tone))
    else:
        add(tube(path, np.linspace(thick, thick * 0.6, 8)), wood(tone, grain="Z"))


@builder("chair")
def chair(
    frame: str = "oak", seat: str = "#d9d2c5", material: str = "fabric", back: str = "slats"
) -> None:
    """A dining chair with an upholstered or timber seat."""
    for x in (-0.42, 0.42):
        leg((x, -0.38, 0.86), (x * 1.08, -0.46, 0), frame, 0.055)
        path = curve([(x * 1.08, 0.52, 0), (x, 0.4, 0.85), (x, 0.5, 1.75)], 10)
        add(tube(path, np.linspace(0.035, 0.05, len(path))), wood(frame, grain="Z"))
    for y in (-0.4, 0.4):
        add(moved(box((0.84, 0.05, 0.1)), (0, y, 0.8)), wood(frame), bevel=0.015)
    for x in (-0.42, 0.42):
        add(moved(box((0.05, 0.8, 0.1)), (x, 0, 0.8)), wood(frame, grain="Y"), bevel=0.015)
    cushion = moved(superellipsoid((1.0, 0.98, 0.16), 0.28), (0, -0.02, 0.91))
    add(cushion, make(material, seat))
    if back == "slats":
        for z in (1.15, 1.36, 1.6):
            bow = curve(
                [
                    (-0.42, 0.44 + (z - 1.1) * 0.09, z),
                    (0, 0.52 + (z - 1.1) * 0.1, z),
                    (0.42, 0.44 + (z - 1.1) * 0.09, z),
                ],
                10,
            )
            add(tube(bow, 0.06, flat=0.35), wood(frame))
    else:
        rest = superellipsoid((0.9, 0.12, 0.5), 0.3)
        add(moved(rest, (0, 0.45, 1.48), turn=(-8, 0, 0)), make(material, seat))


@builder("shell_chair")
def shell_chair(color: str, legs: str = "ash", material: str = "plastic") -> None:
    """A moulded one-piece shell on splayed legs."""
    spine = curve(
        [
            (-0.55, 0.86),
            (-0.45, 0.93),
            (0, 0.88),
            (0.35, 0.93),
            (0.5, 1.15),
            (0.6, 1.5),
            (0.66, 1.78),
        ],
        8,
    )
    rows = []
    for k, (y, z) in enumerate(spine):
        t = k / (len(spine) - 1)
        half = 0.52 * (1 - 0.10 * math.cos(t * 9)) * (1 - 0.25 * max(0, t - 0.75) * 4 * t)
        s = np.linspace(-1, 1, 25)
        lift = 0.2 * (1 - t) * np.abs(s) ** 3 * (0.3 + math.sin(t * 3.1))
        forward = 0.26 * t * np.abs(s) ** 2.5
        rows.append(np.column_stack([s * half, y - forward, z + lift]))
    add(grid(np.array(rows), around=False), make(material, color), thickness=0.035, subdivide=1)
    for x in (-1, 1):
        leg((x * 0.25, -0.2, 0.88), (x * 0.52, -0.5, 0), legs)
        leg((x * 0.25, 0.22, 0.88), (x * 0.5, 0.55, 0), legs)
    add(moved(box((0.6, 0.55, 0.05)), (0, 0.02, 0.84)), enamel("#2a2a2c"), bevel=0.02)


@builder("stool")
def stool(
    seat: str = "#b5482f",
    material: str = "oak",
    legs: str = "oak",
    height: float = 1.2,
    style: str = "round",
) -> None:
    """A stool: three timber legs, or a bar stool with a foot ring."""
    profile = fillet(
        [
            (0, height),
            (0.46, height),
            (0.5, height + 0.05),
            (0.48, height + 0.13),
            (0.3, height + 0.11),
            (0, height + 0.1),
        ],
        0.05,
    )
    if material in {"leather", "velvet", "fabric"}:
        profile = curve(
            [
                (0, height),
                (0.47, height),
                (0.52, height + 0.09),
                (0.4, height + 0.18),
                (0, height + 0.2),
            ],
            8,
        )
    add(lathe(profile), make(material, seat), sharp=60)
    count = 3 if style == "round" else 4
    for k in range(count):
        a = 2 * math.pi * (k + 0.5) / count
        x, y = math.cos(a), math.sin(a)
        leg((x * 0.3, y * 0.3, height), (x * 0.58, y * 0.58, 0), legs, 0.06)
    if style == "bar":
        turn = np.linspace(0, 2 * math.pi, 64, endpoint=False)
        hoop = np.column_stack([np.cos(turn) * 0.5, np.sin(turn) * 0.5, np.full(64, 0.42)])
        add(
            tube(hoop, 0.025, closed=True), metal("#b9a06a") if legs.startswith("#") else wood(legs)
        )


@builder("pouf")
def pouf(color: str, material: str = "knit") -> None:
    """A round knitted footstool."""
    body = curve(
        [(0, 0), (0.75, 0.02), (0.98, 0.3), (1.0, 0.5), (0.9, 0.8), (0.5, 0.98), (0, 1.0)], 10
    )
    mesh = lathe(body, 240)
    if material == "knit":
        angles = np.arctan2(mesh.vertices[:, 0], -mesh.vertices[:, 1])
        z = mesh.vertices[:, 2]
        cord = np.abs(np.sin(angles * 22 + 0.35 * np.sin(z * 40)))
        mesh.vertices[:, :2] *= (1 + 0.035 * cord)[:, None]
    add(mesh, make("fabric" if material == "knit" else material, color), sharp=90)


@builder("sofa")
def sofa(
    color: str,
    material: str = "fabric",
    seats: int = 2,
    legs: str = "oak",
    pillow: str | None = None,
) -> None:
    """A sofa, or with one seat an armchair."""
    skin = make(material, color)
    width = 0.95 * seats
    add(moved(superellipsoid((width + 0.1, 1.15, 0.36), 0.16), (0, 0, 0.42)), skin)
    for k in range(seats):
        x = (k - (seats - 1) / 2) * 0.95
        add(moved(superellipsoid((0.96, 1.0, 0.3), 0.26), (x, -0.1, 0.68)), skin)
        back = superellipsoid((0.97, 0.34, 0.75), 0.34)
        add(moved(back, (x, 0.38, 1.12), turn=(-12, 0, 0)), skin)
    for side in (-1, 1):
        arm = superellipsoid((0.26, 1.2, 0.68), 0.26)
        add(moved(arm, (side * (width / 2 + 0.12), 0, 0.62)), skin)
        for y in (-0.45, 0.45):
            leg((side * width / 2, y, 0.3), (side * (width / 2 + 0.06), y * 1.08, 0), legs, 0.055)
    add(
        moved(superellipsoid((width + 0.45, 0.26, 0.95), 0.2), (0, 0.56, 0.8), turn=(-6, 0, 0)),
        skin,
    )
    if pillow:
        cushion = moved(pad((0.62, 0.62, 0.26)), (-width / 2 + 0.35, 0.06, 1.1), turn=(72, 0, 12))
        add(cushion, make("fabric", pillow))


@builder("table")
def table(
    top: str = "oak",
    legs: str = "oak",
    shape: str = "round",
    width: float = 1.9,
    depth: float = 1.0,
    height: float = 1.1,
) -> None:
    """A table with a timber or marble top, on legs or on a pedestal."""
    surface = marble() if top == "marble" else wood(top)
    if shape == "rectangle":
        plate = slab(rounded_rectangle(width, depth, 0.08), 0.07)
        add(moved(plate, (0, 0, height)), surface, bevel=0.02)
        corners = [(width / 2 - 0.12, depth / 2 - 0.12)] * 4
    else:
        r = width / 2
        rim = fillet(
            [
                (0, height),
                (r - 0.06, height),
                (r, height + 0.04),
                (r, height + 0.07),
                (0, height + 0.07),
            ],
            0.02,
        )
        add(lathe(rim), surface, sharp=35)
        corners = [(r * 0.62, r * 0.62)] * 4
    if shape == "pedestal":
        foot = curve(
            [
                (0.62, 0),
                (0.6, 0.03),
                (0.2, 0.08),
                (0.07, 0.2),
                (0.06, height - 0.15),
                (0.3, height),
            ],
            8,
        )
        add(
            lathe([(0, 0), *foot]),
            enamel(legs) if legs.startswith("#") else wood(legs, grain="Z"),
            sharp=60,
        )
        return
    for (x, y), (sx, sy) in zip(corners, [(1, 1), (1, -1), (-1, 1), (-1, -1)], strict=True):
        leg((x * sx, y * sy, height), (x * sx * 1.08, y * sy * 1.08, 0), legs, 0.065)


@builder("desk")
def desk(top: str = "walnut", legs: str = "#26262a") -> None:
    """A writing desk with a drawer."""
    table(top, legs, "rectangle", 2.0, 0.95, 1.05)
    add(moved(box((0.78, 0.8, 0.2)), (0.5, 0, 0.94)), wood(top), bevel=0.012)
    add(moved(box((0.74, 0.03, 0.16)), (0.5, -0.41, 0.94)), wood(top), bevel=0.008)
    knob = moved(
        lathe(curve([(0.02, 0), (0.02, 0.03), (0.045, 0.05), (0, 0.07)], 5)),
        (0.5, -0.42, 0.94),
        turn=(90, 0, 0),
    )
    add(knob, metal("#c6a664"))


@builder("shelf")
def shelf(tone: str = "oak", frame: str = "#26262a", boards: int = 4) -> None:
    """An open shelf with a steel frame."""
    height = 2.0
    for x in (-0.55, 0.55):
        for y in (-0.2, 0.2):
            add(tube(np.linspace((x, y, 0), (x, y, height), 4), 0.025, sides=12), enamel(frame))
    for k in range(boards):
        z = 0.18 + k * (height - 0.3) / (boards - 1)
        add(
            moved(slab(rounded_rectangle(1.14, 0.46, 0.03), 0.05), (0, 0, z)),
            wood(tone),
            bevel=0.01,
        )


@builder("wing_chair")
def wing_chair(color: str, material: str = "leather", legs: str = "walnut") -> None:
    """A low easy chair: one curved shell hugging a thick seat."""
    skin = leather(color) if material == "leather" else make(material, color)
    angles = np.radians(np.linspace(-118, 118, 49))

    def wrap(points: np.ndarray) -> np.ndarray:
        a = np.interp(points[:, 0], [-1, 1], [angles[0], angles[-1]])
        r = 0.72 + points[:, 1]
        lean = 0.12 * (points[:, 2] - 0.3) * np.cos(a)
        drop = 1 - 0.34 * np.clip(np.abs(a) / math.radians(118), 0, 1) ** 2.2
        z = 0.32 + (points[:, 2] - 0.32) * drop
        return np.column_stack([r * np.sin(a) * 1.05, r * np.cos(a) * 0.95 + lean, z])

    shell = moved(superellipsoid((2.0, 0.2, 1.1), 0.22, 96), (0, 0, 0.87))
    add(bent(shell, wrap), skin, sharp=80)
    add(moved(superellipsoid((1.2, 1.2, 0.34), 0.42), (0, -0.06, 0.58)), skin)
    for x in (-0.42, 0.42):
        for y in (-0.4, 0.4):
            leg((x, y, 0.4), (x * 1.25, y * 1.25, 0), legs, 0.055)


@builder("bench")
def bench(tone: str = "teak", cushion: str | None = None) -> None:
    """A slatted bench."""
    for k in range(5):
        add(moved(box((2.0, 0.12, 0.06)), (0, -0.3 + k * 0.15, 0.8)), wood(tone), bevel=0.012)
    for x in (-0.82, 0.82):
        add(moved(box((0.08, 0.7, 0.08)), (x, 0, 0.73)), wood(tone, grain="Y"), bevel=0.012)
        for y in (-0.3, 0.3):
            add(moved(box((0.08, 0.08, 0.74)), (x, y, 0.37)), wood(tone, grain="Z"), bevel=0.012)
    if cushion:
        add(moved(superellipsoid((1.9, 0.7, 0.14), 0.2), (0, 0, 0.9)), make("fabric", cushion))


@builder("mirror")
def mirror(frame: str = "#c6a664", shape: str = "round") -> None:
    """A framed mirror leaning on the wall."""
    turn = np.linspace(0, 2 * math.pi, 120, endpoint=False)
    tall = 1.35 if shape == "oval" else 1.0
    hoop = np.column_stack([np.cos(turn), np.zeros(120), 1.0 * tall + np.sin(turn) * tall])
    add(tube(hoop, 0.045, closed=True), wood(frame) if not frame.startswith("#") else metal(frame))
    face = moved(
        slab(np.column_stack([np.cos(turn), np.sin(turn) * tall]), 0.03),
        (0, 0.02, tall),
        turn=(90, 0, 0),
    )
    add(face, metal("#f4f6f7", rough=0.02))
