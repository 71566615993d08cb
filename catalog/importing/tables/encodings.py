"""Which encoding a text file has: one for all of it, and known to fit it to its last byte."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from catalog.importing.tables.kinds import bom_encoding, utf16_without_mark
from catalog.importing.tables.limits import HEAD_BYTES

_CHUNK = 1 << 20
# Of the lines with other bytes than ASCII, this much is looked at.
_SAMPLE_BYTES = 65_536
_CONTEXT = 40
# What Western European text is made of beside ASCII. Where an encoding turns nearly all of a
# sample into these it is the right one, also where the sample is too short for statistics.
_USUAL = frozenset(
    "äöüÄÖÜßéèêëÉÈÊàâáÀÂÁçÇñÑíîïÍÎóôÓÔúùûÚÙÛœŒæÆøØåÅãõÃÕ€£°®™©²³½¼×–—’‘“”„…•·¿¡«»´§µ\xa0"  # noqa: RUF001 -- these very characters are looked for
)
_ENOUGH = 0.95
_CANDIDATES = [
    *("cp1252", "mac_roman", "cp932", "gb18030", "big5", "euc_kr", "euc_jp"),
    *("cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
]
# Of what is not ASCII, this share may be broken in a file that otherwise is UTF-8.
_MOST_BROKEN = 0.1


def encoding_of(path: Path, upto: int | None = None) -> tuple[str, bool]:
    """A file's encoding, and whether a few of its bytes are not of it and have to be replaced.

    With `upto` no more of it is looked at than so many bytes.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if named := bom_encoding(head) or utf16_without_mark(head):
        return named, not _fits(path, named, upto)
    if _fits(path, "utf-8", upto):
        return "utf-8", False
    sample = _telling(path, upto)
    if _is_broken_utf8(sample):
        return "utf-8", True
    for encoding in (*_likely(sample), "cp1252"):
        if _fits(path, encoding, upto):
            return encoding, False
    return "cp1252", True


def _fits(path: Path, encoding: str, upto: int | None) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    is_whole = upto is None or path.stat().st_size <= upto
    try:
        for chunk in _chunks(path, upto):
            decoder.decode(chunk)
        decoder.decode(b"", final=is_whole)
    except UnicodeError:
        return False
    return True


def _chunks(path: Path, upto: int | None) -> Iterator[bytes]:
    left = path.stat().st_size if upto is None else upto
    with path.open("rb") as file:
        while chunk := file.read(min(_CHUNK, left)):
            left -= len(chunk)
            yield chunk


def _telling(path: Path, upto: int | None) -> bytes:
    """The lines that have other bytes than ASCII, as far as the sample goes."""
    sample = bytearray()
    with path.open("rb") as file:
        while len(sample) < _SAMPLE_BYTES and (line := file.readline(_SAMPLE_BYTES)):
            if not line.isascii():
                sample += _around(line)
            if upto is not None and file.tell() > upto:
                break
    return bytes(sample[:_SAMPLE_BYTES])


def _around(line: bytes) -> bytes:
    """A line without the long stretches of ASCII before and after what tells."""
    first = next(at for at, byte in enumerate(line) if byte > 127)  # noqa: PLR2004 -- ASCII's last
    return line[max(0, first - _CONTEXT) :]


def _is_broken_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f" and character != "\ufffd")
    return broken < _MOST_BROKEN * whole


def _likely(sample: bytes) -> Iterator[str]:
    for encoding in ("cp1252", "mac_roman"):
        if _usual(sample, encoding) >= _ENOUGH:
            yield encoding
    for match in from_bytes(sample, cp_isolation=_CANDIDATES):
        yield match.encoding


def _usual(sample: bytes, encoding: str) -> float:
    text = sample.decode(encoding, errors="replace")
    other = [character for character in text if character > "\x7f"]
    return sum(character in _USUAL for character in other) / max(1, len(other))
