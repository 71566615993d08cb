"""What things are made of. Every function returns a Blender material; colours are `#rrggbb`."""

# ruff: noqa: PLR2004 - the numbers are the materials
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from .nodes import Socket, Tree, coordinates, linear, math, mix, multiply, put
from .nodes import pattern as printed

Pattern = dict[str, Any]


def plain(
    color: tuple[float, ...],
    *,
    roughness: float = 0.5,
    specular: float = 0.5,
    emission: float = 0.0,
) -> bpy.types.Material:
    """One linear colour, no texture."""
    material, tree = _new("plain")
    _finish(
        tree,
        color,
        roughness=roughness,
        specular_ior_level=specular,
        emission_color=color,
        emission_strength=emission,
    )
    return material


def _new(name: str) -> tuple[bpy.types.Material, Tree]:
    material = bpy.data.materials.new(name)
    material.node_tree.nodes.clear()
    return material, material.node_tree


def _finish(tree: Tree, color: Any, normal: Any = None, **inputs: Any) -> None:
    values = {k.replace("_", " ").title().replace("Ior", "IOR"): v for k, v in inputs.items()}
    values["Base Color"] = color
    if normal is not None:
        values["Normal"] = normal
    shader = put(tree, "ShaderNodeBsdfPrincipled", values)
    put(tree, "ShaderNodeOutputMaterial", {"Surface": shader.outputs[0]})


def _colored(tree: Tree, color: str, spec: Pattern | None, space: str) -> Any:
    if spec is None:
        return linear(color)
    return mix(tree, printed(tree, spec, space), linear(color), linear(spec["color"]))


def _bump(tree: Tree, height: Socket, strength: float, distance: float = 0.02) -> Socket:
    inputs = {"Height": height, "Strength": strength, "Distance": distance}
    return put(tree, "ShaderNodeBump", inputs).outputs[0]


def _noise(tree: Tree, vector: Socket, scale: float, detail: float = 4.0) -> Socket:
    inputs = {"Vector": vector, "Scale": scale, "Detail": detail}
    return put(tree, "ShaderNodeTexNoise", inputs).outputs[0]


def ceramic(color: str, pattern: Pattern | None = None) -> bpy.types.Material:
    """Glossy glaze, thinner in places."""
    material, tree = _new("ceramic")
    normal = _bump(tree, _noise(tree, coordinates(tree), 3.0, 1.0), 0.10, 0.05)
    base = _colored(tree, color, pattern, "UV")
    _finish(tree, base, normal, roughness=0.16, coat_weight=0.5, coat_roughness=0.06)
    return material


def stoneware(color: str, pattern: Pattern | None = None) -> bpy.types.Material:
    """Matte fired clay with a fine grain."""
    material, tree = _new("stoneware")
    grain = _noise(tree, coordinates(tree), 40.0)
    shade = mix(tree, math(tree, "MULTIPLY", grain, 0.14), (1, 1, 1, 1), (0.3, 0.26, 0.22, 1))
    base = _colored(
        tree, color, pattern, "Object" if pattern and pattern["kind"] == "speckle" else "UV"
    )
    normal = _bump(tree, _noise(tree, coordinates(tree), 30.0), 0.25)
    _finish(tree, multiply(tree, base, shade), normal, roughness=0.62)
    return material


def plastic(
    color: str, pattern: Pattern | None = None, *, gloss: float = 0.6
) -> bpy.types.Material:
    """Moulded plastic or lacquer; gloss 1 is polished."""
    material, tree = _new("plastic")
    _finish(tree, _colored(tree, color, pattern, "UV"), roughness=0.62 - 0.52 * gloss)
    return material


def rubber(color: str, pattern: Pattern | None = None) -> bpy.types.Material:
    material, tree = _new("rubber")
    normal = _bump(tree, _noise(tree, coordinates(tree), 60.0), 0.12)
    _finish(tree, _colored(tree, color, pattern, "UV"), normal, roughness=0.55)
    return material


