from __future__ import annotations

import dataclasses
import json
import shutil
import threading

import numpy as np
import pytest

from prodintel.engine.encoder import Encoder, LoadedModel, load_encoder
from prodintel.engine.errors import EngineError
from prodintel.engine.preprocess import PreprocessSpec
from prodintel.engine.tuning import Tuning
from tests import tiny_model
from tests.engine.running import Result, config_for

pytestmark = pytest.mark.encoder

SPEC = PreprocessSpec((8, 8), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture(scope="module")
def encoder(tiny_folder, tmp_path_factory):
    config = config_for(tmp_path_factory.mktemp("data"), model=f"local-dir:{tiny_folder}")
    return load_encoder(config)


def photos(count: int, size: int = tiny_model.SIZE) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def test_photos_become_rows_of_length_one(encoder):
    vectors = encoder.encode_photos(photos(5))
    assert vectors.shape == (5, encoder.info.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_texts_become_rows_of_length_one_in_their_order(encoder):
    vectors = encoder.encode_texts(["red dress", "mug", "red dress"])
    assert vectors.shape == (3, tiny_model.DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert abs(vectors[0] @ vectors[1]) < 0.999


def test_it_computes_what_openclip_computes(encoder, tiny_folder):
    import open_clip
    import torch

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tiny_folder}")
    model.eval()
    from PIL import Image

    prepared = photos(1)
    with torch.no_grad():
        theirs = model.encode_image(
            transform(Image.fromarray(prepared[0]))[None], normalize=True
        ).numpy()
        words = open_clip.get_tokenizer(f"local-dir:{tiny_folder}")(["blue mug"])
        their_text = model.encode_text(words, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_photos(prepared), theirs, atol=1e-4)
    np.testing.assert_allclose(encoder.encode_texts(["blue mug"]), their_text, atol=1e-4)


def test_both_orders_of_axes_are_the_same_photo(encoder):
    batch = photos(3)
    np.testing.assert_allclose(
        encoder.encode_photos(batch), encoder.encode_photos(batch.transpose(0, 3, 1, 2)), atol=1e-6
    )


def test_a_query_photo_equals_the_same_photo_in_bulk(encoder):
    batch = photos(4)
    np.testing.assert_allclose(
        encoder.encode_query_photo(batch[2]), encoder.encode_photos(batch)[2], atol=1e-5
    )


def test_more_photos_than_a_pass_go_in_parts(encoder):
    batch = photos(2 * 64 + 1)
    vectors = encoder.encode_photos(batch)
    assert len(vectors) == len(batch)
    np.testing.assert_allclose(vectors[-1], encoder.encode_query_photo(batch[-1]), atol=1e-5)


def test_nothing_becomes_an_empty_matrix(encoder):
    assert encoder.encode_texts([]).shape == (0, tiny_model.DIMENSION)
    assert encoder.encode_photos(photos(0)).shape == (0, tiny_model.DIMENSION)


def test_read_only_photos_are_taken(encoder):
    batch = photos(2)
    batch.flags.writeable = False
    assert len(encoder.encode_photos(batch)) == 2


@pytest.mark.parametrize(
    "wrong", [photos(1, 31), photos(1).astype(np.float32), photos(1)[0], photos(1)[..., :2]]
)
def test_photos_that_were_not_prepared_for_this_model_are_refused(encoder, wrong):
    with pytest.raises(EngineError, match=r"uint8 of shape \(n, 32, 32, 3\)"):
        encoder.encode_photos(wrong)


def test_what_is_no_text_is_refused(encoder):
    with pytest.raises(EngineError, match="text"):
        encoder.encode_texts(["mug", None])


def test_a_text_of_any_length_is_taken(encoder):
    assert encoder.encode_texts(["very " * 500 + "long", "", "\x00\ud83d\ude00 né"]).shape[0] == 3


def test_the_info_describes_the_model(encoder, tiny_folder):
    info = encoder.info
    assert info.model_id == "local-dir:tiny"
    assert (info.dimension, info.text_context) == (tiny_model.DIMENSION, 16)
    assert (info.device, info.dtype) == ("cpu", "float32")
    assert info.preprocess == PreprocessSpec((32, 32), (0.5, 0.4, 0.3), (0.3, 0.25, 0.2))
    assert info.batch >= 1
    assert info.photos_per_second > 0


def test_bfloat16_gives_nearly_the_same_vectors(encoder, tiny_folder, tmp_path):
    config = config_for(tmp_path, model=f"local-dir:{tiny_folder}")
    coarse = load_encoder(dataclasses.replace(config, dtype="bfloat16"))
    assert coarse.info.dtype == "bfloat16"
    assert coarse.info.fingerprint == encoder.info.fingerprint
    batch = photos(4)
    cosines = (coarse.encode_photos(batch) * encoder.encode_photos(batch)).sum(axis=1)
    assert cosines.min() > 0.99
    words = ["red dress"]
    assert coarse.encode_texts(words)[0] @ encoder.encode_texts(words)[0] > 0.99


def test_a_moved_model_keeps_its_fingerprint(encoder, tiny_folder, tmp_path):
    moved = tmp_path / "elsewhere" / "tiny"
    shutil.copytree(tiny_folder, moved)
    config = config_for(tmp_path / "data", model=f"local-dir:{moved}")
    assert load_encoder(config).info.fingerprint == encoder.info.fingerprint


def test_other_weights_change_the_fingerprint(encoder, tmp_path):
    other = tiny_model.build(tmp_path / "tiny", seed=1)
    config = config_for(tmp_path / "data", model=f"local-dir:{other}")
    assert load_encoder(config).info.fingerprint != encoder.info.fingerprint


def test_other_preprocessing_changes_the_fingerprint(encoder, tiny_folder, tmp_path):
    other = tmp_path / "tiny"
    shutil.copytree(tiny_folder, other)
    file = other / "open_clip_config.json"
    settings = json.loads(file.read_text())
    settings["preprocess_cfg"]["resize_mode"] = "squash"
    file.write_text(json.dumps(settings))
    config = config_for(tmp_path / "data", model=f"local-dir:{other}")
    assert load_encoder(config).info.fingerprint != encoder.info.fingerprint


def test_a_built_in_model_without_weights_is_refused(config):
    with pytest.raises(EngineError, match="CLIP_PRETRAINED"):
        load_encoder(dataclasses.replace(config, model="ViT-B-32"))


def test_a_folder_without_weights_is_refused(tiny_folder, tmp_path):
    (tmp_path / "tiny").mkdir()
    shutil.copy(tiny_folder / "open_clip_config.json", tmp_path / "tiny")
    config = config_for(tmp_path / "data", model=f"local-dir:{tmp_path / 'tiny'}")
    with pytest.raises(RuntimeError, match=r"[Pp]retrained"):
        load_encoder(config)


def test_pickled_code_in_a_weights_file_is_not_run(tiny_folder, tmp_path):
    import torch

    folder = tmp_path / "tiny"
    folder.mkdir()
    shutil.copy(tiny_folder / "open_clip_config.json", folder)
    torch.save({"state_dict": Trap(tmp_path / "sprung")}, folder / "open_clip_model.pth")
    config = config_for(tmp_path / "data", model=f"local-dir:{folder}")
    with pytest.raises(Exception, match=r"[Ww]eights"):
        load_encoder(config)
    assert not (tmp_path / "sprung").exists()


class Trap:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (open, (str(self.file), "w"))


def test_a_device_that_is_not_there_is_refused(config, tiny_folder):
    wanted = dataclasses.replace(config, model=f"local-dir:{tiny_folder}", device="mps")
    with pytest.raises(EngineError, match="'mps' is not there"):
        load_encoder(wanted)


class SlowModel:
    """A model whose bulk passes wait until the test lets them go."""

    def __init__(self):
        import torch

        self.entered = threading.Event()
        self.release = threading.Event()
        self.texts = 0
        self.passes = []
        self._ones = torch.ones

    def encode_image(self, pixels):
        self.passes.append(len(pixels))
        if len(pixels) > 1:
            self.entered.set()
            assert self.release.wait(20)
        return self._ones((len(pixels), 4))

    def encode_text(self, tokens):
        self.texts += 1
        if len(tokens) > 8:
            self.entered.set()
            assert self.release.wait(20)
        return self._ones((len(tokens), 4))


def tokenizer(texts):
    import torch

    return torch.zeros((len(texts), 3), dtype=torch.long)


@pytest.fixture
def slow():
    model = SlowModel()
    loaded = LoadedModel(model, tokenizer, "cpu", "slow", "0" * 32, SPEC)
    yield Encoder(loaded, Tuning("float32", 16, 100.0), 4), model
    model.release.set()


def test_queries_are_answered_while_a_bulk_batch_is_under_way(slow):
    encoder, model = slow
    bulk = Result(lambda: encoder.encode_photos(photos(10, 8)))
    assert model.entered.wait(20)

    assert encoder.encode_texts(["red dress"]).shape == (1, 4)
    assert encoder.encode_query_photo(photos(1, 8)[0]).shape == (4,)

    assert bulk.thread.is_alive()
    model.release.set()
    assert bulk.get().shape == (10, 4)


def test_a_long_list_of_texts_does_not_hold_up_a_query(slow):
    encoder, model = slow
    bulk = Result(lambda: encoder.encode_texts([f"term {n}" for n in range(20)]))
    assert model.entered.wait(20)

    assert encoder.encode_texts(["red dress"]).shape == (1, 4)

    model.release.set()
    assert bulk.get().shape == (20, 4)


def test_callers_send_enough_for_passes_to_grow():
    loaded = LoadedModel(SlowModel(), tokenizer, "cpu", "slow", "0" * 32, SPEC)
    assert Encoder(loaded, Tuning("float32", 1, 2.0), 4).info.batch == 16
    assert Encoder(loaded, Tuning("float32", 40, 200.0), 4).info.batch == 40


def test_passes_grow_no_further_than_what_callers_send(slow):
    encoder, model = slow
    model.release.set()
    encoder.encode_photos(photos(100, 8))
    assert max(model.passes) == encoder.info.batch


def test_photos_that_do_not_fit_into_memory_together_go_in_smaller_passes(slow):
    encoder, model = slow

    def small_card(pixels):
        model.passes.append(len(pixels))
        if len(pixels) > 5:
            raise RuntimeError("CUDA out of memory.")
        return model._ones((len(pixels), 4))

    model.encode_image = small_card
    assert encoder.encode_photos(photos(20, 8)).shape == (20, 4)
    assert model.passes[:3] == [16, 8, 4]


def test_memory_that_does_not_suffice_for_one_photo_is_said(slow):
    encoder, model = slow

    def full_card(_pixels):
        raise RuntimeError("CUDA out of memory.")

    model.encode_image = full_card
    with pytest.raises(RuntimeError, match="out of memory"):
        encoder.encode_photos(photos(4, 8))


def test_a_query_text_is_computed_once(slow):
    encoder, model = slow
    encoder.encode_texts(["red dress", "red dress"])
    encoder.encode_texts(["red dress"])
    assert model.texts == 1


def test_the_oldest_query_texts_are_forgotten(slow, monkeypatch):
    encoder, model = slow
    monkeypatch.setattr("prodintel.engine.encoder.CACHED_TEXTS", 2)
    for text in ("a", "b", "a", "c", "a"):
        encoder.encode_texts([text])
    assert model.texts == 3
    encoder.encode_texts(["b"])
    assert model.texts == 4


def test_values_that_are_not_numbers_are_refused(slow):
    encoder, model = slow
    model.encode_text = lambda tokens: model._ones((len(tokens), 4)) * float("nan")
    with pytest.raises(EngineError, match="float32"):
        encoder.encode_texts(["red dress"])
