"""Photos that must be refused, and odd ones that must be taken, all built in code.

`BAD` maps a name to the code of the refusal, `ODD` lists names; `bad_photo(name)` and
`odd_photo(name)` give the bytes.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

SIZE = (96, 64)


def picture(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """A red left and a blue right half with some noise, so that compression is not trivial."""
    noise = np.random.default_rng(7).integers(0, 24, (size[1], size[0], 3), dtype=np.uint8)
    base = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    base[:, : size[0] // 2] = (200, 20, 20)
    base[:, size[0] // 2 :] = (20, 20, 200)
    return Image.fromarray(base + noise).convert(mode)


def encode(image: Image.Image, file_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def heic(**options: Any) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture()).save(stream, **options)
    return stream.getvalue()


def jpeg(**options: Any) -> bytes:
    return encode(picture(), "JPEG", **options)


def png(**options: Any) -> bytes:
    return encode(picture(), "PNG", **options)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(
    width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2, extra: bytes = b""
) -> bytes:
    """A PNG with any announced size over any compressed pixel data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", zlib.compress(pixels, 9))
        + png_chunk(b"IEND", b"")
    )


def jpeg_announcing(width: int, height: int) -> bytes:
    data = jpeg()
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def jpeg_with_segment(marker: int, body: bytes) -> bytes:
    data = jpeg()
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]


def jpeg_of_many_scans() -> bytes:
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:-2] + scan * 500 + data[-2:]


def a_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("evil.txt", "hidden")
    return stream.getvalue()


def gif_with_script_header() -> bytes:
    data = bytearray(encode(picture("P"), "GIF"))
    data[6:8] = b"/*"
    return bytes(data) + b"*/=1;alert(1)"


def webp_announcing(width: int, height: int) -> bytes:
    body = encode(picture(), "WEBP")[12:]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    whole = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x00\x00\x00\x00" + size + body
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def rle_bitmap() -> bytes:
    """A grey of 64 by 64, each row one run of 64 pixels."""
    rows = b"\x40\x80\x00\x00" * 64 + b"\x00\x01"
    palette = b"".join(bytes((grey, grey, grey, 0)) for grey in range(256))
    header = struct.pack("<IiiHHIIiiII", 40, 64, 64, 1, 8, 1, len(rows), 0, 0, 256, 0)
    start = 14 + len(header) + len(palette)
    whole = header + palette + rows
    return b"BM" + struct.pack("<IHHI", 14 + len(whole), 0, 0, start) + whole