def metal(
    color: str = "#d9d9dc", pattern: Pattern | None = None, *, rough: float = 0.24
) -> bpy.types.Material:
    """Bare metal, faintly brushed."""
    material, tree = _new("metal")
    streaks = _noise(tree, coordinates(tree, scale=(2, 2, 120)), 2.0, 2.0)
    normal = _bump(tree, streaks, 0.06 if rough > 0.15 else 0.0)
    base = _colored(tree, color, pattern, "UV")
    _finish(tree, base, normal, metallic=1.0, roughness=rough)
    return material


def enamel(color: str, pattern: Pattern | None = None) -> bpy.types.Material:
    """Powder-coated metal."""
    material, tree = _new("enamel")
    normal = _bump(tree, _noise(tree, coordinates(tree), 90.0), 0.08)
    _finish(tree, _colored(tree, color, pattern, "UV"), normal, roughness=0.38, coat_weight=0.25)
    return material


def glass(color: str = "#ffffff", *, rough: float = 0.0, ior: float = 1.45) -> bpy.types.Material:
    """Clear or tinted glass that lets light through to its shadow."""
    material, tree = _new("glass")
    tint = linear(color)
    pane = put(tree, "ShaderNodeBsdfGlass", {"Color": tint, "Roughness": rough, "IOR": ior})
    veil = tuple(0.55 + 0.4 * channel for channel in tint[:3])
    clear = put(tree, "ShaderNodeBsdfTransparent", {"Color": (*veil, 1.0)})
    shadow = put(tree, "ShaderNodeLightPath").outputs["Is Shadow Ray"]
    inputs = {0: shadow, 1: pane.outputs[0], 2: clear.outputs[0]}
    blend = put(tree, "ShaderNodeMixShader", inputs)
    put(tree, "ShaderNodeOutputMaterial", {"Surface": blend.outputs[0]})
    return material


WOODS = {
    "oak": ("#c99a64", "#a87842"),
    "ash": ("#e2c79c", "#cba873"),
    "walnut": ("#6f472b", "#472a18"),
    "teak": ("#a5673a", "#7c4724"),
    "black": ("#2b2725", "#191614"),
    "white": ("#efece6", "#dfdad1"),
}


def wood(tone: str = "oak", *, grain: str = "X") -> bpy.types.Material:
    """Oiled timber with its grain along an axis of the thing."""
    material, tree = _new("wood")
    light, dark = (linear(color) for color in WOODS[tone])
    stretch = {"X": (0.35, 4, 4), "Y": (4, 0.35, 4), "Z": (4, 4, 0.35)}[grain]
    place = coordinates(tree, scale=stretch)
    warp = put(tree, "ShaderNodeTexNoise", {"Vector": place, "Scale": 1.1, "Detail": 5.0}).outputs[
        0
    ]
    rings = math(tree, "SINE", math(tree, "MULTIPLY", warp, 46.0))
    bands = math(tree, "MULTIPLY_ADD", rings, 0.28, 0.4)
    fine = tuple(9 * value for value in stretch)
    fibres = _noise(tree, coordinates(tree, scale=fine), 1.6, 3.0)
    both = math(tree, "MULTIPLY_ADD", fibres, 0.7, math(tree, "SUBTRACT", bands, 0.3))
    base = mix(tree, both, light, dark)
    _finish(tree, base, _bump(tree, fibres, 0.12), roughness=0.42)
    return material


def leather(color: str, *, scale: float = 42.0) -> bpy.types.Material:
    """Pebbled leather."""
    material, tree = _new("leather")
    place = coordinates(tree)
    cells = put(
        tree, "ShaderNodeTexVoronoi", {"Vector": place, "Scale": scale}, feature="SMOOTH_F1"
    )
    worn = _noise(tree, place, 2.5)
    dark = tuple(channel * 0.62 for channel in linear(color)[:3])
    base = mix(tree, math(tree, "MULTIPLY", worn, 0.8), linear(color), (*dark, 1.0))
    normal = _bump(tree, cells.outputs[0], 0.22, 0.02)
    _finish(tree, base, normal, roughness=0.42)
    return material


