"""A little arithmetic for shader nodes, and the patterns printed on things.

A pattern is a table: `kind`, `color`, and what its function below takes. It yields how much of
its colour shows at a point, from 0 to 1.
"""

# ruff: noqa: PLR2004 - the numbers are proportions
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

Socket = Any
Tree = bpy.types.ShaderNodeTree


def linear(color: str) -> tuple[float, float, float, float]:
    """The hex colour of a screen as the linear colour that light is computed with."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return (r, g, b, 1.0)


def put(tree: Tree, kind: str, inputs: dict[str | int, Any] | None = None, **options: Any) -> Any:
    """A node of the kind with its options set and its inputs linked or filled."""
    node = tree.nodes.new(kind)
    for name, value in options.items():
        setattr(node, name, value)
    for name, value in (inputs or {}).items():
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, node.inputs[name])
        else:
            node.inputs[name].default_value = value
    return node


def math(tree: Tree, operation: str, *values: Any) -> Socket:
    """One scalar operation on sockets or numbers."""
    node = put(tree, "ShaderNodeMath", dict(enumerate(values)), operation=operation)
    return node.outputs[0]


def mix(tree: Tree, factor: Any, first: Any, second: Any, blend: str = "MIX") -> Socket:
    """The colour between two colours."""
    node = put(
        tree,
        "ShaderNodeMix",
        {0: factor, 6: first, 7: second},
        data_type="RGBA",
        blend_type=blend,
    )
    return node.outputs[2]


def multiply(tree: Tree, first: Any, second: Any) -> Socket:
    """One colour darkened by another."""
    return mix(tree, 1.0, first, second, "MULTIPLY")


def coordinates(tree: Tree, space: str = "Object", scale: tuple[float, ...] = (1, 1, 1)) -> Socket:
    """A point's place in the thing (`Object`) or on its skin (`UV`), stretched by the scale."""
    source = put(tree, "ShaderNodeTexCoord").outputs[space]
    return put(tree, "ShaderNodeMapping", {"Vector": source, "Scale": scale}).outputs[0]


def pattern(tree: Tree, spec: dict[str, Any], space: str) -> Socket:
    """How much of the pattern's colour shows, 0 to 1, from its table.

    `space` overrides the coordinates that the material would use; `upright` lays the pattern in
    the x-z plane of a standing thing.
    """
    own = {"kind", "color", "space", "upright"}
    options = {name: value for name, value in spec.items() if name not in own}
    place = coordinates(tree, spec.get("space", space))
    split = put(tree, "ShaderNodeSeparateXYZ", {0: place}).outputs
    axes = "XZY" if spec.get("upright") else "XYZ"
    xyz = {name: split[axis] for name, axis in zip("XYZ", axes, strict=True)}
    return PATTERNS[spec["kind"]](tree, xyz, **options)


def _band(tree: Tree, value: Socket, scale: float, width: float) -> Socket:
    wave = math(tree, "FRACT", math(tree, "MULTIPLY", value, scale))
    return math(tree, "LESS_THAN", wave, width)


def _stripes(
    tree: Tree, xyz: Any, *, scale: float = 5, width: float = 0.5, axis: str = "Y"
) -> Socket:
    return _band(tree, xyz[axis], scale, width)


def _checks(tree: Tree, xyz: Any, *, scale: float = 5, width: float = 0.5) -> Socket:
    """Gingham: half strength in each band, full where they cross."""
    bands = math(
        tree, "ADD", _band(tree, xyz["X"], scale, width), _band(tree, xyz["Y"], scale, width)
    )
    return math(tree, "MULTIPLY", bands, 0.5)


def _dots(tree: Tree, xyz: Any, *, scale: float = 5, radius: float = 0.25) -> Socket:
    """Polka dots, every second row shifted by half."""
    row = math(tree, "MULTIPLY", xyz["Y"], scale * 1.15)
    shift = math(tree, "MULTIPLY", math(tree, "FLOORED_MODULO", math(tree, "FLOOR", row), 2.0), 0.5)
    column = math(tree, "ADD", math(tree, "MULTIPLY", xyz["X"], scale), shift)
    dx = math(tree, "SUBTRACT", math(tree, "FRACT", column), 0.5)
    dy = math(tree, "SUBTRACT", math(tree, "FRACT", row), 0.5)
    squares = math(tree, "ADD", math(tree, "POWER", dx, 2.0), math(tree, "POWER", dy, 2.0))
    return math(tree, "LESS_THAN", squares, radius**2)


def _chevron(tree: Tree, xyz: Any, *, scale: float = 5, width: float = 0.5) -> Socket:
    x = math(tree, "FRACT", math(tree, "MULTIPLY", xyz["X"], scale))
    zigzag = math(tree, "ABSOLUTE", math(tree, "SUBTRACT", x, 0.5))
    lifted = math(tree, "ADD", math(tree, "MULTIPLY", xyz["Y"], scale), zigzag)
    return math(tree, "LESS_THAN", math(tree, "FRACT", lifted), width)


def _above(tree: Tree, xyz: Any, *, level: float, axis: str = "Z") -> Socket:
    """A dipped glaze: all of it above a level with a slightly uneven edge."""
    wobble = put(tree, "ShaderNodeTexNoise", {"Scale": 2.0}).outputs[0]
    edge = math(tree, "ADD", xyz[axis], math(tree, "MULTIPLY", wobble, 0.08))
    return math(tree, "GREATER_THAN", edge, level + 0.04)


def _speckle(tree: Tree, xyz: Any, *, scale: float = 22, size: float = 0.16) -> Socket:
    """Fine dark grains as in stoneware."""
    vector = put(tree, "ShaderNodeCombineXYZ", {0: xyz["X"], 1: xyz["Y"], 2: xyz["Z"]}).outputs[0]
    cells = put(tree, "ShaderNodeTexVoronoi", {"Vector": vector, "Scale": scale}).outputs[0]
    return math(tree, "LESS_THAN", cells, size)


def _flowers(tree: Tree, xyz: Any, *, scale: float = 4, size: float = 0.36) -> Socket:
    """Five-petalled flowers strewn on the cloth."""
    flat = put(tree, "ShaderNodeCombineXYZ", {0: xyz["X"], 1: xyz["Y"], 2: 0.0}).outputs[0]
    cells = put(
        tree,
        "ShaderNodeTexVoronoi",
        {"Vector": flat, "Scale": scale, "Randomness": 0.6},
        voronoi_dimensions="2D",
    )
    away = put(
        tree,
        "ShaderNodeVectorMath",
        {0: flat, 1: cells.outputs["Position"]},
        operation="SUBTRACT",
    ).outputs[0]
    parts = put(tree, "ShaderNodeSeparateXYZ", {0: away}).outputs
    angle = math(tree, "ARCTAN2", parts["Y"], parts["X"])
    petals = math(tree, "COSINE", math(tree, "MULTIPLY", angle, 5.0))
    rim = math(tree, "ADD", math(tree, "MULTIPLY", petals, size * 0.3), size * 0.7)
    inside = math(tree, "LESS_THAN", cells.outputs[0], rim)
    heart = math(tree, "GREATER_THAN", cells.outputs[0], size * 0.2)
    return math(tree, "MULTIPLY", inside, heart)


PATTERNS: dict[str, Callable[..., Socket]] = {
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "chevron": _chevron,
    "above": _above,
    "speckle": _speckle,
    "flowers": _flowers,
}
