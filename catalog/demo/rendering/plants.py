"""Potted plants."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

import math

import numpy as np

from .geometry import (
    MeshData,
    curve,
    fillet,
    grid,
    lathe,
    merged,
    moved,
    superellipsoid,
    tube,
)
from .materials import (
    Pattern,
    leaf,
    make,
    plain,
    plastic,
    soil,
    wood,
)
from .nodes import linear
from .registry import builder
from .studio import add
from .tableware import vessel


def blade(path: np.ndarray, width: float, fold: float = 0.25) -> MeshData:
    """A leaf along a path (n, 3): widest in the middle, folded along its rib."""
    side = np.cross(path[-1] - path[0], [0.0, 0.0, 1.0])
    length = np.linalg.norm(side)
    side = side / length if length > 1e-6 else np.array([1.0, 0.0, 0.0])
    t = np.linspace(0, 1, len(path))
    half = width * np.sin(np.pi * np.clip(t * 0.92 + 0.06, 0, 1)) ** 0.8
    rows = []
    for point, w in zip(path, half, strict=True):
        s = np.linspace(-1, 1, 9)[:, None]
        rows.append(point + side * s * w + np.array([0, 0, 1.0]) * np.abs(s) * w * fold)
    return grid(np.array(rows), around=False)


@builder("plant")
def plant(
    pot: str,
    material: str = "stoneware",
    kind: str = "snake",
    green: str = "#3f7a45",
    pattern: Pattern | None = None,
) -> None:
    """A plant in a pot: snake plant, cactus, palm, fig or trailing string."""
    outer = curve(fillet([(0.36, 0), (0.42, 0.03), (0.52, 0.78)], 0.05), 3)
    add(lathe(vessel(outer.tolist(), 0.05)), make(material, pot, pattern), sharp=70)
    add(lathe([(0, 0.68), (0.48, 0.66)]), soil())
    {"snake": _snake, "cactus": _cactus, "palm": _palm, "fig": _fig}[kind](green)


def _snake(green: str) -> None:
    rng, skin = np.random.default_rng(5), leaf(green)
    for k in range(11):
        a, lean = k * 2.4, rng.uniform(0.1, 0.34)
        root = np.array([math.cos(a) * 0.18, math.sin(a) * 0.18, 0.6])
        away = np.array([math.cos(a), math.sin(a), 0.0])
        tip = root + away * lean + np.array([0, 0, rng.uniform(0.8, 1.45)])
        path = curve([root, (root + tip) / 2 - away * 0.05, tip], 10)
        turned = moved(blade(path - root, 0.1), turn=(0, 0, float(rng.uniform(0, 180))))
        add(moved(turned, tuple(root)), skin, thickness=0.015, subdivide=1)


def _cactus(green: str) -> None:
    skin = plastic(green, gloss=0.25)
    for x, y, r, h in ((0, 0, 0.25, 1.0), (0.3, 0.04, 0.13, 0.5), (-0.26, -0.05, 0.12, 0.38)):
        dome = curve(
            [(r * 0.8, 0), (r, h * 0.4), (r * 0.95, h * 0.75), (r * 0.5, h * 0.97), (0.001, h)], 8
        )
        mesh = lathe(dome, 160)
        angles = np.arctan2(mesh.vertices[:, 0], mesh.vertices[:, 1])
        mesh.vertices[:, :2] *= (1 - 0.13 * np.abs(np.cos(angles * 6)))[:, None]
        add(moved(mesh, (x, y, 0.64)), skin, sharp=80)
        spines = []
        for k in range(12):
            a = math.pi / 12 + k * math.pi / 6
            out = np.array([math.sin(a), math.cos(a), 0.0])
            for t in np.linspace(0.15, 0.85, 6):
                root = np.array([x, y, 0.64 + h * t]) + out * r * 0.97
                tip = root + out * 0.07 + np.array([0, 0, 0.03])
                spines.append(tube([root, tip], 0.006, sides=5))
        add(merged(spines), plain(linear("#efe6c8")))
    bloom = moved(superellipsoid((0.16, 0.16, 0.12), 1.0, 24), (0.05, -0.03, 1.66))
    add(bloom, plastic("#e8558a", gloss=0.3))


def _palm(green: str) -> None:
    rng, skin, stalk = np.random.default_rng(8), leaf(green, green), plastic("#6d8a45")
    for k in range(9):
        a, reach = k * 0.7 + rng.uniform(-0.2, 0.2), rng.uniform(0.45, 0.85)
        away = np.array([math.cos(a), math.sin(a), 0.0])
        rib = curve(
            [
                (0, 0, 0.65),
                away * reach * 0.35 + [0, 0, 1.35],
                away * reach + [0, 0, 1.55 + rng.uniform(-0.25, 0.3)],
            ],
            12,
        )
        add(tube(rib, np.linspace(0.018, 0.006, len(rib)), sides=8), stalk)
        across = np.array([-away[1], away[0], 0.0])
        for i in range(7, len(rib) - 1, 2):
            for side in (-1, 1):
                size = 0.34 * math.sin(math.pi * (i / len(rib)) ** 0.8) + 0.08
                tip = rib[i] + across * side * size + away * size * 0.6 - [0, 0, size * 0.3]
                add(blade(curve([rib[i], (rib[i] + tip) / 2 + [0, 0, 0.04], tip], 5), 0.028), skin)


def _fig(green: str) -> None:
    rng, skin = np.random.default_rng(12), leaf(green, "#8fb46a")
    trunk = curve([(0, 0, 0.6), (0.03, 0, 1.0), (-0.02, 0.02, 1.5), (0.02, 0, 1.95)], 10)
    add(tube(trunk, np.linspace(0.045, 0.02, len(trunk))), wood("walnut", grain="Z"))
    for k in range(20):
        a, z = k * 2.4, 1.05 + 0.95 * k / 20
        away = np.array([math.cos(a), math.sin(a), 0.0])
        root = np.array([0, 0, z])
        size = rng.uniform(0.42, 0.6) * (1.15 - 0.35 * k / 20)
        tip = root + away * size + [0, 0, rng.uniform(-0.05, 0.28)]
        path = curve([root + away * 0.08, (root + tip) / 2 + [0, 0, 0.12], tip], 10)
        add(tube([root, root + away * 0.1], 0.012, sides=8), plastic("#6d8a45"))
        add(blade(path, size * 0.34, 0.18), skin, thickness=0.012, subdivide=1)
