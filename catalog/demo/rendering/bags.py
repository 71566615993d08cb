"""Bags and cases."""

# ruff: noqa: PLR2004 - the numbers are proportions
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
    noise,
    rounded_rectangle,
    superellipsoid,
    tube,
)
from .materials import (
    Pattern,
    fabric,
    leather,
    make,
    metal,
    plastic,
    rubber,
)
from .registry import builder
from .studio import add


@builder("tote")
def tote(
    color: str, material: str = "fabric", pattern: Pattern | None = None, straps: str | None = None
) -> None:
    """A shopper that stands open with two handles."""
    rows = []
    for z in np.linspace(0, 1.55, 30):
        t = z / 1.55
        width, depth = 1.5 + 0.22 * t, 0.55 * (1 - 0.35 * t)
        a = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        power = 5 - 3.2 * t
        x = np.sign(np.cos(a)) * np.abs(np.cos(a)) ** (2 / power) * width / 2
        y = np.sign(np.sin(a)) * np.abs(np.sin(a)) ** (2 / power) * depth / 2
        crease = (
            0.035
            * noise(x * 3 + 9, np.full(120, z * 2.2), seed=2)
            * math.sin(math.pi * min(1, t + 0.1))
        )
        rows.append(
            np.column_stack(
                [x, y + crease * np.sign(y), np.full(120, z + 0.02 * math.cos(3.0) * 0)]
            )
        )
    middle = np.broadcast_to(rows[0].mean(axis=0), rows[0].shape)
    skin = make(material, color, _upright(pattern))
    add(grid(np.array([middle, *rows])), skin, thickness=0.025, sharp=60)
    strap = make("leather", straps) if straps else make(material, color)
    for y, height in ((-0.2, 0.82), (0.2, 0.7)):
        path = curve(
            [
                (-0.36, y * 1.1, 1.3),
                (-0.35, y, 1.6),
                (-0.2, y * 0.8, 1.55 + height * 0.75),
                (0, y * 0.7, 1.55 + height),
                (0.2, y * 0.8, 1.55 + height * 0.75),
                (0.35, y, 1.6),
                (0.36, y * 1.1, 1.3),
            ],
            8,
        )
        add(tube(path, 0.055, flat=0.3), strap)


def _upright(pattern: Pattern | None) -> Pattern | None:
    """A cloth pattern turned to lie in the x-z plane of a standing thing."""
    return {**pattern, "upright": True} if pattern else None


@builder("backpack")
def backpack(color: str, pocket: str | None = None, trim: str = "#8a5a34") -> None:
    """A daypack with a front pocket, flap and leather details."""
    cloth, front = fabric(color, weave=70), fabric(pocket or color, weave=70)
    body = moved(superellipsoid((1.35, 0.75, 1.9), 0.32, 96), (0, 0, 0.96))

    def shape(points: np.ndarray) -> np.ndarray:
        slim = 1 - 0.14 * np.clip((points[:, 2] - 0.9) / 1.0, 0, 1) ** 2
        points[:, 0] *= slim
        points[:, 1] += 0.012 * noise(points[:, 0] * 4, points[:, 2] * 4, seed=6)
        return points

    add(bent(body, shape), cloth, sharp=180)
    add(moved(superellipsoid((1.05, 0.4, 0.85), 0.3, 80), (0, -0.36, 0.55)), front, sharp=180)
    flap = moved(superellipsoid((1.12, 0.42, 0.3), 0.28, 80), (0, -0.36, 0.98))
    add(flap, front, sharp=180)
    for x in (-0.28, 0.28):
        add(moved(box((0.11, 0.03, 0.55)), (x, -0.585, 0.8)), leather(trim), bevel=0.012)
        add(moved(box((0.16, 0.05, 0.12)), (x, -0.595, 0.72)), metal("#c6a664"), bevel=0.015)
    arch = [
        (0.6 * math.cos(a), -0.33, 1.02 + 0.74 * math.sin(a))
        for a in np.linspace(0.15, np.pi - 0.15, 50)
    ]
    add(tube(arch, 0.025, sides=10), plastic("#26262a", gloss=0.3))
    grip = curve([(-0.16, 0.1, 1.86), (-0.14, 0.1, 2.06), (0.14, 0.1, 2.06), (0.16, 0.1, 1.86)], 8)
    add(tube(grip, 0.045, flat=0.5), leather(trim))
    for side in (-1, 1):
        path = curve(
            [
                (side * 0.35, 0.38, 1.8),
                (side * 0.66, 0.62, 1.3),
                (side * 0.72, 0.5, 0.7),
                (side * 0.6, 0.3, 0.2),
            ],
            10,
        )
        add(tube(path, 0.09, flat=0.3), cloth)


@builder("suitcase")
def suitcase(color: str, trim: str = "#2b2b2e") -> None:
    """A ribbed cabin case with its handle out."""
    shell = moved(superellipsoid((1.3, 0.72, 1.75), 0.14, 160), (0, 0, 1.05))

    def ribs(points: np.ndarray) -> np.ndarray:
        flat = np.clip(1 - (np.abs(points[:, 2] - 1.05) / 0.8) ** 8, 0, 1)
        groove = 0.022 * np.abs(np.sin(points[:, 0] * 15)) * flat * (np.abs(points[:, 1]) > 0.2)
        points[:, 1] += np.sign(points[:, 1]) * groove
        return points

    add(bent(shell, ribs), plastic(color, gloss=0.55), sharp=180)
    for x in (-0.45, 0.45):
        for y in (-0.2, 0.2):
            wheel = fillet([(0, -0.06), (0.1, -0.06), (0.1, 0.06), (0, 0.06)], 0.02)
            add(moved(lathe(wheel), (x, y, 0.1), turn=(0, 90, 0)), rubber(trim))
            add(moved(box((0.2, 0.16, 0.1)), (x, y, 0.18)), plastic(trim), bevel=0.02)
        add(tube([(x * 0.55, 0.22, 1.8), (x * 0.55, 0.22, 2.45)], 0.03), metal())
    add(tube([(-0.27, 0.22, 2.46), (0.27, 0.22, 2.46)], 0.06), plastic(trim))
    add(
        tube(curve([(-0.2, 0, 1.92), (-0.18, 0, 2.02), (0.18, 0, 2.02), (0.2, 0, 1.92)], 6), 0.04),
        plastic(trim),
    )
    x, z = rounded_rectangle(1.3, 1.75, 0.2).T
    seam = curve(np.column_stack([x, np.zeros(len(x)), z + 1.05]), 2, closed=True)
    add(tube(seam * [1.004, 1, 1], 0.022, closed=True, sides=8), plastic(trim))
