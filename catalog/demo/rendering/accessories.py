"""Hats, scarves and boots."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

import numpy as np

from .geometry import (
    Floats,
    bent,
    curve,
    fillet,
    grid,
    lathe,
    moved,
    noise,
    superellipsoid,
    tube,
)
from .materials import Pattern, fabric, leather, make, rubber
from .registry import builder
from .studio import add


@builder("beanie")
def beanie(color: str, pompon: str | None = None, trim: str | None = None) -> None:
    """A knitted hat with a turned-up brim."""
    dome = curve(
        [(0.93, 0.35), (0.97, 0.7), (0.9, 1.1), (0.62, 1.5), (0.2, 1.68), (0.001, 1.7)], 16
    )
    mesh = lathe(dome, 320)
    angles = np.arctan2(mesh.vertices[:, 0], mesh.vertices[:, 1])
    mesh.vertices[:, :2] *= (1 + 0.018 * np.cos(angles * 40))[:, None]
    add(mesh, fabric(color, weave=60), sharp=180)
    brim = lathe(
        fillet(
            [(0.9, 0.02), (0.99, 0), (1.05, 0.06), (1.06, 0.46), (1.0, 0.52), (0.93, 0.5)], 0.05, 8
        ),
        320,
    )
    angles = np.arctan2(brim.vertices[:, 0], brim.vertices[:, 1])
    brim.vertices[:, :2] *= (1 + 0.016 * np.cos(angles * 48))[:, None]
    add(brim, fabric(trim or color, weave=60), sharp=180)
    if pompon:
        ball = superellipsoid((0.72, 0.72, 0.66), 1.0, 160)
        rng = np.random.default_rng(1)
        ball.vertices[:] *= rng.uniform(0.86, 1.1, (len(ball.vertices), 1))
        add(moved(ball, (0, 0, 1.92)), fabric(pompon, weave=200, fuzz=0.6), sharp=180)


@builder("hat")
def hat(color: str, band: str, material: str = "fabric") -> None:
    """A wide-brimmed felt or straw hat."""
    line = curve(
        [
            (1.2, 0.09),
            (0.95, 0.02),
            (0.62, 0.03),
            (0.55, 0.09),
            (0.52, 0.35),
            (0.46, 0.6),
            (0.3, 0.68),
            (0.12, 0.6),
            (0.001, 0.57),
        ],
        10,
    )

    def shape(points: Floats) -> Floats:
        points[:, 0] *= 0.92
        edge = np.clip((np.hypot(points[:, 0], points[:, 1]) - 0.6) / 0.6, 0, 1)
        points[:, 2] += 0.09 * edge**2 * np.cos(2 * np.arctan2(points[:, 1], points[:, 0]))
        pinch = np.clip((points[:, 2] - 0.35) / 0.3, 0, 1) * np.exp(-((points[:, 0] / 0.2) ** 2))
        points[:, 2] -= 0.1 * pinch * (points[:, 1] < 0.1)
        return points

    skin = (
        make(material, color)
        if material != "straw"
        else fabric(
            color, {"kind": "checks", "color": "#a9834b", "scale": 26, "space": "UV"}, weave=60
        )
    )
    add(bent(lathe(line, 160), shape), skin, thickness=0.025, sharp=180)
    ribbon = bent(
        lathe(fillet([(0.555, 0.1), (0.572, 0.11), (0.545, 0.28), (0.53, 0.28)], 0.01), 160), shape
    )
    add(ribbon, fabric(band, weave=90))


@builder("scarf")
def scarf(color: str, pattern: Pattern | None = None, fringe: str | None = None) -> None:
    """A scarf folded in half lengthwise with its fringe towards the camera."""
    skin = fabric(color, pattern, weave=60)
    for k, (x, z) in enumerate(((-0.2, 0.06), (0.24, 0.13))):
        s, t = np.meshgrid(np.linspace(-0.42, 0.42, 40), np.linspace(-0.85, 1.0, 90))
        lift = (
            z
            + 0.03 * noise(s * 4 + k * 9, t * 2, seed=k)
            + 0.04 * np.exp(-(((t - 1.0) / 0.05) ** 2))
        )
        points = np.stack([s, t, lift], axis=-1)
        add(grid(points, around=False), skin, thickness=0.045, sharp=180, at=(x, 0, 0))
        rng = np.random.default_rng(k)
        for place in np.linspace(-0.41, 0.41, 26):
            tip = (place + rng.uniform(-0.03, 0.03), -1.1 + rng.uniform(-0.03, 0.03), 0.03)
            add(
                tube([(place, -0.84, z), (place, -0.95, z), tip], 0.014, sides=8),
                fabric(fringe or color),
                at=(x, 0, 0),
            )


@builder("boots")
def boots(color: str, sole: str = "#2b2b2e", material: str = "rubber", height: float = 1.5) -> None:
    """A pair of pull-on boots: wellingtons in rubber, Chelsea boots in leather."""
    skin = rubber(color) if material == "rubber" else leather(color, scale=110)
    for side in (-1, 1):
        place, turn = (side * 0.44, 0.12 * side, 0.0), (0.0, 0.0, side * 4.0)
        rows = []
        for t in np.linspace(0, 1, 40):
            z = 0.1 + (height - 0.1) * t
            toe = np.interp(
                z, [0.1, 0.25, 0.42, 0.56, 0.7, height], [-1.02, -0.98, -0.72, -0.3, -0.16, -0.22]
            )
            heel = np.interp(z, [0.1, 0.4, 0.7, height], [0.36, 0.4, 0.3, 0.4])
            width = np.interp(z, [0.1, 0.25, 0.5, 0.7, height], [0.56, 0.62, 0.5, 0.44, 0.58])
            a = np.linspace(0, 2 * np.pi, 72, endpoint=False)
            y = (toe + heel) / 2 + (heel - toe) / 2 * np.sign(np.sin(a)) * np.abs(np.sin(a)) ** 0.9
            waist = 1 - 0.16 * np.exp(-(((y + 0.1) / 0.22) ** 2)) * (z < 0.5)
            rows.append(np.column_stack([np.cos(a) * width / 2 * waist, y, np.full(72, z)]))
        first = np.broadcast_to(rows[0].mean(axis=0), rows[0].shape)
        shaft = grid(np.array([first, *rows]))
        add(moved(shaft, place, turn=turn), skin, thickness=0.04, sharp=180, subdivide=1)
        base = rows[1] * [1.1, 1.04, 0]
        welt = [
            base,
            base * [1.02, 1.01, 1] + np.array([0, 0, 0.05]),
            base * [1.02, 1.01, 1] + np.array([0, 0, 0.11]),
            base + np.array([0, 0, 0.15]),
        ]
        bottom = np.broadcast_to(base.mean(axis=0), base.shape)
        lid = bottom + np.array([0, 0, 0.15])
        add(moved(grid(np.array([bottom, *welt, lid])), place, turn=turn), rubber(sole), sharp=50)
        rim = rows[-1]
        add(moved(tube(rim, 0.035, closed=True), place, turn=turn), skin)
