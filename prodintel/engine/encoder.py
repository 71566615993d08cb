"""Load an OpenCLIP model and embed with it. The one module that imports torch and open_clip."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prodintel.engine.errors import EngineError
from prodintel.engine.interface import EncoderInfo, EngineConfig
from prodintel.engine.preprocess import PreprocessSpec
from prodintel.engine.tuning import (
    MAX_BATCH,
    PassSize,
    Tuning,
    machine_name,
    measure,
    remembered,
)
from prodintel.engine.vectors import Vector

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

STARTER = "starter"

CACHED_TEXTS = 4096
"""Embedded queries kept in memory; at 768 dimensions they take 12 MB."""

QUERY_TEXTS = 8
"""Calls with more texts than this are bulk work: a vocabulary must not hold up a search."""

LEAST_CALL = 16
"""What callers are told to send at least: the speed may have been measured on a busy machine, and
calls of single photos would never show that more of them fit into a pass."""

_CHANNELS = 3
_TEXTS_A_PASS = 32


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What OpenCLIP gives for a model name, and the names it goes by."""

    model: Any
    tokenizer: Any
    device: str
    model_id: str
    fingerprint: str
    preprocess: PreprocessSpec


class Encoder:
    """A model with two lanes.

    Bulk work (photos to index, long lists of texts) takes turns in one lane, in passes of at most
    300 ms each. Queries have a lane of their own and run beside it, so that a search never waits
    for a batch. All results are float32 with rows of length 1.
    """

    def __init__(self, loaded: LoadedModel, tuning: Tuning, dimension: int) -> None:
        import torch

        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._device = loaded.device
        self._dtype: torch.dtype = getattr(torch, tuning.dtype)
        self._bulk_lane = threading.Lock()
        batch = max(tuning.batch, LEAST_CALL)
        self._pass = PassSize(tuning.batch, batch)
        self._query_lane = threading.Lock()
        # Fast tokenizers are not safe to call from two threads at once.
        self._tokenizer_lock = threading.Lock()
        self._cache: OrderedDict[str, Vector] = OrderedDict()
        self._cache_lock = threading.Lock()
        spec = loaded.preprocess
        shape = (1, _CHANNELS, 1, 1)
        mean = torch.tensor(spec.mean).reshape(shape)
        std = torch.tensor(spec.std).reshape(shape)
        # (x / 255 - mean) / std, as one multiply and add.
        self._scale = (1 / (255 * std)).to(self._device)
        self._shift = (-mean / std).to(self._device)
        self.info = EncoderInfo(
            model_id=loaded.model_id,
            dimension=dimension,
            fingerprint=loaded.fingerprint,
            preprocess=spec,
            batch=batch,
            device=loaded.device,
            dtype=tuning.dtype,
            text_context=int(getattr(loaded.tokenizer, "context_length", 0) or 77),
            photos_per_second=tuning.photos_per_second,
        )

    def encode_texts(self, texts: Sequence[str]) -> Vector:
        """Embed texts to (n, dimension); the queries among them are cached.

        Raises:
            EngineError: when something in `texts` is no text.
        """
        if any(not isinstance(text, str) for text in texts):
            raise EngineError("Only text can be embedded as text.")
        if len(texts) > QUERY_TEXTS:
            return self._bulk_texts(texts)
        found = {text: self._cached(text) for text in texts}
        missing = [text for text, vector in found.items() if vector is None]
        if missing:
            with self._query_lane:
                vectors = self._text_features(missing)
            for text, vector in zip(missing, vectors, strict=True):
                found[text] = vector
                self._remember(text, vector)
        rows = [vector for text in texts if (vector := found[text]) is not None]
        return np.stack(rows) if rows else np.empty((0, self.info.dimension), np.float32)

    def encode_photos(self, photos: NDArray[np.uint8]) -> Vector:
        """Embed prepared photos in the bulk lane.

        Args:
            photos: uint8 (n, H, W, 3) or (n, 3, H, W), of the size that the model wants.

        Returns:
            float32 (n, dimension).

        Raises:
            EngineError: for another shape or type.
        """
        batch = self._checked(photos)
        parts: list[Vector] = []
        done = 0
        while done < len(batch):
            with self._bulk_lane:
                piece = batch[done : done + self._pass.value]
                started = time.perf_counter()
                try:
                    parts.append(self._photo_features(piece))
                except RuntimeError as error:  # as torch raises it, whatever lacks memory
                    self._pass.failed(len(piece))
                    if len(piece) == 1:
                        raise
                    logger.warning("Trying fewer photos than %d at once: %s", len(piece), error)
                    continue
                self._pass.took(len(piece), time.perf_counter() - started)
            done += len(piece)
        return np.concatenate(parts) if parts else np.empty((0, self.info.dimension), np.float32)

    def encode_query_photo(self, photo: NDArray[np.uint8]) -> Vector:
        """Embed one prepared photo, (H, W, 3), in the query lane, to (dimension,)."""
        batch = self._checked(np.asarray(photo)[np.newaxis])
        with self._query_lane:
            vector: Vector = self._photo_features(batch)[0]
        return vector

    def _bulk_texts(self, texts: Sequence[str]) -> Vector:
        parts = []
        for start in range(0, len(texts), _TEXTS_A_PASS):
            with self._bulk_lane:
                parts.append(self._text_features(texts[start : start + _TEXTS_A_PASS]))
        return np.concatenate(parts)

    def _checked(self, photos: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = self.info.preprocess.size
        photos = np.asarray(photos)
        if photos.dtype == np.uint8 and photos.shape[1:] == (height, width, _CHANNELS):
            return photos.transpose(0, 3, 1, 2)
        if photos.dtype == np.uint8 and photos.shape[1:] == (_CHANNELS, height, width):
            return photos
        raise EngineError(
            f"Photos must be uint8 of shape (n, {height}, {width}, 3), prepared with the model's "
            f"preprocessing; these are {photos.dtype} of shape {photos.shape}."
        )

    def _cached(self, text: str) -> Vector | None:
        with self._cache_lock:
            vector = self._cache.get(text)
            if vector is not None:
                self._cache.move_to_end(text)
            return vector

    def _remember(self, text: str, vector: Vector) -> None:
        with self._cache_lock:
            self._cache[text] = vector
            while len(self._cache) > CACHED_TEXTS:
                self._cache.popitem(last=False)

    def _text_features(self, texts: Sequence[str]) -> Vector:
        import torch

        with self._tokenizer_lock:
            tokens = self._tokenizer(list(texts))
        with torch.no_grad():
            return self._normalised(self._model.encode_text(tokens.to(self._device)))

    def _photo_features(self, photos: NDArray[np.uint8]) -> Vector:
        import torch

        with torch.no_grad():
            # torch warns about arrays it may not write to, such as those read from a message.
            pixels = torch.from_numpy(np.require(photos, requirements="W")).to(self._device)
            pixels = torch.addcmul(self._shift, pixels.float(), self._scale)
            pixels = pixels.to(dtype=self._dtype, memory_format=torch.channels_last)
            return self._normalised(self._model.encode_image(pixels))

    def _normalised(self, features: torch.Tensor) -> Vector:
        import torch

        unit = torch.nn.functional.normalize(features.float(), dim=-1).cpu().numpy()
        if not np.isfinite(unit).all():
            raise EngineError(
                f"{self.info.model_id} computed values that are not numbers in "
                f"{self.info.dtype}: choose float32 for CLIP_DTYPE."
            )
        return np.ascontiguousarray(unit, dtype=np.float32)


def load_encoder(config: EngineConfig, progress: Callable[[str], None] = logger.info) -> Encoder:
    """Load the configured model and measure how it runs best on this machine.

    Args:
        config: which model, where and how.
        progress: is told, in a sentence, what is being done when it may take long.

    Raises:
        EngineError: for settings that cannot work here. What OpenCLIP raises for an unknown name
            or damaged weights comes through as it is.
    """
    # Two lanes and the other processes share the cores. Threads that wait by spinning take them
    # from each other: measured on two busy cores, a batch took 1.5 to 3.1 s that way and 1.2 to
    # 1.5 s without. Read by the OpenMP library when torch loads it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if config.threads:
        torch.set_num_threads(config.threads)
    loaded = _load_model(config, progress)
    loaded.model.to(device=loaded.device, memory_format=torch.channels_last)
    tuning = _tuned(loaded, config, progress)
    dtype = getattr(torch, tuning.dtype)
    loaded.model.to(dtype=dtype)
    with torch.no_grad():
        probe = torch.zeros((1, _CHANNELS, *loaded.preprocess.size), dtype=dtype)
        dimension = int(loaded.model.encode_image(probe.to(loaded.device)).shape[-1])
    return Encoder(loaded, tuning, dimension)


def _tuned(loaded: LoadedModel, config: EngineConfig, progress: Callable[[str], None]) -> Tuning:
    import torch

    candidates = dtypes_for(loaded.device) if config.dtype == "auto" else [config.dtype]
    copies = {"float32": loaded.model}

    def trial(name: str, count: int) -> float:
        dtype = getattr(torch, name)
        if name not in copies:
            copies[name] = copy.deepcopy(loaded.model).to(dtype)
        photos = torch.rand((count, _CHANNELS, *loaded.preprocess.size), device=loaded.device)
        photos = photos.to(dtype=dtype, memory_format=torch.channels_last)
        with torch.no_grad():
            started = time.perf_counter()
            # Copying the result to the CPU waits for a GPU to be done.
            copies[name].encode_image(photos).float().cpu()
            return time.perf_counter() - started

    def measured() -> Tuning:
        progress("Measuring the model's speed on this machine (once)")
        return measure(trial, candidates, MAX_BATCH[loaded.device])

    place = torch.cuda.get_device_name() if loaded.device == "cuda" else machine_name()
    threads = str(torch.get_num_threads())
    key = (loaded.fingerprint, torch.__version__, place, loaded.device, threads, *candidates)
    return remembered(config.data_dir / "engine-tuning.json", key, measured)


def dtypes_for(device: str) -> list[str]:
    """The number types worth trying on a device, the most exact one first."""
    import torch

    if device == "cuda":
        return ["bfloat16" if torch.cuda.is_bf16_supported() else "float16"]
    return ["float32", "bfloat16"] if device == "cpu" else ["float32"]


def device_for(wanted: str) -> str:
    """The device that a setting means.

    Raises:
        EngineError: when this machine has none such.
    """
    import torch

    available = {"cpu": True, "cuda": torch.cuda.is_available()}
    available["mps"] = torch.backends.mps.is_available()
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if available[name])
    if not available.get(wanted):
        raise EngineError(f"The device {wanted!r} is not there: choose auto or cpu.")
    return wanted


