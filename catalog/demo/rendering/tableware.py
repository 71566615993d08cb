"""Cups, bowls, bottles and what else stands on a table."""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

import math

import numpy as np

from .geometry import Floats, curve, fillet, grid, lathe, moved, tube
from .materials import Pattern, glass, leather, make, metal, plain, plastic, wood
from .nodes import linear
from .registry import builder
from .studio import add


def vessel(outer: list[tuple[float, float]], wall: float, floor: float = 0.08) -> Floats:
    """The closed profile of a vessel: up the outer line, over the rim, down inside."""
    line = np.asarray(outer, dtype=float)
    inner = line[line[:, 1] > line[0, 1] + floor][::-1].copy()
    inner[:, 0] = np.maximum(inner[:, 0] - wall, 0.01)
    bottom = line[0, 1] + floor
    rim_out, rim_in = line[-1], inner[0]
    middle = (rim_out + rim_in) / 2 + [0, wall * 0.5]
    return np.vstack(
        [[0.0, line[0, 1]], line, middle, inner, [inner[-1, 0] * 0.9, bottom], [0.0, bottom]]
    )


def arc_handle(
    top: tuple[float, float], bottom: tuple[float, float], reach: float, radius: float
) -> Floats:
    """The path of an ear-shaped handle in the x-z plane."""
    (x0, z0), (x1, z1) = top, bottom
    knots = [
        (x0 - radius, 0, z0),
        (x0 + reach * 0.6, 0, z0 + 0.05),
        (max(x0, x1) + reach, 0, z0 * 0.65 + z1 * 0.35),
        (max(x0, x1) + reach * 0.8, 0, z0 * 0.25 + z1 * 0.75),
        (x1 - radius, 0, z1),
    ]
    return curve(knots, 10)


MUGS = {
    "straight": [(0.52, 0), (0.6, 0.03), (0.64, 0.14), (0.64, 1.35)],
    "barrel": [(0.45, 0), (0.55, 0.05), (0.70, 0.45), (0.70, 0.8), (0.60, 1.25)],
    "cup": [(0.32, 0), (0.38, 0.06), (0.62, 0.38), (0.74, 0.85), (0.76, 1.0)],
    "tumbler": [(0.48, 0), (0.54, 0.05), (0.66, 1.5)],
}


@builder("mug")
def mug(
    *,
    color: str,
    material: str = "ceramic",
    shape: str = "straight",
    pattern: Pattern | None = None,
    saucer: str | None = None,
    inside: str | None = None,
    coffee: bool = False,
) -> None:
    """A cup with a handle, if wanted on a saucer or with coffee in it."""
    skin = make(material, color, pattern)
    outer = curve(fillet(MUGS[shape], 0.12), 4)
    top, widest = outer[-1, 1], float(outer[:, 0].max())
    add(lathe(vessel(outer.tolist(), 0.05)), skin, sharp=80)
    if inside:
        lining = [(0.0, 0.085), *[(r - 0.053, z) for r, z in outer if 0.09 < z < top - 0.01]]
        add(lathe(lining), make(material, inside), sharp=80)
    if shape != "tumbler":
        grip = arc_handle(
            (np.interp(top * 0.82, outer[:, 1], outer[:, 0]), top * 0.82),
            (np.interp(top * 0.22, outer[:, 1], outer[:, 0]), top * 0.22),
            0.36,
            0.05,
        )
        add(tube(grip, 0.085, flat=0.75), make(material, color))
    if coffee:
        level = top * 0.86
        radius = float(np.interp(level, outer[:, 1], outer[:, 0])) - 0.045
        add(lathe([(0, level), (radius, level)]), plain(linear("#3a1f10"), roughness=0.12))
    if saucer:
        dish = fillet(
            [(0, -0.1), (0.5, -0.1), (0.56, -0.06), (1.15, 0.08), (1.13, 0.12), (0.5, 0), (0, 0)],
            0.05,
        )
        scale = widest / 0.76
        add(moved(lathe(dish), scale=(scale, scale, 1)), make(material, saucer))


