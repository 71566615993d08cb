"""Clothes laid flat and photographed from above."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

import bpy
import numpy as np

from .cloth import Line, garment, panel
from .geometry import (
    MeshData,
    curve,
    fillet,
    grid,
    lathe,
    moved,
    noise,
    tube,
)
from .materials import Pattern, fabric, knit, leather, make
from .registry import builder
from .studio import add


def _tee_half(
    sleeve: float, length: float = 1.95, wide: float = 0.56, neck: float = 0.24
) -> list[Line]:
    """Neck, shoulder with sleeve top, cuff, underarm, side, hem."""
    tip, under = (
        ((0.94, 0.34), (0.72, 0.22)) if sleeve < 0.5 else ((1.02 + 0.06, -0.82), (0.86, -0.88))
    )
    armpit = (wide - 0.02, 0.44)
    mid = ((0.56 + tip[0]) / 2 + 0.035, (0.86 + tip[1]) / 2 + 0.015)
    hem = 1.0 - length
    return [
        [(0.0, 0.76), (neck * 0.66, 0.81), (neck, 1.0)],
        [(neck, 1.0), (0.56, 0.87), mid, tip],
        [tip, under],
        [under, ((under[0] + armpit[0]) / 2 - 0.01, (under[1] + armpit[1]) / 2), armpit],
        [armpit, (wide - 0.02, 0.1), (wide, -0.5), (wide + 0.02, hem + 0.02)],
        [(wide + 0.02, hem + 0.02), (wide * 0.5, hem - 0.01), (0.0, hem - 0.015)],
    ]


@builder("tshirt")
def tshirt(
    *,
    color: str,
    pattern: Pattern | None = None,
    trim: str | None = None,
    long: bool = False,
    pocket: bool = False,
) -> None:
    """A jersey tee with a ribbed collar."""
    right = _tee_half(1.0 if long else 0.3)
    skin = fabric(color, pattern, weave=110, fuzz=0.15)
    collar = garment(right, {0, 2, 5}, skin, back_neck=[(0.0, 0.955), (0.14, 0.965), (0.24, 1.0)])
    add(tube(collar, 0.032, closed=True, flat=0.6), fabric(trim or color, weave=110))
    if pocket:
        patch = [(-0.13, 0), (0.13, 0), (0.13, -0.24), (0, -0.31), (-0.13, -0.24)]
        points, faces = panel(np.array(patch))
        z = 0.145 + 0.008 * noise(points[:, 0] * 6, points[:, 1] * 6)
        place = np.column_stack([points + np.array([0.25, 0.42]), z])
        add(MeshData(place, faces), fabric(trim or color, weave=110), thickness=0.02, sharp=180)


@builder("sweater")
def sweater(color: str, pattern: Pattern | None = None, trim: str | None = None) -> None:
    """A knitted pullover with ribbed hems."""
    right = _tee_half(1.0, 1.9, 0.6, 0.25)
    skin = knit(color, pattern)
    collar = garment(
        right, {0, 2, 5}, skin, back_neck=[(0.0, 0.95), (0.14, 0.965), (0.25, 1.0)], height=0.17
    )
    ribbed = knit(trim or color, rib=True, scale=22)
    add(tube(collar, 0.055, closed=True, flat=0.7), ribbed)
    hem_y = 1.0 - 1.9
    waist = np.linspace(-1, 1, 60)
    rows = [
        np.column_stack(
            [
                waist * (0.63 - 0.03 * k / 5),
                np.full(60, hem_y + 0.06 - 0.16 * k / 5),
                0.185 * np.sqrt(np.clip(1 - np.abs(waist) ** 6, 0, 1)),
            ]
        )
        for k in range(6)
    ]
    add(grid(np.array(rows), around=False), ribbed, thickness=0.02, sharp=180)
    for side in (-1, 1):
        ends = np.array([[side * 1.09, -0.8], [side * 0.85, -0.87]])
        way = np.array([side * 0.03, -0.15])
        s = np.linspace(0, 1, 24)[:, None]
        cuff = [
            np.column_stack(
                [
                    ends[0] + (ends[1] - ends[0]) * s + way * k / 4,
                    0.12 * np.sqrt(np.clip(1 - np.abs(2 * s[:, 0] - 1) ** 4, 0, 1)),
                ]
            )
            for k in range(5)
        ]
        add(grid(np.array(cuff), around=False), ribbed, thickness=0.02, sharp=180)


@builder("dress")
def dress(
    color: str,
    pattern: Pattern | None = None,
    sleeves: str = "none",
    flare: float = 0.72,
    length: float = 2.15,
    belt: str | None = None,
) -> None:
    """A waisted dress: sleeveless, short-sleeved or on straps."""
    hem = 1.0 - length
    skirt: list[Line] = [
        [(0.33, 0.18), (0.36, 0.02), (flare * 0.78, hem * 0.55), (flare, hem + 0.04)],
        [(flare, hem + 0.04), (flare * 0.5, hem - 0.03), (0.0, hem - 0.045)],
    ]
    if sleeves == "short":
        top: list[Line] = [
            [(0.0, 0.68), (0.12, 0.74), (0.2, 0.98)],
            [(0.2, 0.98), (0.42, 0.9), (0.62, 0.62)],
            [(0.62, 0.62), (0.46, 0.5)],
            [(0.46, 0.5), (0.42, 0.54), (0.40, 0.5), (0.36, 0.34), (0.33, 0.18)],
        ]
        openings, back = {0, 2, 5}, [(0.0, 0.93), (0.1, 0.945), (0.2, 0.98)]
    else:
        top = [
            [(0.0, 0.62), (0.14, 0.68), (0.21, 0.98)],
            [(0.21, 0.98), (0.31, 0.96)],
            [(0.31, 0.96), (0.29, 0.74), (0.40, 0.52)],
            [(0.40, 0.52), (0.37, 0.36), (0.33, 0.18)],
        ]
        openings, back = {0, 2, 5}, [(0.0, 0.86), (0.13, 0.88), (0.21, 0.98)]
    skin = fabric(color, pattern, weave=120, fuzz=0.1)
    collar = garment(
        [*top, *skirt], openings, skin, back_neck=back, height=0.15, drape=0.075, folds=9, seed=3
    )
    add(tube(collar, 0.014, closed=True), fabric(color, weave=120))
    if belt:
        s = np.linspace(-1, 1, 50)
        rows = [
            np.column_stack(
                [
                    s * 0.345,
                    np.full(50, 0.17 - 0.09 * k / 4) - 0.02 * s**2,
                    0.02 + 0.165 * np.sqrt(np.clip(1 - s**6, 0, 1)),
                ]
            )
            for k in range(5)
        ]
        add(grid(np.array(rows), around=False), leather(belt), thickness=0.02, sharp=180)


@builder("trousers")
def trousers(*, color: str, short: bool = False, stitch: str | None = None) -> None:
    """Trousers or shorts with a waistband."""
    hem, wide, inner = (0.05, 0.62, 0.1) if short else (-1.1, 0.52, 0.22)
    outside = [(0.57, 0.3)] if short else [(0.54, 0.1)]
    right: list[Line] = [
        [(0.0, 0.94), (0.2, 0.945), (0.4, 0.97)],
        [(0.4, 0.97), (0.5, 0.6), *outside, (wide, hem + 0.01)],
        [(wide, hem + 0.01), ((wide + inner) / 2, hem - 0.015), (inner, hem)],
        [(inner, hem), (0.06 if short else 0.13, 0.15), (0.015, 0.36), (0.0, 0.37)],
    ]
    skin, thread = fabric(color, weave=90, fuzz=0.1), fabric(stitch or color, weave=90)
    back = [(0.0, 0.985), (0.2, 0.985), (0.4, 0.97)]
    garment(right, {0, 2}, skin, back_neck=back, drape=0.01, folds=3, seed=5)
    _waistband(0.405, 0.95, skin)
    disc = lathe(fillet([(0, 0), (0.03, 0), (0.03, 0.02), (0, 0.02)], 0.008), 32)
    add(moved(disc, (0.02, 0.9, 0.15)), make("metal", "#b08a4a"))
    fly = curve([(0.0, 0.84), (0.0, 0.6), (-0.02, 0.42)], 10)
    add(tube(np.column_stack([fly, np.full(len(fly), 0.128)]), 0.008, sides=8), thread)
    for side in (-1, 1):
        path = curve([(side * 0.24, 0.85), (side * 0.31, 0.68), (side * 0.47, 0.6)], 10)
        seam = np.column_stack([path, np.linspace(0.14, 0.075, len(path))])
        add(tube(seam, 0.01, sides=8), thread)


def _waistband(half: float, level: float, skin: bpy.types.Material) -> None:
    s = np.linspace(-1, 1, 60)
    rise = 0.03 + 0.11 * np.sqrt(np.clip(1 - s**4, 0, 1))
    rows = [
        np.column_stack([s * (half + 0.003 * k), level + 0.02 * s**2 - 0.025 * k, rise])
        for k in range(5)
    ]
    add(grid(np.array(rows), around=False), skin, thickness=0.02, sharp=180)


@builder("skirt")
def skirt(color: str) -> None:
    """A pleated midi skirt."""
    right: list[Line] = [
        [(0.0, 0.9), (0.18, 0.905), (0.36, 0.93)],
        [(0.36, 0.93), (0.5, 0.5), (0.72, -0.2), (0.88, -0.9)],
        [(0.88, -0.9), (0.45, -0.98), (0.0, -1.0)],
    ]
    skin = fabric(color, weave=120, fuzz=0.1)
    back = [(0.0, 0.945), (0.18, 0.945), (0.36, 0.93)]
    garment(right, {0, 2}, skin, back_neck=back, drape=0.06, folds=15, seed=4)
    _waistband(0.365, 0.925, skin)