def fabric(
    color: str, pattern: Pattern | None = None, *, weave: float = 55.0, fuzz: float = 0.25
) -> bpy.types.Material:
    """Woven cloth; a pattern is printed in the cloth's own plane."""
    material, tree = _new("fabric")
    split = put(tree, "ShaderNodeSeparateXYZ", {0: coordinates(tree)}).outputs
    waves = [
        math(tree, "SINE", math(tree, "MULTIPLY", split[axis], weave * 3.14)) for axis in "XYZ"
    ]
    threads = math(tree, "ADD", math(tree, "MULTIPLY", waves[0], waves[1]), waves[2])
    rough = _noise(tree, coordinates(tree), weave * 1.5, 2.0)
    height = math(tree, "MULTIPLY_ADD", rough, 1.6, math(tree, "MULTIPLY", threads, 0.5))
    base = _colored(tree, color, pattern, "Object")
    shade = mix(tree, math(tree, "MULTIPLY", rough, 0.35), (1, 1, 1, 1), (0.55, 0.55, 0.55, 1))
    _finish(
        tree,
        multiply(tree, base, shade),
        _bump(tree, height, 0.3, 0.015),
        roughness=0.92,
        specular_ior_level=0.2,
        sheen_weight=fuzz,
        sheen_roughness=0.5,
    )
    return material


def velvet(color: str) -> bpy.types.Material:
    """Short pile that brightens at grazing angles."""
    material, tree = _new("velvet")
    crush = _noise(tree, coordinates(tree), 2.4, 3.0)
    deep = tuple(channel * 0.6 for channel in linear(color)[:3])
    base = mix(tree, math(tree, "MULTIPLY", crush, 0.7), linear(color), (*deep, 1.0))
    normal = _bump(tree, _noise(tree, coordinates(tree), 70.0), 0.25)
    _finish(
        tree,
        base,
        normal,
        roughness=0.85,
        specular_ior_level=0.15,
        sheen_weight=0.25,
        sheen_roughness=0.3,
        sheen_tint=linear(color),
    )
    return material


def knit(
    color: str,
    pattern: Pattern | None = None,
    *,
    scale: float = 15.0,
    rib: bool = False,
    space: str = "Object",
) -> bpy.types.Material:
    """Columns of V-shaped stitches, or upright ribs."""
    material, tree = _new("knit")
    split = put(tree, "ShaderNodeSeparateXYZ", {0: coordinates(tree, space)}).outputs
    across = math(tree, "MULTIPLY", split["X"], scale)
    wale = math(tree, "ABSOLUTE", math(tree, "SUBTRACT", math(tree, "FRACT", across), 0.5))
    if rib:
        height = math(tree, "SINE", math(tree, "MULTIPLY", wale, 3.14))
    else:
        upward = math(
            tree, "MULTIPLY_ADD", split["Y"], scale * 1.3, math(tree, "MULTIPLY", wale, 1.3)
        )
        course = math(tree, "ABSOLUTE", math(tree, "SUBTRACT", math(tree, "FRACT", upward), 0.5))
        groove = math(tree, "MULTIPLY", math(tree, "SINE", math(tree, "MULTIPLY", wale, 6.28)), 0.6)
        height = math(tree, "ADD", groove, math(tree, "SUBTRACT", 0.6, course))
    hairs = _noise(tree, coordinates(tree), 60.0)
    height = math(tree, "MULTIPLY_ADD", hairs, 0.35, height)
    shadow = tuple(channel * 0.55 for channel in linear(color)[:3])
    base = mix(tree, math(tree, "SUBTRACT", 0.95, height), linear(color), (*shadow, 1.0))
    if pattern is not None:
        base = mix(tree, printed(tree, pattern, "Object"), base, linear(pattern["color"]))
    normal = _bump(tree, height, 0.55, 0.03)
    _finish(tree, base, normal, roughness=0.95, specular_ior_level=0.15, sheen_weight=0.35)
    return material