def _load_model(config: EngineConfig, progress: Callable[[str], None]) -> LoadedModel:
    import open_clip

    device = device_for(config.device)
    name, model_id, pretrained = _resolved(config, progress)
    progress(f"Loading the model {model_id}")
    model = open_clip.create_model(
        name, pretrained=pretrained, require_pretrained=True, weights_only=True
    ).eval()
    spec = _preprocess_spec(open_clip.get_model_preprocess_cfg(model))
    return LoadedModel(
        model=model,
        tokenizer=open_clip.get_tokenizer(name),
        device=device,
        model_id=model_id,
        fingerprint=_fingerprint(model, model_id, spec),
        preprocess=spec,
    )


def _resolved(config: EngineConfig, progress: Callable[[str], None]) -> tuple[str, str, str | None]:
    """OpenCLIP's name for the model, ours, and the weights that a built-in one needs."""
    if config.model == STARTER:
        from prodintel.engine import starter

        folder = starter.assemble(config.data_dir / "models" / STARTER, progress)
        starter.register()
        return f"local-dir:{folder}", STARTER, None
    schema, colon, place = config.model.partition(":")
    if schema == "local-dir":
        return config.model, f"local-dir:{Path(place).name}", None
    if colon:
        return config.model, config.model, None
    if not config.pretrained:
        raise EngineError(
            f"The model {config.model} needs weights: set CLIP_PRETRAINED to one of its tags or "
            "to a file."
        )
    label = Path(config.pretrained).name
    return config.model, f"{config.model}/{label}", config.pretrained


def _preprocess_spec(cfg: dict[str, Any]) -> PreprocessSpec:
    size = cfg["size"]
    height, width = (size, size) if isinstance(size, int) else (size[-2], size[-1])
    return PreprocessSpec(
        size=(int(height), int(width)),
        mean=tuple(cfg["mean"]),
        std=tuple(cfg["std"]),
        interpolation="bilinear" if cfg.get("interpolation") == "bilinear" else "bicubic",
        resize_mode=cfg.get("resize_mode") or "shortest",
        fill=int(cfg.get("fill_color") or 0),
    )


def _fingerprint(model: Any, model_id: str, spec: PreprocessSpec) -> str:
    """What vectors depend on: the name, every weight, and how photos are prepared.

    The weights themselves are hashed, not their file, so that a copied or re-saved model keeps its
    fingerprint and nothing is embedded again for it.
    """
    digest = hashlib.sha256(json.dumps([model_id, asdict(spec)]).encode())
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().contiguous().reshape(-1).numpy())
    return digest.hexdigest()[:32]
