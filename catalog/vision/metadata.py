"""The facts read from a photo's metadata: which side is up, and how the picture was made.

The latter is the mark of images made with AI (IPTC DigitalSourceType). Metadata is hostile input: there is no XML parser and no EXIF library here,
only bounded searches for the one value that is wanted.
"""

from __future__ import annotations

import re
import struct

from catalog.vision.containers import MAX_METADATA

ORIENTATION_TAG = 0x0112
_MAX_TAGS = 1000
_URI = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES = frozenset(
    (
        "algorithmicMedia",
        "algorithmicallyEnhanced",
        "composite",
        "compositeCapture",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "computationalCapture",
        "dataDrivenMedia",
        "digitalArt",
        "digitalCapture",
        "digitalCreation",
        "humanEdits",
        "minorHumanEdits",
        "multiFrameComputationalCapture",
        "negativeFilm",
        "positiveFilm",
        "print",
        "screenCapture",
        "softwareImage",
        "trainedAlgorithmicMedia",
        "virtualRecording",
    )
)
# The address is used for this one property only, so where it stands in the packet does not matter.
_SOURCE_TYPE = re.compile(
    rb"https?://cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{3,48})(?![A-Za-z])"
)
_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="{uri}{term}"/></rdf:RDF></x:xmpmeta>"""


def orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or the block is broken.

    `exif` is the TIFF structure, without the `Exif` prefix.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for at in range(directory + 2, directory + 2 + 12 * min(count, _MAX_TAGS), 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, at)
            if tag == ORIENTATION_TAG and kind == 3:  # noqa: PLR2004 - a TIFF SHORT
                return value if 1 <= value <= 8 else 1  # noqa: PLR2004 - EXIF's range
    except struct.error:
        return 1
    return 1


def source_type_in(xmp: bytes) -> str | None:
    """The IPTC digital source type in an XMP packet, as its term (`trainedAlgorithmicMedia`)."""
    named = (found[1].decode("ascii") for found in _SOURCE_TYPE.finditer(xmp[:MAX_METADATA]))
    return next((term for term in named if term in SOURCE_TYPES), None)


def source_type_packet(term: str) -> bytes:
    """A minimal XMP packet that says nothing but the digital source type.

    Raises: ValueError for a term that IPTC does not know.
    """
    if term not in SOURCE_TYPES:
        raise ValueError(f"{term!r} is not an IPTC digital source type")
    return _XMP.format(uri=_URI, term=term).encode("ascii")
