"""Decoding, and turning any mode and colour profile into plain 8-bit sRGB."""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

# What Pillow's decoders raise for broken files. Everything else is a defect and may surface.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
MAX_PROFILE = 4 * 1024 * 1024
_READERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_DEEP = frozenset(("I", "F", "I;16", "I;16B", "I;16L", "I;16N"))
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


def reader(data: bytes, file_format: str) -> ImageFile.ImageFile:
    """Pillow's reader for a format whose decoder is trusted in this process; nothing is decoded yet.

    The classes are used directly: no other decoder can be reached, whatever the bytes say.
    Raises: one of DECODE_ERRORS.
    """
    return _READERS[file_format](io.BytesIO(data))


def draft(image: ImageFile.ImageFile, at_least: int) -> None:
    """Let a JPEG decode at 1/2, 1/4 or 1/8 of its size, its short side not below `at_least`."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        image.draft(image.mode, (at_least, at_least))


def cost(image: ImageFile.ImageFile, announced: int) -> int:
    """How many pixels a photo of `announced` pixels is decoded to, after `draft`.

    A progressive JPEG is held at its full size whatever it is reduced to.
    """
    if isinstance(image, JpegImagePlugin.JpegImageFile) and "progressive" not in image.info:
        return image.width * image.height
    return announced


def shrink(image: Image.Image, at_least: int) -> Image.Image:
    """Average whole blocks of pixels while the short side stays at `at_least` or more."""
    factor = min(image.size) // at_least
    return image.reduce(factor) if factor > 1 else image


def plain(image: Image.Image) -> Image.Image:
    """8 bits a channel: L, RGB, RGBA or CMYK, the alpha of any mode kept.

    16-bit and floating point greys are scaled by their range, not clipped.
    """
    mode = image.mode
    if mode in _DEEP:
        return _eight_bits(image)
    if _is_see_through(image):
        # The premultiplied grey has no way to RGBA but through the plain one.
        return (image.convert("LA") if mode == "La" else image).convert("RGBA")
    if mode in ("RGB", "L", "RGBA", "CMYK"):
        return image
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert converted is not None
        return converted
    return image.convert("L" if mode == "1" else "RGB")


def _is_see_through(image: Image.Image) -> bool:
    if image.mode in ("LA", "PA", "La", "RGBa"):
        return True
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGBA":
        return True
    return "transparency" in image.info and image.mode in ("1", "L", "P", "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    # Not by the largest value found where the mode tells the range: a dark photo must stay dark.
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    else:
        extrema = image.getextrema()
        low, high = (float(value) for value in extrema)  # type: ignore[arg-type]
        low, high = (0.0, 65535.0) if 255 < high <= 65535 and low >= 0 else (min(low, 0.0), high)  # noqa: PLR2004
    scale = 255.0 / (high - low) if high > low else 1.0
    deep = image.convert("I") if image.mode.startswith("I;16") else image
    return deep.convert("F").point(lambda value: value * scale - low * scale).convert("L")


def has_transparency(image: Image.Image) -> bool:
    """Whether any pixel of a plain image lets the background through."""
    if image.mode != "RGBA":
        return False
    low, _ = image.getchannel("A").getextrema()
    return float(low) < 255  # type: ignore[arg-type]  # noqa: PLR2004 - opaque


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a plain image from its embedded profile to sRGB: RGB, or RGBA with the alpha kept.

    A profile that is broken, too large or for another kind of image is ignored, as browsers do.
    """
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha is not None else image
    transform = _transform(profile, colours.mode) if 0 < len(profile) <= MAX_PROFILE else None
    converted = transform.apply(colours) if transform is not None else colours.convert("RGB")
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def flatten(image: Image.Image) -> Image.Image:
    """RGB, transparent parts on white."""
    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")
    background = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(background, image).convert("RGB")


def orient(image: Image.Image, orientation: int) -> Image.Image:
    """Turn or mirror an image as the EXIF orientation (1 to 8) asks."""
    for turn in _TURNS.get(orientation, ()):
        image = image.transpose(turn)
    return image


def bare(image: Image.Image) -> Image.Image:
    """The same pixels without the metadata that Pillow carries along and would save again."""
    copy = image.copy()
    copy.info = {}
    return copy
