"""Shapes as plain arrays: what a thing looks like before Blender knows about it.

A builder works in its own units with the largest side near 2; the camera fits what it sees.
"""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeshData:
    """Vertices (n, 3), faces as index tuples, and one (u, v) for every corner of every face."""

    vertices: Floats
    faces: list[tuple[int, ...]]
    uvs: Floats | None = None


def fillet(points: ArrayLike, radius: float, steps: int = 5, *, closed: bool = False) -> Floats:
    """The polyline (n, 2) with its corners rounded; short sides get a smaller radius."""
    corners = np.asarray(points, dtype=float)
    count = len(corners)
    rounded: list[Floats] = []
    for i, corner in enumerate(corners):
        if not closed and i in (0, count - 1):
            rounded.append(corner)
            continue
        before, after = corners[i - 1] - corner, corners[(i + 1) % count] - corner
        reach = min(radius, 0.45 * np.linalg.norm(before), 0.45 * np.linalg.norm(after))
        start = corner + before / np.linalg.norm(before) * reach
        end = corner + after / np.linalg.norm(after) * reach
        rounded += [
            (1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end
            for t in np.linspace(0, 1, steps)
        ]
    return np.array(rounded)


def curve(points: ArrayLike, steps: int = 8, *, closed: bool = False) -> Floats:
    """A Catmull-Rom curve through the points (n, 2 or 3)."""
    knots = np.asarray(points, dtype=float)
    if closed:
        padded = np.vstack([knots[-1:], knots, knots[:2]])
    else:
        padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    samples = np.vstack(pieces)
    return samples if closed else np.vstack([samples, knots[-1:]])


def grid(
    points: Floats, *, around: bool = True, along: bool = False, uv: tuple[float, float] = (1, 1)
) -> MeshData:
    """A skin over points (rows, columns, 3); `around` joins the columns, `along` the rows."""
    rows, columns = points.shape[:2]
    faces, uvs = [], []
    for i in range(rows if along else rows - 1):
        k = (i + 1) % rows
        for j in range(columns if around else columns - 1):
            m = (j + 1) % columns
            faces.append((i * columns + j, i * columns + m, k * columns + m, k * columns + j))
            u0, u1 = j / columns * uv[0], (j + 1) / columns * uv[0]
            v0, v1 = i / max(rows - 1, 1) * uv[1], (i + 1) / max(rows - 1, 1) * uv[1]
            uvs += [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
    return MeshData(points.reshape(-1, 3), faces, np.array(uvs))


def lathe(profile: ArrayLike, segments: int = 96) -> MeshData:
    """The profile of (radius, height) turned about the z axis.

    u runs once around, v is height in units of the widest circumference, so that a pattern
    repeated a whole number of times is seamless and square where the thing is widest.
    """
    line = np.asarray(profile, dtype=float)
    angles = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    points = np.empty((len(line), segments, 3))
    points[..., 0] = line[:, :1] * np.sin(angles)
    points[..., 1] = -line[:, :1] * np.cos(angles)
    points[..., 2] = line[:, 1:]
    mesh = grid(points)
    heights = mesh.vertices[[index for face in mesh.faces for index in face], 2]
    uvs = np.column_stack([mesh.uvs[:, 0], heights / (2 * np.pi * line[:, 0].max())])  # type: ignore[index]
    return MeshData(mesh.vertices, mesh.faces, uvs)


def loft(rings: Sequence[ArrayLike], *, capped: bool = True) -> MeshData:
    """A skin over closed rings, each (n, 3); `capped` closes both ends."""
    points = np.array([np.asarray(ring, dtype=float) for ring in rings])
    if capped:
        first = np.broadcast_to(points[0].mean(axis=0), points[0].shape)
        last = np.broadcast_to(points[-1].mean(axis=0), points[-1].shape)
        points = np.concatenate([first[None], points, last[None]])
    return grid(points)


def ring(
    width: float, depth: float, *, power: float = 2.0, count: int = 64, z: float = 0.0
) -> Floats:
    """A superellipse of full width and depth at height z, (count, 3)."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    cos, sin = np.cos(angles), np.sin(angles)
    x = np.sign(cos) * np.abs(cos) ** (2 / power) * width / 2
    y = np.sign(sin) * np.abs(sin) ** (2 / power) * depth / 2
    return np.column_stack([x, y, np.full(count, z)])


def tube(
    path: ArrayLike,
    radius: float | ArrayLike,
    *,
    sides: int = 16,
    closed: bool = False,
    flat: float = 1.0,
) -> MeshData:
    """A round bar along the path (n, 3), with rounded ends unless closed.

    `radius` may vary along the path; `flat` below 1 squeezes the bar into a band.
    """
    line = np.asarray(path, dtype=float)
    radii = np.broadcast_to(np.asarray(radius, dtype=float), (len(line),)).copy()
    if not closed:
        tangent0, tangent1 = _unit(line[0] - line[1]), _unit(line[-1] - line[-2])
        bulge = np.linspace(0, np.pi / 2, 6)
        head = line[0] + tangent0 * (radii[0] * np.cos(bulge[:-1, None]))
        tail = line[-1] + tangent1 * (radii[-1] * np.sin(bulge[1:, None]))
        radii = np.concatenate(
            [radii[0] * np.sin(bulge[:-1]), radii, radii[-1] * np.cos(bulge[1:])]
        )
        line = np.vstack([head, line, tail])
    before, after = (np.roll(line, 1, axis=0), np.roll(line, -1, axis=0))
    if not closed:
        before[0], after[-1] = line[0], line[-1]
    tangents = np.array([_unit(row) for row in after - before])
    normal = _unit(
        np.cross(tangents[0], [0.137, 0.21, 0.97] if abs(tangents[0][2]) < 0.9 else [0, 1, 0.1])
    )
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    points = np.empty((len(line), sides, 3))
    for i, tangent in enumerate(tangents):
        normal = _unit(normal - tangent * (normal @ tangent))
        side = np.cross(tangent, normal)
        circle = np.outer(np.cos(angles), normal) * flat + np.outer(np.sin(angles), side)
        points[i] = line[i] + circle * radii[i]
    return grid(points, along=closed)


def superellipsoid(
    size: tuple[float, float, float], roundness: float = 0.4, segments: int = 64
) -> MeshData:
    """A soft block of the full size; roundness 1 is an ellipsoid, near 0 a box."""
    a, b, c = (side / 2 for side in size)

    def bend(value: Floats) -> Floats:
        return np.sign(value) * np.abs(value) ** roundness

    v = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)[:, None]
    u = np.linspace(-np.pi, np.pi, segments, endpoint=False)[None]
    points = np.stack(
        [
            a * bend(np.cos(v)) * bend(np.cos(u)),
            b * bend(np.cos(v)) * bend(np.sin(u)),
            c * bend(np.sin(v)) * np.ones_like(u),
        ],
        axis=-1,
    )
    return grid(points)


def pad(
    size: tuple[float, float, float], *, pinch: float = 0.8, rise: float = 0.6, count: int = 60
) -> MeshData:
    """A stuffed cushion lying flat: thin seams and drawn-in sides, full in the middle."""
    t = np.linspace(-1, 1, count)
    t = np.sign(t) * (1 - (1 - np.abs(t)) ** 1.5)
    u, v = np.meshgrid(t, t)
    full = np.clip((1 - u**2) * (1 - v**2), 0, 1) ** rise
    x = u * (1 - pinch * 0.12 * (1 - v**2)) * size[0] / 2
    y = v * (1 - pinch * 0.12 * (1 - u**2)) * size[1] / 2
    creases = noise(u * 2.2, v * 2.2, seed=3) * 0.16 + noise(u * 6, v * 6, seed=9) * 0.05
    corner = np.hypot(1 - np.abs(u), 1 - np.abs(v))
    fan = np.sin(np.arctan2(1 - np.abs(v), 1 - np.abs(u)) * 14)
    gathers = 0.05 * fan * np.exp(-(((corner - 0.35) / 0.22) ** 2)) * np.sqrt(full)
    z = (full * (1 + creases) + gathers) * size[2] / 2
    top = np.stack([x, y, z], axis=-1)
    bottom = np.stack([x, y, -z], axis=-1)[:, ::-1]
    upper, lower = grid(top, around=False), grid(bottom, around=False)
    return merged([upper, lower])


def box(size: tuple[float, float, float]) -> MeshData:
    """A plain block centred on the origin."""
    x, y, z = (side / 2 for side in size)
    corners = [(i, j, k) for k in (-z, z) for j in (-y, y) for i in (-x, x)]
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return MeshData(np.array(corners), faces)


def slab(outline: ArrayLike, thickness: float) -> MeshData:
    """A flat plate with the outline (n, 2) in x and y, from z 0 to the thickness."""
    line = np.asarray(outline, dtype=float)
    count = len(line)
    low = np.column_stack([line, np.zeros(count)])
    high = np.column_stack([line, np.full(count, thickness)])
    order = tuple(range(count))
    if np.cross(np.roll(line, -1, axis=0) - line, line - line.mean(axis=0)).sum() > 0:
        order = order[::-1]
    sides = [
        (a, b, b + count, a + count) for a, b in zip(order, order[1:] + order[:1], strict=True)
    ]
    top = tuple(i + count for i in order)
    return MeshData(np.vstack([low, high]), [order[::-1], top, *sides])


def rounded_rectangle(width: float, height: float, radius: float) -> Floats:
    """The outline of a card, (n, 2)."""
    x, y = width / 2, height / 2
    return fillet([(-x, -y), (x, -y), (x, y), (-x, y)], radius, steps=7, closed=True)


def merged(parts: Sequence[MeshData]) -> MeshData:
    """Several meshes as one."""
    faces: list[tuple[int, ...]] = []
    start = 0
    for part in parts:
        faces += [tuple(i + start for i in face) for face in part.faces]
        start += len(part.vertices)
    uvs = [part.uvs for part in parts if part.uvs is not None]
    return MeshData(
        np.vstack([part.vertices for part in parts]),
        faces,
        np.vstack(uvs) if len(uvs) == len(parts) else None,
    )


def moved(
    mesh: MeshData,
    by: tuple[float, float, float] = (0, 0, 0),
    *,
    turn: tuple[float, float, float] = (0, 0, 0),
    scale: float | tuple[float, float, float] = 1.0,
) -> MeshData:
    """The mesh scaled, turned by degrees about x, then y, then z, and moved."""
    points = mesh.vertices * np.asarray(scale, dtype=float)
    for axis, degrees in enumerate(turn):
        a, b = [(1, 2), (2, 0), (0, 1)][axis]
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        first, second = points[:, a].copy(), points[:, b].copy()
        points[:, a], points[:, b] = cos * first - sin * second, sin * first + cos * second
    return MeshData(points + np.asarray(by, dtype=float), mesh.faces, mesh.uvs)


def bent(mesh: MeshData, change: Callable[[Floats], Floats]) -> MeshData:
    """The mesh with every vertex (n, 3) sent through `change`."""
    return MeshData(change(mesh.vertices.copy()), mesh.faces, mesh.uvs)


def noise(x: Floats, y: Floats, seed: int = 0) -> Floats:
    """Smooth value noise between -1 and 1, one lattice cell a unit."""
    lattice = np.random.default_rng(seed).uniform(-1, 1, (64, 64))
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    s, t = x - i, y - j
    s, t = s * s * (3 - 2 * s), t * t * (3 - 2 * t)

    def corner(di: int, dj: int) -> Floats:
        return lattice[(i + di) % 64, (j + dj) % 64]

    low = corner(0, 0) * (1 - s) + corner(1, 0) * s
    high = corner(0, 1) * (1 - s) + corner(1, 1) * s
    return low * (1 - t) + high * t


def _unit(vector: Floats) -> Floats:
    length = np.linalg.norm(vector)
    return vector / length if length else vector