def tiff_with(entries: list[tuple[int, int, int, int]]) -> bytes:
    """A TIFF that is one directory of (tag, type, count, value) and nothing else."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries)) + body + bytes(4)


def evil_tiff() -> bytes:
    """Offsets beyond the file, absurd counts, and a strip of four gigabytes."""
    return tiff_with(
        [
            (256, 4, 1, 3000),
            (257, 4, 1, 3000),
            (258, 3, 0xFFFFFFFF, 0xFFFFFFF0),
            (259, 3, 1, 5),
            (262, 3, 1, 2),
            (273, 4, 0x0FFFFFFF, 0xFFFFFF00),
            (277, 3, 1, 3),
            (279, 4, 1, 0xFFFFFFFF),
            (700, 1, 0xFFFFFFFF, 0x10),
        ]
    )


def cut(data: bytes, share: float = 0.6) -> bytes:
    return data[: int(len(data) * share)]


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"

_BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("empty", lambda: b""),
    "random-bytes": ("not_an_image", lambda: random.Random(3).randbytes(5000)),
    "text": ("not_an_image", lambda: b"Dear customer, here is the photo.\n" * 20),
    "svg": ("unsupported_format", lambda: SVG),
    "html-named-jpg": ("unsupported_format", lambda: HTML),
    "pdf": ("unsupported_format", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(200)),
    "psd": ("unsupported_format", lambda: b"8BPS\x00\x01" + bytes(200)),
    "ico": ("unsupported_format", lambda: encode(picture(), "ICO", sizes=[(32, 32)])),
    "eps": ("unsupported_format", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    "mp4": ("unsupported_format", lambda: b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + bytes(99)),
    "zip": ("unsupported_format", a_zip),
    "jpeg-2000": ("unsupported_format", lambda: b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(99)),
    "truncated-jpeg": ("corrupt", lambda: cut(jpeg())),
    "truncated-progressive-jpeg": ("corrupt", lambda: cut(jpeg(progressive=True))),
    "jpeg-header-only": ("corrupt", lambda: jpeg()[:12]),
    "truncated-png": ("corrupt", lambda: cut(png())),
    "truncated-webp": ("corrupt", lambda: cut(encode(picture(), "WEBP"))),
    "truncated-gif": ("corrupt", lambda: cut(encode(picture("P"), "GIF"))),
    "truncated-bmp": ("corrupt", lambda: cut(encode(picture(), "BMP"))),
    "truncated-tiff": ("corrupt", lambda: cut(encode(picture(), "TIFF"))),
    "truncated-avif": ("corrupt", lambda: cut(encode(picture(), "AVIF"))),
    "truncated-heic": ("corrupt", lambda: cut(heic())),
    "png-bad-crc": ("corrupt", lambda: png()[:-16] + b"\x00\x00\x00\x00" + png()[-12:]),
    "png-short-pixels": ("corrupt", lambda: png_of(200, 200, bytes(100))),
    "png-without-header": ("corrupt", lambda: b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b"")),
    "jpeg-of-many-scans": ("corrupt", jpeg_of_many_scans),
    "evil-tiff": ("corrupt", evil_tiff),
    "1x1-png": ("too_small", lambda: encode(picture(size=(1, 1)), "PNG")),
    "1x1-gif": ("too_small", lambda: encode(picture("P", size=(1, 1)), "GIF")),
    "1x1-avif": ("too_small", lambda: encode(picture(size=(1, 1)), "AVIF")),
    "thin-jpeg": ("too_small", lambda: encode(picture(size=(600, 8)), "JPEG")),
    "100-megapixel-jpeg": ("too_many_pixels", lambda: jpeg_announcing(10_000, 10_000)),
    "100-megapixel-png": (
        "too_many_pixels",
        lambda: png_of(10_000, 10_000, bytes(1251 * 10_000), depth=1, colour=0),
    ),
    "png-bomb": ("too_many_pixels", lambda: png_of(60_000, 60_000, bytes(5_000_000))),
    "gif-bomb": (
        "too_many_pixels",
        lambda: b"GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;",
    ),
    "webp-bomb": ("too_many_pixels", lambda: webp_announcing(16_383, 16_383)),
    "rle-bmp": ("unsupported_format", rle_bitmap),
    "bmp-bomb": (
        "too_many_pixels",
        lambda: b"BM" + struct.pack("<IHHIIiiHHIIiiII", 90, 0, 0, 54, 40, 40_000, -40_000, 1, 24, 0, 0, 0, 0, 0, 0),
    ),
    "tiff-bomb": ("too_many_pixels", lambda: tiff_with([(256, 4, 1, 50_000), (257, 4, 1, 50_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, 100)])),
    "panorama-too-long": ("too_many_pixels", lambda: png_of(40_000, 20, bytes(100))),
    "jpeg-then-zip": ("hidden_content", lambda: jpeg() + a_zip()),
    "jpeg-then-html": ("hidden_content", lambda: jpeg() + HTML),
    "jpeg-then-php": ("hidden_content", lambda: jpeg() + b"<?php system($_GET[0]); ?>"),
    "jpeg-then-program": ("hidden_content", lambda: jpeg() + b"MZ\x90\x00" + bytes(60)),
    "jpeg-with-php-comment": ("hidden_content", lambda: jpeg_with_segment(0xFE, b"<?php phpinfo();")),
    "jpeg-with-svg-comment": ("hidden_content", lambda: jpeg_with_segment(0xFE, SVG)),
    "jpeg-of-svg-tags": ("hidden_content", lambda: jpeg_with_segment(0xED, b"<svg " * 13_000)),
    "jpeg-with-pdf-comment": ("hidden_content", lambda: jpeg_with_segment(0xFE, b"%PDF-1.4")),
    "png-then-zip": ("hidden_content", lambda: png() + a_zip()),
    "png-then-rar": ("hidden_content", lambda: png() + b"Rar!\x1a\x07\x01\x00"),
    "webp-then-script": ("hidden_content", lambda: encode(picture(), "WEBP") + b"<script>1</script>"),
    "gif-then-jar": ("hidden_content", lambda: encode(picture("P"), "GIF") + a_zip()),
    "gif-with-script-header": ("hidden_content", gif_with_script_header),
    "avif-then-zip": ("hidden_content", lambda: encode(picture(), "AVIF") + a_zip()),
    "tiff-then-html": ("hidden_content", lambda: encode(picture(), "TIFF") + HTML),
}  # fmt: skip
BAD: dict[str, str] = {name: code for name, (code, _) in _BAD.items()}


def exif_orientation(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


def private_exif() -> bytes:
    """A camera's name, an orientation and a place on the earth."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return exif.tobytes()


