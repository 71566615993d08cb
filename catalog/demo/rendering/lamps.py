"""Lamps for tables, desks and floors."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from .furniture import leg
from .geometry import (
    curve,
    fillet,
    lathe,
    moved,
    superellipsoid,
    tube,
)
from .materials import enamel, glow, make, metal
from .registry import builder
from .studio import add


@builder("table_lamp")
def table_lamp(
    *,
    base: str,
    shade: str = "#f2e6cf",
    material: str = "ceramic",
    shape: str = "gourd",
    lit: bool = True,
) -> None:
    """A shaded lamp with a turned base."""
    bases = {
        "gourd": [
            (0.36, 0),
            (0.38, 0.05),
            (0.46, 0.3),
            (0.3, 0.6),
            (0.28, 0.72),
            (0.16, 0.95),
            (0.05, 1.05),
        ],
        "column": [(0.36, 0), (0.36, 0.06), (0.1, 0.1), (0.07, 0.2), (0.06, 1.05)],
        "sphere": [(0.2, 0), (0.42, 0.15), (0.52, 0.48), (0.4, 0.8), (0.1, 0.98), (0.05, 1.05)],
        "cone": [(0.45, 0), (0.43, 0.04), (0.2, 0.6), (0.06, 1.05)],
    }
    line = curve(bases[shape], 8)
    add(lathe([(0, 0), *line, (0, 1.05)]), make(material, base), sharp=60)
    add(tube([(0, 0, 1.0), (0, 0, 1.3)], 0.035), metal("#c6a664"))
    profile = [(0.64, 1.14), (0.42, 1.92), (0.43, 1.92), (0.65, 1.14)]
    add(lathe(profile), glow(shade, 0.22) if lit else make("fabric", shade), sharp=30)
    for z, r in ((1.14, 0.648), (1.92, 0.428)):
        turn = np.linspace(0, 2 * math.pi, 80, endpoint=False)
        add(
            tube(
                np.column_stack([r * np.cos(turn), r * np.sin(turn), np.full(80, z)]),
                0.012,
                closed=True,
                sides=8,
            ),
            make("fabric", shade),
        )


@builder("desk_lamp")
def desk_lamp(color: str, metal_tone: str = "#c9c9cd") -> None:
    """A jointed task lamp."""
    paint = enamel(color)
    add(
        lathe(fillet([(0, 0), (0.42, 0), (0.42, 0.06), (0.1, 0.1), (0, 0.1)], 0.03)),
        paint,
        sharp=60,
    )
    joints = [(0, 0, 0.08), (-0.35, 0, 0.9), (0.35, 0, 1.62)]
    for a, b in pairwise(joints):
        for y in (-0.04, 0.04):
            add(
                tube(np.linspace(np.add(a, (0, y, 0)), np.add(b, (0, y, 0)), 4), 0.022),
                metal(metal_tone),
            )
    for x, y, z in joints:
        add(
            moved(
                lathe(fillet([(0, -0.08), (0.07, -0.08), (0.07, 0.08), (0, 0.08)], 0.015)),
                (x, y, z),
                turn=(90, 0, 0),
            ),
            paint,
        )
    head = curve([(0.0, 0.24), (0.1, 0.24), (0.14, 0.12), (0.3, -0.05), (0.36, -0.28)], 8)
    inner = [(max(r - 0.015, 0), z - 0.015) for r, z in head[::-1]]
    place = (0.5, 0, 1.52)
    add(moved(lathe([*head, *inner]), place, turn=(0, -38, 0)), paint, sharp=70)
    bulb = moved(superellipsoid((0.26, 0.26, 0.3), 1.0, 32), (0.57, 0, 1.42), turn=(0, -38, 0))
    add(bulb, glow("#fff0d0", 1.5))


@builder("floor_lamp")
def floor_lamp(color: str = "#26262a", shade: str = "#f4efe4") -> None:
    """A tripod lamp with a drum shade."""
    for k in range(3):
        a = math.radians(k * 120 - 90)
        leg(
            (0.06 * math.cos(a), 0.06 * math.sin(a), 1.55),
            (0.5 * math.cos(a), 0.5 * math.sin(a), 0),
            color,
            0.045,
        )
    add(tube([(0, 0, 1.5), (0, 0, 1.8)], 0.04), metal("#c6a664"))
    add(lathe([(0.5, 1.66), (0.42, 2.2), (0.43, 2.2), (0.51, 1.66)]), glow(shade, 0.22), sharp=30)