def wax(color: str, pattern: Pattern | None = None) -> bpy.types.Material:
    material, tree = _new("wax")
    _finish(
        tree,
        _colored(tree, color, pattern, "UV"),
        roughness=0.45,
        subsurface_weight=0.4,
        subsurface_scale=0.15,
    )
    return material


def leaf(color: str, vein: str = "#b9cf8f") -> bpy.types.Material:
    """A waxy leaf with cross bands."""
    material, tree = _new("leaf")
    marks = _noise(tree, coordinates(tree, scale=(3, 3, 7)), 2.0, 3.0)
    factor = math(tree, "MULTIPLY", math(tree, "POWER", marks, 3.0), 1.3)
    base = mix(tree, factor, linear(color), linear(vein))
    _finish(tree, base, roughness=0.35)
    return material


def soil() -> bpy.types.Material:
    material, tree = _new("soil")
    grains = _noise(tree, coordinates(tree), 24.0)
    base = mix(tree, grains, linear("#2a1c14"), linear("#5b4332"))
    _finish(tree, base, _bump(tree, grains, 1.0, 0.06), roughness=0.95)
    return material


def marble(color: str = "#f1efec", vein: str = "#8d8a88") -> bpy.types.Material:
    """Polished stone with veins."""
    material, tree = _new("marble")
    place = coordinates(tree)
    turbulence = _noise(tree, place, 1.6, 8.0)
    ridge = math(tree, "ABSOLUTE", math(tree, "SUBTRACT", turbulence, 0.5))
    line = math(
        tree, "POWER", math(tree, "SUBTRACT", 1.0, math(tree, "MULTIPLY", ridge, 3.0)), 14.0
    )
    base = mix(tree, math(tree, "MULTIPLY", line, 0.75), linear(color), linear(vein))
    _finish(tree, base, roughness=0.14)
    return material


def screen(first: str = "#1b3a6b", second: str = "#e58f65") -> bpy.types.Material:
    """A lit display with a soft two-colour picture."""
    material, tree = _new("screen")
    split = put(tree, "ShaderNodeSeparateXYZ", {0: coordinates(tree, "Generated")}).outputs
    swirl = _noise(tree, coordinates(tree, "Generated"), 1.6, 2.0)
    factor = math(tree, "MULTIPLY_ADD", swirl, 1.4, math(tree, "SUBTRACT", split["Y"], 0.7))
    picture = mix(tree, factor, linear(first), linear(second))
    _finish(tree, picture, roughness=0.08, emission_color=picture, emission_strength=0.55)
    return material


def glow(color: str = "#ffe2b0", strength: float = 2.0) -> bpy.types.Material:
    """A lit shade or flame."""
    material, tree = _new("glow")
    tint = linear(color)
    _finish(tree, tint, roughness=0.6, emission_color=tint, emission_strength=strength)
    return material


MATERIALS: dict[str, Callable[..., bpy.types.Material]] = {
    "ceramic": ceramic,
    "stoneware": stoneware,
    "plastic": plastic,
    "rubber": rubber,
    "metal": metal,
    "enamel": enamel,
    "glass": glass,
    "leather": leather,
    "fabric": fabric,
    "velvet": velvet,
    "knit": knit,
    "wax": wax,
}


def make(name: str, color: str, pattern: Pattern | None = None) -> bpy.types.Material:
    """The named material, or a timber when the name is one of `WOODS`."""
    if name in WOODS:
        return wood(name)
    return MATERIALS[name](color, pattern) if pattern else MATERIALS[name](color)
