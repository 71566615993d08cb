"""Balls, toys and umbrellas."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

import math

import numpy as np

from .geometry import (
    curve,
    fillet,
    grid,
    lathe,
    moved,
    slab,
    superellipsoid,
    tube,
)
from .materials import (
    fabric,
    leather,
    make,
    metal,
    plain,
    plastic,
    rubber,
    wood,
)
from .nodes import linear
from .registry import builder
from .studio import add


def _sphere(u: np.ndarray, v: np.ndarray, radius: float = 1.0) -> np.ndarray:
    return radius * np.column_stack([np.cos(v) * np.cos(u), np.cos(v) * np.sin(u), np.sin(v)])


@builder("ball")
def ball(kind: str, color: str, second: str = "#ffffff") -> None:
    """A basketball, tennis ball, football or beach ball of radius 1."""
    {"basketball": _basketball, "tennis": _tennis, "football": _football, "beach": _beach}[kind](
        color, second
    )


def _basketball(color: str, second: str) -> None:
    add(superellipsoid((2, 2, 2), 1.0, 96), leather(color, scale=55))
    t = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    zero = np.zeros_like(t)
    seams = [_sphere(t, zero), _sphere(zero, t)]
    for side in (0, np.pi):
        bow = np.column_stack([0.62 * np.cos(t), 0.82 * np.sin(t)])
        lift = np.sqrt(np.clip(1 - (bow**2).sum(axis=1), 0.05, 1))
        loop = np.column_stack([bow[:, 0], lift if side else -lift, bow[:, 1]])
        seams.append(loop / np.linalg.norm(loop, axis=1)[:, None])
    for seam in seams:
        turned = seam @ _rotation(20, 25).T
        add(tube(turned * 0.995, 0.018, closed=True, sides=8), rubber(second))


def _rotation(tilt: float, turn: float) -> np.ndarray:
    a, b = np.radians([tilt, turn])
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return x @ z


def _tennis(color: str, second: str) -> None:
    t = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    a, b = 0.75, 0.25
    seam = np.column_stack(
        [
            a * np.cos(t) + b * np.cos(3 * t),
            a * np.sin(t) - b * np.sin(3 * t),
            2 * math.sqrt(a * b) * np.sin(2 * t),
        ]
    )
    places = [
        ((-0.95, 0.3, 1.0), (20, 30)),
        ((0.95, 0.45, 1.0), (-60, 80)),
        ((0.1, -0.95, 1.0), (50, -20)),
    ]
    for place, angles in places:
        add(moved(superellipsoid((2, 2, 2), 1.0, 64), place), make("velvet", color))
        loop = (seam / np.linalg.norm(seam, axis=1)[:, None]) @ _rotation(*angles).T
        add(tube(loop * 0.995 + place, 0.04, closed=True, sides=8), rubber(second))


def _football(color: str, second: str) -> None:
    """The classic 12 pentagons and 20 hexagons, each panel domed onto the sphere."""
    import bmesh
    import bpy

    gold = (1 + 5**0.5) / 2
    work = bmesh.new()
    for i in (-1, 1):
        for j in (-gold, gold):
            for point in ((0, i, j), (i, j, 0), (j, 0, i)):
                work.verts.new(point)
    hull = bmesh.ops.convex_hull(work, input=work.verts)
    faces = [f for f in hull["geom"] if isinstance(f, bmesh.types.BMFace)]
    corners = [[np.array(v.co) for v in f.verts] for f in faces]
    tips = [np.array(v.co) for v in work.verts]
    work.free()
    panels = []
    for a, b, c in corners:
        panels.append(
            (
                second,
                [
                    p * (2 / 3) + q * (1 / 3)
                    for x, y in ((a, b), (b, c), (c, a))
                    for p, q in ((x, y), (y, x))
                ],
            )
        )
    edges = np.linalg.norm(np.array(tips)[:, None] - np.array(tips)[None], axis=2)
    for k, tip in enumerate(tips):
        near = [tips[m] for m in np.flatnonzero((edges[k] > 0.1) & (edges[k] < 2.1))]
        points = [tip * (2 / 3) + other * (1 / 3) for other in near]
        middle = np.mean(points, axis=0)
        first = points[0] - middle
        across = np.cross(middle / np.linalg.norm(middle), first)
        points.sort(key=lambda p: math.atan2((p - middle) @ across, (p - middle) @ first))
        panels.append((color, points))
    assert bpy.context.scene is not None
    skins = {shade: leather(shade, scale=60) for shade in (color, second)}
    for shade, points in panels:
        add(_panel(np.array(points)), skins[shade], sharp=180)


def _panel(points: np.ndarray) -> object:
    """A polygon domed onto the unit sphere with its edge sunk into the seam."""
    middle, rows = points.mean(axis=0), []
    edge = np.vstack(
        [
            np.linspace(p, q, 8, endpoint=False)
            for p, q in zip(points, np.roll(points, -1, axis=0), strict=True)
        ]
    )
    for t in np.linspace(0, 1, 12):
        flat = middle + (edge - middle) * t * 0.985
        radius = 1.0 - 0.03 * max(0.0, (t - 0.8) / 0.2) ** 2.5
        rows.append(flat / np.linalg.norm(flat, axis=1)[:, None] * radius)
    return moved(grid(np.array(rows)), turn=(12, 0, 20))


def _beach(color: str, second: str) -> None:
    for k in range(6):
        u = np.linspace(k, k + 1, 16) * np.pi / 3
        v = np.linspace(-np.pi / 2, np.pi / 2, 48)
        rows = [_sphere(u, np.full(16, angle)) for angle in v]
        gore = moved(grid(np.array(rows), around=False), turn=(38, 18, 0))
        add(gore, plastic(color if k % 2 else second, gloss=0.85), sharp=180)


@builder("dice")
def dice(color: str, pips: str = "#ffffff", matter: str = "plastic") -> None:
    """A pair of dice."""
    faces = {1: [(0, 0)], 2: [(-1, -1), (1, 1)], 3: [(-1, -1), (0, 0), (1, 1)]}
    faces[4] = [(-1, -1), (1, 1), (-1, 1), (1, -1)]
    faces[5] = [*faces[4], (0, 0)]
    faces[6] = [*faces[4], (-1, 0), (1, 0)]
    ink = plain(linear(pips), roughness=0.5)
    for place, turn, (top, front, side) in (
        ((-0.62, 0.2, 0.5), 24, (5, 1, 3)),
        ((0.62, -0.2, 0.5), -32, (6, 4, 2)),
    ):
        add(
            moved(superellipsoid((1, 1, 1), 0.16, 96), place, turn=(0, 0, turn)),
            make(matter, color),
        )
        for value, tilt in (
            (top, (0, 0, 0)),
            (front, (90, 0, 0)),
            (side, (90, 0, 90)),
            (7 - side, (90, 0, -90)),
        ):
            for x, y in faces[value]:
                pip = moved(
                    lathe(curve([(0.085, 0), (0.08, 0.006), (0, 0.008)], 4), 32),
                    (x * 0.25, y * 0.25, 0.499),
                )
                add(moved(moved(pip, turn=tilt), place, turn=(0, 0, turn)), ink)


@builder("blocks")
def blocks(colors: list[str]) -> None:
    """A stacking toy: rings on a peg."""
    add(lathe(fillet([(0, 0), (0.95, 0), (0.95, 0.14), (0, 0.14)], 0.05)), wood("ash"), sharp=50)
    z = 0.14
    for k, color in enumerate(colors):
        r = 0.9 - k * 0.11
        rim = curve(
            [(0.2, z), (r * 0.85, z), (r, z + 0.15), (r * 0.85, z + 0.3), (0.2, z + 0.3)], 8
        )
        add(lathe([*rim, (0.2, z)]), plastic(color, gloss=0.55), sharp=60)
        z += 0.3
    add(tube([(0, 0, 0.1), (0, 0, z + 0.05)], 0.1), wood("ash", grain="Z"))
    add(
        moved(superellipsoid((0.42, 0.42, 0.42), 1.0), (0, 0, z + 0.2)),
        plastic("#e8554a", gloss=0.55),
    )


@builder("toy_car")
def toy_car(color: str, roof: str = "#f4efe4") -> None:
    """A chunky wooden car."""
    side = fillet(
        [
            (-1.05, 0.2),
            (1.05, 0.2),
            (1.05, 0.62),
            (0.62, 0.68),
            (0.35, 1.08),
            (-0.5, 1.08),
            (-0.72, 0.7),
            (-1.05, 0.64),
        ],
        0.13,
        8,
        closed=True,
    )
    body = moved(slab(side, 0.86), (0, 0.43, 0), turn=(90, 0, 0))
    add(body, plastic(color, gloss=0.5), bevel=0.06)
    window = fillet([(-0.55, 0.72), (0.47, 0.72), (0.29, 0.98), (-0.43, 0.98)], 0.06, closed=True)
    for y in (-0.432, 0.436):
        add(
            moved(slab(window, 0.004), (0, y, 0), turn=(90, 0, 0)),
            plain(linear(roof), roughness=0.4),
        )
    for x in (-0.6, 0.6):
        for y in (-0.47, 0.47):
            wheel = fillet([(0, -0.09), (0.26, -0.09), (0.28, 0), (0.26, 0.09), (0, 0.09)], 0.03)
            add(moved(lathe(wheel), (x, y, 0.28), turn=(90, 0, 0)), wood("walnut"), sharp=50)
            hub = moved(
                lathe(fillet([(0, -0.11), (0.09, -0.11), (0.09, 0.11), (0, 0.11)], 0.02)),
                (x, y, 0.28),
                turn=(90, 0, 0),
            )
            add(hub, wood("ash"))


@builder("umbrella")
def umbrella(color: str, handle: str = "walnut", second: str | None = None) -> None:
    """An open umbrella lying on its rim, handle to the side."""
    panels, rows = 8, 20
    tilt = (0, -62, 0)
    shift = (0, 0, 0.0)
    for k in range(panels):
        s = np.linspace(-1, 1, 13)
        u = (k + 0.5 + s / 2) * 2 * np.pi / panels
        lines = []
        for t in np.linspace(0.015, 1, rows):
            sag = 1 - 0.07 * (1 - s**2) * t
            r = math.sin(t * 1.16) * sag
            z = math.cos(t * 1.16) * 0.85 - 0.04 * (1 - s**2) * t
            lines.append(np.column_stack([r * np.cos(u), r * np.sin(u), z]))
        skin = fabric(second if second and k % 2 else color, weave=80, fuzz=0.1)
        add(
            moved(grid(np.array(lines), around=False), shift, turn=tilt),
            skin,
            thickness=0.006,
            sharp=180,
        )
        a = k * 2 * np.pi / panels
        rib = [
            (
                math.sin(t * 1.16) * math.cos(a) * 0.995,
                math.sin(t * 1.16) * math.sin(a) * 0.995,
                math.cos(t * 1.16) * 0.85 - 0.012,
            )
            for t in np.linspace(0.02, 1.03, 20)
        ]
        add(moved(tube(rib, 0.009, sides=8), shift, turn=tilt), metal())
    add(moved(tube([(0, 0, -0.95), (0, 0, 1.0)], 0.02), shift, turn=tilt), metal("#3a3a3e"))
    crook = curve(
        [(0, 0, -0.85), (0, 0, -1.2), (0.1, 0, -1.36), (0.24, 0, -1.34), (0.28, 0, -1.2)], 8
    )
    add(
        moved(tube(crook, 0.045), shift, turn=tilt),
        wood(handle) if not handle.startswith("#") else plastic(handle),
    )