VASES = {
    "bottle": [
        (0.42, 0),
        (0.62, 0.25),
        (0.66, 0.7),
        (0.42, 1.15),
        (0.17, 1.45),
        (0.15, 1.85),
        (0.22, 2.0),
    ],
    "ginger": [
        (0.4, 0),
        (0.55, 0.2),
        (0.78, 0.9),
        (0.72, 1.3),
        (0.4, 1.55),
        (0.36, 1.62),
        (0.42, 1.75),
    ],
    "cylinder": [(0.5, 0), (0.52, 0.1), (0.52, 1.8)],
    "round": [(0.35, 0), (0.7, 0.25), (0.88, 0.7), (0.7, 1.15), (0.32, 1.35), (0.34, 1.5)],
    "flare": [(0.4, 0), (0.32, 0.3), (0.36, 0.9), (0.6, 1.7)],
    "hourglass": [(0.55, 0), (0.5, 0.3), (0.3, 0.85), (0.42, 1.5), (0.5, 1.8)],
}


@builder("vase")
def vase(
    color: str,
    material: str = "ceramic",
    shape: str = "bottle",
    pattern: Pattern | None = None,
    ribs: int = 0,
    stems: str | None = None,
) -> None:
    """A vase, smooth or fluted, if wanted with dried stems."""
    outer = curve(VASES[shape], 10)
    mesh = lathe(vessel(outer.tolist(), 0.05), 192 if ribs else 96)
    if ribs:
        angles = np.arctan2(mesh.vertices[:, 0], -mesh.vertices[:, 1])
        mesh.vertices[:, :2] *= (1 + 0.035 * np.abs(np.cos(angles * ribs / 2)))[:, None]
    add(mesh, make(material, color, pattern), sharp=80)
    if stems:
        _stems(stems, float(outer[-1, 0]), float(outer[-1, 1]))


def _stems(color: str, neck: float, top: float) -> None:
    rng = np.random.default_rng(4)
    stalk, plume = make("rubber", "#b99f6b"), make("velvet", color)
    for k in range(7):
        lean = (k - 3) * 0.11 + rng.uniform(-0.04, 0.04)
        depth = rng.uniform(-0.12, 0.12)
        height = top + rng.uniform(0.75, 1.15)
        tip = (lean * 4.2, depth * 3, height)
        path = curve([(-lean * 0.3 * neck, 0, 0.2), (lean * neck * 2, depth, top), tip], 10)
        add(tube(path, 0.012, sides=8), stalk)
        head = path[-9:]
        add(tube(head, 0.075 * np.sin(np.linspace(0.25, 2.9, len(head))) + 0.01, sides=12), plume)


BOWLS = {
    "deep": [(0.34, 0), (0.4, 0.06), (0.42, 0.08), (0.75, 0.3), (0.98, 0.7), (1.0, 0.82)],
    "low": [(0.4, 0), (0.45, 0.05), (0.8, 0.16), (1.05, 0.4)],
    "plate": [(0.55, 0), (0.6, 0.04), (0.7, 0.06), (1.1, 0.16)],
}


