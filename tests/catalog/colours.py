"""Plain photos, and a model that sees nothing but colours."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageColor

from catalog.services.photos import StagedPhoto, photo_stage
from prodintel.engine.interface import EncoderInfo
from prodintel.engine.preprocess import PreprocessSpec

CELLS = 4


def encoder_info(name: str = "colours", dimension: int = CELLS * CELLS * 3 + 1) -> EncoderInfo:
    return EncoderInfo(
        model_id=name,
        dimension=dimension,
        fingerprint=f"{name}-1",
        preprocess=PreprocessSpec((32, 32), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        batch=8,
        device="cpu",
        dtype="float32",
        text_context=77,
        photos_per_second=1000.0,
    )


class ColourEncoder:
    """Stands for a loaded model, and sees colours: a photo is a coarse grid of them, a text a photo
    in the mean of the colours that it names. Once `error` is set, it is raised.
    """

    def __init__(self, name: str = "colours") -> None:
        self.info = encoder_info(name)
        self.photos_seen = 0
        self.error: Exception | None = None

    def encode_photos(self, photos: np.ndarray) -> np.ndarray:
        if self.error is not None:
            raise self.error
        self.photos_seen += len(photos)
        side = photos.shape[1] // CELLS
        grid = photos.reshape(len(photos), CELLS, side, CELLS, side, 3).mean(axis=(2, 4))
        flat = (grid.reshape(len(photos), -1) - 127.5) / 127.5
        return _unit(np.hstack([flat, np.full((len(photos), 1), 0.1)]))

    def encode_query_photo(self, photo: np.ndarray) -> np.ndarray:
        seen = self.photos_seen
        vector = self.encode_photos(photo[None])[0]
        self.photos_seen = seen
        return vector

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        if self.error is not None:
            raise self.error
        return np.stack([self._text(text) for text in texts])

    def _text(self, text: str) -> np.ndarray:
        named = [word for word in text.lower().split() if word in ImageColor.colormap]
        colors = [ImageColor.getrgb(word)[:3] for word in named] or [(120, 130, 125)]
        mean = (np.mean(colors, axis=0) - 127.5) / 127.5
        return _unit(np.append(np.tile(mean, CELLS * CELLS), 0.1)[None])[0]


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / lengths).astype(np.float32)


def picture(color: str = "red", *, mark: int = 0, size: tuple[int, int] = (64, 48)) -> bytes:
    """A plain photo. Another `mark` gives other bytes that look the same to a coarse eye."""
    image = Image.new("RGB", size, color)
    image.putpixel((size[0] // 2, size[1] // 2), (mark % 256, mark // 256 % 256, 7))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def staged(color: str = "red", *, mark: int = 0, name: str = "") -> StagedPhoto:
    return photo_stage(data=picture(color, mark=mark), name=name or f"{color}.png")
