"""Pans, pots and boards."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

from .geometry import (
    curve,
    fillet,
    lathe,
    moved,
    slab,
    tube,
)
from .materials import (
    enamel,
    make,
    metal,
    plain,
    wood,
)
from .nodes import linear
from .registry import builder
from .studio import add


@builder("pan")
def pan(color: str = "#2b2b2e", handle: str = "walnut") -> None:
    """A skillet seen from above the rim."""
    line = curve(fillet([(0.72, 0), (0.78, 0.04), (0.98, 0.34)], 0.06), 4)
    inner = [(r - 0.05, z) for r, z in line[::-1] if z > 0.07]
    add(lathe([(0, 0), *line, *inner, (0.7, 0.06), (0, 0.06)]), make("enamel", color), sharp=60)
    grip = curve([(0.9, 0, 0.26), (1.3, 0, 0.34), (1.8, 0, 0.42), (2.2, 0, 0.44)], 8)
    add(tube(grip, 0.09, flat=0.5), wood(handle))
    add(tube(grip[:7], 0.098, flat=0.52), metal("#8f8f95"))


@builder("pot")
def pot(color: str, knob: str = "#c6a664") -> None:
    """An enamelled casserole with its lid on."""
    body = fillet([(0, 0), (0.85, 0), (0.95, 0.06), (1.0, 0.82), (0.95, 0.84), (0, 0.84)], 0.07)
    skin = make("ceramic", color)
    add(lathe(body), skin, sharp=60)
    add(
        lathe(curve([(1.02, 0.84), (1.03, 0.88), (0.85, 0.98), (0.5, 1.1), (0, 1.14)], 8)),
        skin,
        sharp=60,
    )
    add(
        lathe(curve([(0.06, 1.12), (0.06, 1.18), (0.17, 1.24), (0.15, 1.3), (0, 1.32)], 8)),
        metal(knob),
        sharp=60,
    )
    for side in (-1, 1):
        ear = curve(
            [
                (side * 0.95, -0.28, 0.66),
                (side * 1.2, -0.24, 0.7),
                (side * 1.27, 0, 0.71),
                (side * 1.2, 0.24, 0.7),
                (side * 0.95, 0.28, 0.66),
            ],
            8,
        )
        add(tube(ear, 0.065), skin)
    add(
        lathe(fillet([(0.97, 0.8), (1.03, 0.8), (1.03, 0.84), (0.97, 0.84)], 0.01)),
        enamel("#1b1b1d"),
    )


@builder("board")
def board(tone: str = "walnut", shape: str = "paddle") -> None:
    """A serving board with a handle, leaning towards the camera."""
    outline = [
        (-0.62, -1.0),
        (0.62, -1.0),
        (0.62, 0.45),
        (0.16, 0.6),
        (0.14, 1.05),
        (-0.14, 1.05),
        (-0.16, 0.6),
        (-0.62, 0.45),
    ]
    plate = slab(fillet(outline, 0.16, 8, closed=True), 0.1)
    tilt = (74, 0, 0)
    add(plate, wood(tone, grain="Y"), bevel=0.025, at=(0, 0, 1.0), turn=tilt)
    hole = moved(lathe([(0, 0.104), (0.05, 0.104)], 32), (0, 0.9, 0))
    add(moved(hole, (0, 0, 1.0), turn=tilt), plain(linear("#2a211b")))
    if shape == "set":
        second = slab(
            fillet([(-0.5, -0.8), (0.5, -0.8), (0.5, 0.8), (-0.5, 0.8)], 0.2, 8, closed=True), 0.09
        )
        add(second, wood("ash", grain="Y"), bevel=0.025, at=(0.42, -0.3, 0.76), turn=(70, 0, -6))
