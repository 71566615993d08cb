"""The studio: puts meshes into a Blender scene, lights it, frames it and takes the photo."""

# ruff: noqa: PLR2004 - the numbers are the lighting
from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from .geometry import MeshData
from .materials import plain
from .nodes import linear


@dataclass(frozen=True)
class View:
    """How a thing is photographed: degrees, and the share of the frame that it fills."""

    turn: float = 0.0
    elevation: float = 14.0
    fill: float = 0.76
    backdrop: str = "#ffffff"
    spin: float = 0.0
    zoom: float = 1.0
    aim: tuple[float, float] = (0.0, 0.0)


def clear() -> None:
    """An empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def add(
    mesh: MeshData,
    material: bpy.types.Material,
    *,
    bevel: float = 0.0,
    subdivide: int = 0,
    thickness: float = 0.0,
    sharp: float = 40.0,
    at: tuple[float, float, float] = (0, 0, 0),
    turn: tuple[float, float, float] = (0, 0, 0),
) -> bpy.types.Object:
    """Puts a mesh into the scene: edges steeper than `sharp` degrees stay edges.

    `at` and `turn` (degrees) move the thing with its texture, which `geometry.moved` leaves behind.
    """
    data = bpy.data.meshes.new("part")
    data.from_pydata(mesh.vertices.tolist(), [], mesh.faces)
    if mesh.uvs is not None:
        layer = data.uv_layers.new(name="UVMap")
        layer.uv.foreach_set("vector", np.asarray(mesh.uvs, dtype=np.float32).ravel())
    _weld(data)
    data.shade_smooth()
    data.set_sharp_from_angle(angle=math.radians(sharp))
    thing = bpy.data.objects.new("part", data)
    thing.data.materials.append(material)
    bpy.context.collection.objects.link(thing)
    thing.location, thing.rotation_euler = at, [math.radians(angle) for angle in turn]
    if thickness:
        modifier = thing.modifiers.new("thickness", "SOLIDIFY")
        modifier.thickness, modifier.offset = thickness, 0.0
    if bevel:
        modifier = thing.modifiers.new("bevel", "BEVEL")
        modifier.width, modifier.segments = bevel, 4
        modifier.limit_method, modifier.harden_normals = "ANGLE", True
    if subdivide:
        modifier = thing.modifiers.new("subdivision", "SUBSURF")
        modifier.levels = modifier.render_levels = subdivide
    return thing


def _weld(data: bpy.types.Mesh) -> None:
    import bmesh

    work = bmesh.new()
    work.from_mesh(data)
    bmesh.ops.remove_doubles(work, verts=work.verts, dist=1e-5)
    bmesh.ops.dissolve_degenerate(work, edges=work.edges, dist=1e-6)
    bmesh.ops.recalc_face_normals(work, faces=work.faces)
    work.to_mesh(data)
    work.free()


def shoot(view: View, path: Path, *, size: int, threads: int, samples: int) -> None:
    """Lights what is in the scene, frames it and writes a PNG.

    The lights keep their place beside the camera, so a thing turned around stays well lit.
    """
    points = _visible_points()
    bpy.context.scene.world = _world()
    _backdrop(view, float(points[:, 2].min()))
    turn = Matrix.Rotation(math.radians(view.turn), 4, "Z")
    centre = points.min(axis=0) / 2 + points.max(axis=0) / 2
    reach = float(np.linalg.norm(points - centre, axis=1).max())
    _lights(Vector(centre), reach, turn, SOFTBOXES if view.elevation < 60 else RAKING)
    _camera(view, points, centre, reach)
    _render(path, size=size, threads=threads, samples=samples)


def _visible_points() -> np.ndarray:
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    clouds = []
    for thing in bpy.context.scene.objects:
        evaluated = thing.evaluated_get(depsgraph)
        mesh = evaluated.to_mesh()
        cloud = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
        mesh.vertices.foreach_get("co", cloud)
        matrix = np.array(thing.matrix_world)
        clouds.append(cloud.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
        evaluated.to_mesh_clear()
    return np.vstack(clouds)


def _world() -> bpy.types.World:
    """Light from everywhere, brighter above, so that metal has something to reflect."""
    world = bpy.data.worlds.new("studio")
    tree = world.node_tree
    tree.nodes.clear()
    coordinates = tree.nodes.new("ShaderNodeTexCoord")
    split = tree.nodes.new("ShaderNodeSeparateXYZ")
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[0].color = (
        0.02,
        (0.3,) * 3 + (1,),
    )
    ramp.color_ramp.elements[1].position, ramp.color_ramp.elements[1].color = (
        0.75,
        (1.0,) * 3 + (1,),
    )
    background = tree.nodes.new("ShaderNodeBackground")
    background.inputs["Strength"].default_value = 0.62
    output = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(coordinates.outputs["Generated"], split.inputs[0])
    tree.links.new(split.outputs["Z"], ramp.inputs[0])
    tree.links.new(ramp.outputs["Color"], background.inputs["Color"])
    tree.links.new(background.outputs[0], output.inputs["Surface"])
    return world


def _backdrop(view: View, floor: float) -> None:
    """A paper sweep: floor, curve, wall."""
    arc = [(4 + 4 * math.sin(a), 4 - 4 * math.cos(a)) for a in np.linspace(0, math.pi / 2, 16)]
    line = [(-14.0, 0.0), *arc, (8.0, 18.0)]
    points = [(x, y, floor - 0.001 + z) for y, z in line for x in (-22.0, 22.0)]
    faces = [(i, i + 1, i + 3, i + 2) for i in range(0, len(points) - 2, 2)]
    color = tuple(channel * 0.9 for channel in linear(view.backdrop)[:3])
    paper = plain((*color, 1.0), roughness=1.0, specular=0.0, emission=0.34)
    sweep = add(MeshData(np.array(points), faces), paper)
    sweep.matrix_world = Matrix.Rotation(math.radians(view.turn), 4, "Z")


Softbox = tuple[tuple[float, float, float], tuple[float, float], float]

# Place, size and power, in units of the thing's reach: a key from the upper left, a broad fill
# from the right, and a strip behind for the rim.
SOFTBOXES: tuple[Softbox, ...] = (
    ((-2.2, -1.9, 2.9), (2.2, 2.2), 95.0),
    ((2.9, -1.6, 1.3), (2.0, 3.0), 30.0),
    ((0.7, 2.4, 2.9), (3.0, 1.0), 55.0),
)
# For cloth seen from above: a low key that draws out its folds.
RAKING: tuple[Softbox, ...] = (
    ((-2.9, 2.2, 1.5), (1.6, 1.6), 120.0),
    ((2.2, -1.8, 3.0), (2.5, 2.5), 38.0),
)


def _lights(centre: Vector, reach: float, turn: Matrix, setups: tuple[Softbox, ...]) -> None:
    for place, (width, height), power in setups:
        light = bpy.data.lights.new("softbox", "AREA")
        light.shape, light.size, light.size_y = "RECTANGLE", width * reach, height * reach
        light.energy = power * reach**2
        lamp = bpy.data.objects.new("softbox", light)
        bpy.context.collection.objects.link(lamp)
        offset = turn @ (Vector(place) * reach)
        facing = (-offset).to_track_quat("-Z", "Y").to_matrix().to_4x4()
        lamp.matrix_world = Matrix.Translation(centre + offset) @ facing
        lamp.visible_camera = False


def _camera(view: View, points: np.ndarray, centre: np.ndarray, reach: float) -> None:
    data = bpy.data.cameras.new("camera")
    data.lens, data.sensor_width, data.clip_end = 95.0, 36.0, 500.0
    camera = bpy.data.objects.new("camera", data)
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    yaw, pitch = math.radians(view.turn), math.radians(view.elevation)
    away = np.array(
        [
            math.sin(yaw) * math.cos(pitch),
            -math.cos(yaw) * math.cos(pitch),
            math.sin(pitch),
        ]
    )
    rotation = (
        Matrix.Rotation(yaw, 3, "Z")
        @ Matrix.Rotation(math.pi / 2 - pitch, 3, "X")
        @ Matrix.Rotation(math.radians(view.spin), 3, "Z")
    )
    axes = np.array(rotation).T
    distance, half = reach * 6, data.sensor_width / 2 / data.lens
    target = centre.astype(float)
    for _ in range(6):
        local = (points - (target + away * distance)) @ axes.T
        screen = local[:, :2] / -local[:, 2:] / half
        low, high = screen.min(axis=0), screen.max(axis=0)
        middle = (low + high) / 2 * half * distance
        target = target + axes[0] * middle[0] + axes[1] * middle[1]
        distance *= float((high - low).max()) / 2 / view.fill
    shift = np.array(view.aim) * half * distance
    place = target + away * distance / view.zoom + axes[0] * shift[0] + axes[1] * shift[1]
    camera.matrix_world = Matrix.Translation(Vector(place)) @ rotation.to_4x4()


def _render(path: Path, *, size: int, threads: int, samples: int) -> None:
    """A few samples and a denoiser: flat light on plain paper needs no more."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", samples, 7
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.1
    cycles.adaptive_min_samples = 4
    cycles.use_light_tree = False
    scene.world.cycles.sampling_method = "NONE"
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    # More samples are asked for glass, whose guide passes are noisy themselves.
    cycles.denoising_prefilter = "FAST" if samples <= 16 else "ACCURATE"
    cycles.denoising_quality = "BALANCED"
    cycles.max_bounces, cycles.transmission_bounces = 9, 9
    cycles.diffuse_bounces, cycles.transparent_max_bounces = 1, 8
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.view_settings.view_transform = "Khronos PBR Neutral"
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