@builder("bowl")
def bowl(
    color: str,
    material: str = "ceramic",
    shape: str = "deep",
    pattern: Pattern | None = None,
    stack: list[str] | None = None,
    fruit: str | None = None,
) -> None:
    """A bowl or plate; `stack` lists the colours of those under it, `fruit` fills it."""
    outer = curve(BOWLS[shape], 6)
    profile = vessel(outer.tolist(), 0.055, 0.07)
    step = {"deep": 0.22, "low": 0.1, "plate": 0.09}[shape]
    under = stack or []
    for level, shade in enumerate([*under, color]):
        skin = make(material, shade, pattern if level == len(under) else None)
        add(moved(lathe(profile), (0, 0, level * step)), skin, sharp=80)
    if fruit:
        rng = np.random.default_rng(2)
        places = [(0.37 * math.cos(a), 0.37 * math.sin(a), 0.62) for a in np.arange(5) * 1.256]
        line = curve([(0, -0.28), (0.2, -0.2), (0.29, 0), (0.2, 0.2), (0.03, 0.28), (0, 0.26)], 8)
        for place in [*places, (0.02, 0.03, 0.98)]:
            tilt = (float(rng.uniform(-70, 70)), float(rng.uniform(-30, 30)), 0.0)
            add(lathe(line), leather(fruit, scale=70), at=place, turn=tilt, sharp=90)


@builder("wine_bottle")
def wine_bottle(color: str, foil: str, label: str, accent: str, shape: str = "bordeaux") -> None:
    """A full bottle with a foil and a label."""
    shoulders = {
        "bordeaux": [(0.37, 1.28), (0.34, 1.42), (0.17, 1.6)],
        "burgundy": [(0.38, 1.05), (0.28, 1.4), (0.17, 1.68)],
    }[shape]
    outline = [(0, 0.06), (0.28, 0), (0.36, 0.02), (0.385, 0.1), (0.385, 0.9), *shoulders]
    outline += [(0.145, 1.75), (0.14, 2.2)]
    body = fillet(outline, 0.12, 7)
    add(lathe([*body, (0, 2.2)]), plastic(color, gloss=0.97), sharp=60)
    add(
        lathe(fillet([(0.152, 1.72), (0.15, 2.16), (0.165, 2.17), (0.165, 2.25), (0, 2.25)], 0.02)),
        metal(foil, rough=0.3),
    )
    arc = np.radians(np.linspace(-78, 78, 40))
    for low, high, shade, lift in (
        (0.3, 0.88, label, 0.002),
        (0.42, 0.5, accent, 0.004),
        (0.68, 0.8, accent, 0.004),
    ):
        spread = arc if shade == label else arc * 0.45
        rows = [
            [((0.385 + lift) * math.sin(a), -(0.385 + lift) * math.cos(a), z) for a in spread]
            for z in (low, high)
        ]
        add(grid(np.array(rows), around=False), plain(linear(shade), roughness=0.8))


@builder("wine_glass")
def wine_glass(
    tint: str = "#ffffff", wine: str | None = None, bowl_width: float = 0.48, height: float = 2.2
) -> None:
    """A stemmed glass, if wanted partly filled."""
    w = bowl_width
    outer = [(0.46, 0.0), (0.46, 0.02), (0.2, 0.06), (0.05, 0.14), (0.04, 0.5), (0.05, 0.95)]
    cup = [(0.22, 1.06), (w * 0.92, 1.32), (w, 1.6), (w * 0.72, height)]
    inner = [(r - 0.022, z + (0.03 if i < 1 else 0)) for i, (r, z) in enumerate(cup)]
    line = [*curve(outer[1:] + cup, 8), *curve([(0, 1.04), *inner], 8)[::-1]]
    add(lathe([(0, 0.05), (0.4, 0.015), outer[0], *line]), glass(tint), sharp=70)
    if wine:
        fill = [p for p in curve([(0, 1.04), *inner], 8) if p[1] < 1.55]
        shape = [(r - 0.003, z) for r, z in fill]
        add(lathe([*shape, (0, shape[-1][1])]), glass(wine, ior=1.34), sharp=40)


