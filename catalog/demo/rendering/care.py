"""Scent, soap and lotion."""

from __future__ import annotations

import math

import numpy as np

from .geometry import (
    box,
    curve,
    fillet,
    grid,
    lathe,
    moved,
    tube,
)
from .materials import (
    glass,
    make,
    metal,
    plain,
    plastic,
)
from .nodes import linear
from .registry import builder
from .studio import add


@builder("perfume")
def perfume(liquid: str, cap: str = "#26262a", shape: str = "square") -> None:
    """A scent bottle: thick glass, coloured liquid, a cap."""
    if shape == "square":
        add(moved(box((1.2, 0.62, 1.3)), (0, 0, 0.65)), glass(), bevel=0.07)
        add(moved(box((1.04, 0.46, 1.02)), (0, 0, 0.64)), glass(liquid, ior=1.35), bevel=0.05)
    else:
        add(
            lathe(
                curve(
                    [
                        (0, 0),
                        (0.5, 0.02),
                        (0.75, 0.3),
                        (0.72, 0.8),
                        (0.4, 1.2),
                        (0.2, 1.3),
                        (0, 1.3),
                    ],
                    8,
                )
            ),
            glass(),
            sharp=70,
        )
        add(
            lathe(
                curve([(0, 0.1), (0.4, 0.12), (0.63, 0.35), (0.6, 0.75), (0.3, 1.05), (0, 1.06)], 8)
            ),
            glass(liquid, ior=1.35),
            sharp=70,
        )
    add(
        lathe(fillet([(0, 1.28), (0.2, 1.28), (0.2, 1.42), (0, 1.42)], 0.02)),
        metal("#c6a664", rough=0.15),
    )
    add(
        lathe(fillet([(0, 1.42), (0.28, 1.42), (0.28, 1.95), (0, 1.95)], 0.04)),
        plastic(cap, gloss=0.9) if shape == "square" else metal(cap, rough=0.15),
        sharp=50,
    )


@builder("pump_bottle")
def pump_bottle(
    color: str, label: str = "#f7f3ea", pump: str = "#26262a", material: str = "glass"
) -> None:
    """A soap dispenser with a label."""
    body = fillet(
        [(0, 0), (0.48, 0), (0.5, 0.04), (0.5, 1.15), (0.2, 1.36), (0.16, 1.5), (0, 1.5)], 0.08
    )
    add(
        lathe(body),
        plastic(color, gloss=0.95) if material == "glass" else make(material, color),
        sharp=60,
    )
    add(lathe(fillet([(0, 1.48), (0.2, 1.48), (0.2, 1.64), (0, 1.64)], 0.02)), plastic(pump))
    add(tube([(0, 0, 1.6), (0, 0, 1.9)], 0.045), plastic(pump))
    head = curve([(0.08, 0, 1.92), (-0.1, 0, 1.94), (-0.34, 0, 1.9), (-0.4, 0, 1.82)], 8)
    add(tube(head, np.linspace(0.1, 0.05, len(head))), plastic(pump))
    arc = np.radians(np.linspace(-50, 50, 30))
    for shade, low, high, share, lift in (
        (label, 0.3, 1.0, 1.0, 0.003),
        ("#33302c", 0.78, 0.83, 0.6, 0.006),
        ("#33302c", 0.66, 0.69, 0.4, 0.006),
        ("#33302c", 0.4, 0.42, 0.7, 0.006),
    ):
        rows = [
            [((0.5 + lift) * math.sin(a), -(0.5 + lift) * math.cos(a), z) for a in arc * share]
            for z in (low, high)
        ]
        add(grid(np.array(rows), around=False), plain(linear(shade), roughness=0.8))