def xmp(term: str = "trainedAlgorithmicMedia") -> bytes:
    """An XMP packet as image generators write it, with an entity bomb in front."""
    return (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="Jane Private">'
        "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/"
        f"{term}</Iptc4xmpExt:DigitalSourceType></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def deflated_profile() -> bytes:
    """The body of an iCCP chunk that is some kilobytes of four megabytes."""
    return b"k\x00\x00" + zlib.compress(bytes(4_000_000), 9)


def deflated_xmp() -> bytes:
    """The body of an XMP chunk that is some kilobytes of four megabytes."""
    return b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(bytes(4_000_000), 9)


def transparent_palette() -> Image.Image:
    image = picture("P")
    image.info["transparency"] = image.getpixel((0, 0))
    return image


def motion_photo() -> bytes:
    film = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42" + random.Random(1).randbytes(4000)
    return jpeg() + film


def frames() -> list[Image.Image]:
    return [picture(), picture().rotate(180)]


_ODD: dict[str, Callable[[], bytes]] = {
    "cmyk-jpeg": lambda: encode(picture("CMYK"), "JPEG"),
    "grey-jpeg": lambda: encode(picture("L"), "JPEG"),
    "progressive-jpeg": lambda: jpeg(progressive=True),
    "rotated-jpeg": lambda: jpeg(exif=exif_orientation(6)),
    "broken-profile-jpeg": lambda: jpeg(icc_profile=b"not a profile" * 30),
    "srgb-profile-jpeg": lambda: jpeg(icc_profile=srgb_profile()),
    "broken-exif-jpeg": lambda: jpeg(exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"),
    "motion-photo": motion_photo,
    "jpeg-with-second-picture": lambda: jpeg() + jpeg(),
    "jpeg-with-padding": lambda: jpeg() + bytes(4096),
    "16-bit-grey-png": lambda: encode(
        Image.fromarray(np.linspace(0, 65535, 96 * 64).reshape(64, 96).astype(np.uint16)), "PNG"
    ),
    "16-bit-colour-png": lambda: png_of(64, 64, (b"\x00" + b"\xc0\x00\x10\x00\x10\x00" * 64) * 64, depth=16),
    "1-bit-png": lambda: encode(picture("1"), "PNG"),
    "grey-alpha-png": lambda: encode(picture("LA"), "PNG"),
    "palette-png": lambda: encode(picture("P"), "PNG"),
    "transparent-palette-png": lambda: encode(transparent_palette(), "PNG"),
    "bytes-transparency-png": lambda: encode(picture("P"), "PNG", transparency=bytes(range(256))),
    "grey-key-png": lambda: encode(picture("L"), "PNG", transparency=40),
    "animated-png": lambda: encode(frames()[0], "PNG", save_all=True, append_images=frames()[1:]),
    "invalid-animation-png": lambda: png_of(
        64, 64, (b"\x00" + bytes(192)) * 64, extra=png_chunk(b"acTL", bytes(8)) * 2
    ),
    "text-bomb-png": lambda: png_of(
        64, 64, (b"\x00" + bytes(192)) * 64,
        extra=png_chunk(b"zTXt", b"k\x00\x00" + zlib.compress(bytes(50_000_000), 9)),
    ),
    "profile-bomb-png": lambda: png_of(
        64, 64, (b"\x00" + bytes(192)) * 64,
        extra=png_chunk(b"iCCP", b"k\x00\x00" + zlib.compress(bytes(50_000_000), 9)),
    ),
    "many-profiles-png": lambda: png_of(
        64, 64, (b"\x00" + bytes(192)) * 64, extra=png_chunk(b"iCCP", deflated_profile()) * 50
    ),
    "many-packets-png": lambda: png_of(
        64, 64, (b"\x00" + bytes(192)) * 64, extra=png_chunk(b"iTXt", deflated_xmp()) * 50
    ),
    "animated-gif": lambda: encode(frames()[0], "GIF", save_all=True, append_images=frames()[1:]),
    "animated-webp": lambda: encode(frames()[0], "WEBP", save_all=True, append_images=frames()[1:]),
    "lossless-webp": lambda: encode(picture("RGBA"), "WEBP", lossless=True),
    "bmp": lambda: encode(picture(), "BMP"),
    "tiff": lambda: encode(picture(), "TIFF", compression="tiff_lzw"),
    "cmyk-tiff": lambda: encode(picture("CMYK"), "TIFF"),
    "16-bit-tiff": lambda: encode(
        Image.fromarray(np.full((64, 96), 40_000, dtype=np.uint16)), "TIFF"
    ),
    "float-tiff": lambda: encode(
        Image.fromarray(np.linspace(0, 1, 96 * 64, dtype=np.float32).reshape(64, 96)), "TIFF"
    ),
    "lab-tiff": lambda: encode(picture("LAB"), "TIFF"),
    "rotated-tiff": lambda: encode(picture(), "TIFF", tiffinfo={274: 6}),
    "many-page-tiff": lambda: encode(frames()[0], "TIFF", save_all=True, append_images=frames()[1:]),
    "avif": lambda: encode(picture(), "AVIF"),
    "transparent-avif": lambda: encode(see_through(), "AVIF"),
    "rotated-avif": lambda: encode(picture(), "AVIF", exif=exif_orientation(6)),
    "heic": heic,
    "rotated-heic": lambda: heic(exif=exif_orientation(6)),
}  # fmt: skip
ODD: tuple[str, ...] = tuple(_ODD)


def see_through() -> Image.Image:
    image = picture("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 20, 64))
    return image


@cache
def bad_photo(name: str) -> bytes:
    return _BAD[name][1]()


@cache
def odd_photo(name: str) -> bytes:
    return _ODD[name]()