@builder("bottle")
def bottle(
    color: str,
    cap: str = "#2b2b2e",
    finish: str = "enamel",
    shape: str = "sport",
    pattern: Pattern | None = None,
) -> None:
    """An insulated drinking bottle: sport with a loop, slim with a timber lid."""
    if shape == "sport":
        body = [
            (0, 0),
            (0.36, 0),
            (0.4, 0.04),
            (0.4, 1.42),
            (0.3, 1.66),
            (0.26, 1.7),
            (0.26, 1.76),
            (0, 1.76),
        ]
        add(lathe(fillet(body, 0.09)), make(finish, color, pattern), sharp=60)
        lid = [(0, 1.74), (0.3, 1.74), (0.3, 2.0), (0, 2.0)]
        add(lathe(fillet(lid, 0.04)), plastic(cap, gloss=0.4))
        add(lathe(fillet([(0.2, 0), (0.41, 0), (0.41, 0.06), (0.39, 0.06)], 0.01)), metal())
        loop = curve(
            [(-0.22, 0, 1.98), (-0.2, 0, 2.16), (0, 0, 2.26), (0.2, 0, 2.16), (0.22, 0, 1.98)], 8
        )
        add(tube(loop, 0.055, flat=1.4), plastic(cap, gloss=0.4))
    else:
        body = [
            (0, 0),
            (0.3, 0),
            (0.34, 0.04),
            (0.34, 1.1),
            (0.3, 1.45),
            (0.2, 1.75),
            (0.2, 1.82),
            (0, 1.82),
        ]
        add(lathe(curve(fillet(body, 0.08), 3)), make(finish, color, pattern), sharp=70)
        add(lathe(fillet([(0, 1.84), (0.22, 1.84), (0.22, 2.08), (0, 2.08)], 0.03)), wood("oak"))


@builder("teapot")
def teapot(
    color: str,
    material: str = "ceramic",
    handle: str = "loop",
    pattern: Pattern | None = None,
    knob: str | None = None,
) -> None:
    """A round pot with spout, lid and either an ear or a bamboo bail."""
    skin, bare = make(material, color, pattern), make(material, color)
    body = curve([(0.5, 0), (0.6, 0.05), (0.88, 0.4), (0.86, 0.75), (0.6, 1.05), (0.4, 1.12)], 8)
    add(lathe([(0, 0), *body, (0.36, 1.12), (0, 1.1)]), skin, sharp=80)
    lid = curve([(0.43, 1.12), (0.43, 1.15), (0.3, 1.24), (0.08, 1.3), (0.07, 1.34)], 6)
    add(lathe([*lid, (0, 1.34)]), bare, sharp=70)
    ball = curve([(0.06, 1.33), (0.1, 1.38), (0.13, 1.45), (0.08, 1.53), (0, 1.55)], 6)
    add(lathe(ball), wood("walnut") if knob == "wood" else make(material, knob or color), sharp=80)
    spout = curve([(-0.75, 0, 0.42), (-1.05, 0, 0.55), (-1.2, 0, 0.85), (-1.42, 0, 1.1)], 8)
    add(tube(spout, np.linspace(0.2, 0.085, len(spout))), bare)
    tip, way = spout[-1], spout[-1] - spout[-2]
    tilt = math.degrees(math.atan2(way[0], way[2]))
    hole = moved(lathe([(0, 0.088), (0.055, 0.088)]), tuple(tip), turn=(0, tilt, 0))
    add(hole, plain(linear("#1c1512"), roughness=0.9))
    if handle == "loop":
        grip = arc_handle((0.62, 0.98), (0.84, 0.3), 0.45, 0.05)
        add(tube(grip, 0.085, flat=0.8), bare)
    else:
        bail = [
            (0.78 * math.cos(a), 0, 0.95 + 0.85 * math.sin(a)) for a in np.linspace(0, np.pi, 40)
        ]
        add(tube(bail, 0.055), wood("oak") if handle == "bamboo" else metal("#4b3a2c"))
        for x in (-0.78, 0.78):
            lug = moved(
                lathe(fillet([(0, -0.1), (0.1, -0.1), (0.1, 0.1), (0, 0.1)], 0.03)),
                (x * 0.98, 0, 0.93),
            )
            add(lug, bare)
