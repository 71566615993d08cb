"""Cloth: flat panels filled out between their seams, wrinkled and sewn together."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

from itertools import pairwise

import bpy
import numpy as np

from .geometry import (
    Floats,
    MeshData,
    curve,
    moved,
    noise,
)
from .studio import add

Line = list[tuple[float, float]]


def smooth_outline(parts: list[Line]) -> tuple[Floats, list[Floats]]:
    """The closed outline of several smooth pieces, and the pieces."""
    pieces = [curve(part, 12) for part in parts]
    return np.vstack([piece[:-1] for piece in pieces]), pieces


def mirrored(right: list[Line]) -> list[Line]:
    """The pieces of the right half (neck to hem) followed by those of the left (hem to neck)."""
    return [*right, *[[(-x, y) for x, y in part[::-1]] for part in right[::-1]]]


def distance(points: Floats, lines: list[Floats]) -> Floats:
    """How far each point (n, 2) is from the nearest of the polylines."""
    best = np.full(len(points), np.inf)
    for line in lines:
        for a, b in pairwise(line):
            way = b - a
            t = np.clip(((points - a) @ way) / max(way @ way, 1e-12), 0, 1)
            best = np.minimum(best, np.linalg.norm(points - a - t[:, None] * way, axis=1))
    return best


def panel(outline: Floats, spacing: float = 0.028) -> tuple[Floats, list[tuple[int, ...]]]:
    """The inside of an outline as points (n, 2) and triangles."""
    from mathutils.geometry import delaunay_2d_cdt

    closed = np.vstack([outline, outline[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    place = np.concatenate([[0], np.cumsum(steps)])
    even = np.linspace(0, place[-1], int(place[-1] / spacing), endpoint=False)
    edge = np.column_stack([np.interp(even, place, closed[:, k]) for k in (0, 1)])
    low, high = edge.min(axis=0), edge.max(axis=0)
    xs, ys = np.arange(low[0], high[0], spacing), np.arange(low[1], high[1], spacing * 0.87)
    rows = [
        np.column_stack([xs + (k % 2) * spacing / 2, np.full(len(xs), y)]) for k, y in enumerate(ys)
    ]
    inner = np.vstack(rows)
    inner = inner[_inside(inner, edge)]
    inner = inner[distance(inner, [np.vstack([edge, edge[:1]])]) > spacing * 0.6]
    count = len(edge)
    ring = [(i, (i + 1) % count) for i in range(count)]
    verts, _, faces, *_ = delaunay_2d_cdt(np.vstack([edge, inner]).tolist(), ring, [], 1, 1e-6)
    return np.array([tuple(v) for v in verts]), [tuple(face) for face in faces]


def _inside(points: Floats, outline: Floats) -> np.ndarray:
    hits = np.zeros(len(points), dtype=bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        spans = (points[:, 1] < y0) != (points[:, 1] < y1)
        cut = x0 + (points[:, 1] - y0) / (y1 - y0) * (x1 - x0)
        hits ^= spans & (points[:, 0] < cut)
    return hits


def cloth(
    outline: Floats,
    seams: list[Floats],
    *,
    height: float,
    drape: float = 0.0,
    seed: int = 1,
    folds: int = 7,
) -> MeshData:
    """One side of a garment lying flat: full away from its seams, wrinkled, open at its hems."""
    points, faces = panel(outline)
    away = distance(points, seams)
    t = 1 - np.clip(away / 0.34, 0, 1)
    z = height * np.sqrt(np.clip(1 - t**2, 0, 1))
    x, y = points.T
    soft = np.clip(away / 0.15, 0, 1)
    warp = noise(x * 1.3 + 5, y * 1.3, seed) * 0.9
    wrinkle = 0.036 * noise(x * 5.5 + y * 2 + warp, y * 2.0 + warp, seed + 1)
    wrinkle += 0.016 * noise(x * 11 + warp * 2, y * 6 - x * 3, seed + 2)
    low, high = y.min(), y.max()
    down = np.clip((high - y) / (high - low), 0, 1) ** 1.4
    half = np.interp(
        y,
        np.linspace(low, high, 40),
        [
            np.abs(x[np.abs(y - level) < 0.08]).max(initial=0.1)
            for level in np.linspace(low, high, 40)
        ],
    )
    pleats = drape * down * np.cos(x / half * folds * 1.57 + warp * 1.3)
    return MeshData(np.column_stack([points, z + soft * (wrinkle + pleats)]), faces)


def garment(
    right: list[Line],
    openings: set[int],
    skin: bpy.types.Material,
    *,
    back_neck: Line,
    height: float = 0.12,
    drape: float = 0.0,
    folds: int = 7,
    seed: int = 1,
) -> Floats:
    """Front and back of a garment from the pieces of its right half; returns the neck's curve.

    `openings` are the indices of the pieces that are hems. The first piece is the neckline (or
    the waist), which the back has higher: `back_neck`.
    """
    parts = mirrored(right)
    outline, pieces = smooth_outline(parts)
    count = len(right)
    open_ones = openings | {2 * count - 1 - i for i in openings}
    seams = [piece for i, piece in enumerate(pieces) if i not in open_ones]
    front = cloth(outline, seams, height=height, drape=drape, folds=folds, seed=seed)
    add(front, skin, thickness=0.014, sharp=180, subdivide=1)
    back_outline, back_pieces = smooth_outline(mirrored([back_neck, *right[1:]]))
    back_seams = [piece for i, piece in enumerate(back_pieces) if i not in open_ones]
    back = cloth(back_outline, back_seams, height=0.03, seed=seed + 7)
    add(moved(back, scale=(0.997, 0.997, -0.6)), skin, thickness=0.014, sharp=180)
    front_neck = np.vstack([pieces[-1][:-1], pieces[0]])
    lift = height * np.clip(distance(front_neck, seams) / 0.3, 0, 1) ** 0.5 + 0.01
    collar = np.column_stack([front_neck, lift])
    high_neck = np.vstack([back_pieces[-1][:-1], back_pieces[0]])
    low = np.column_stack([high_neck, np.full(len(high_neck), 0.0)])
    return np.vstack([collar, low[::-1][1:-1]])
