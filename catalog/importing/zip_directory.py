"""The directory of a zip file, read entry by entry, and the bytes of one entry.

The standard library's reader takes the whole directory into memory, believes it, and gives up on all
of it for one entry that is odd. Here an archive comes from a stranger: the number of entries is
bounded, none may share bytes with another, and what one of them says is believed of it alone.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

STORED, DEFLATED = 0, 8
ENCRYPTED = 0x0001 | 0x0040 | 0x2000
UTF8_NAME = 0x0800
UNIX = 3
FOLDER_ATTRIBUTE = 0x10
COPY_BYTES = 1024 * 1024
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\5\6"
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_ENTRY_SIGNATURE = b"PK\1\2"
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\3\4"
_MAX_COMMENT = 0xFFFF
# Of the directory itself: it is in memory as a whole.
MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
_SEE_ZIP64 = 0xFFFFFFFF
_ZIP64, _UNICODE_NAME = 0x0001, 0x7075


class ZipBroken(Exception):  # noqa: N818 -- the state of the file is the name
    """The file is no zip file, or only a part of one; the message is for people."""


class EntryBroken(Exception):  # noqa: N818 -- likewise
    """The bytes of one entry are not what the directory says."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder as the directory tells of it. `unicode_name` is a second telling of the
    name, empty in most; `mode` is Unix's, 0 where another system wrote it.
    """

    raw_name: bytes
    unicode_name: bytes
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    mode: int
    is_folder: bool


def read_directory(file: IO[bytes], max_entries: int) -> list[Entry]:
    """All entries, in the directory's order. Raises ZipBroken."""
    start, end, shift = _directory_bounds(file)
    if end - start > MAX_DIRECTORY_BYTES:
        raise ZipBroken("The names of its files are too long. Shorten them.")
    file.seek(start)
    entries: list[Entry] = []
    while file.tell() < end:
        if len(entries) == max_entries:
            raise ZipBroken(
                f"It holds more than {max_entries:,} files. Split it into several archives."
            )
        entries.append(_read_entry(file, shift))
    _refuse_overlaps(entries, start)
    return entries


def _directory_bounds(file: IO[bytes]) -> tuple[int, int, int]:
    """Where the directory begins and ends, and how far everything lies behind where it says."""
    length = file.seek(0, os.SEEK_END)
    tail_start = max(0, length - _END.size - _MAX_COMMENT)
    file.seek(tail_start)
    tail = file.read(_END.size + _MAX_COMMENT)
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or len(tail) - at < _END.size:
        raise ZipBroken(
            "It is no zip file, or its end is missing. Make the archive again, or upload it again."
        )
    _, disk, first_disk, _, count, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if end >= _END64_LOCATOR.size:
        file.seek(end - _END64_LOCATOR.size)
        locator = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
        if locator[0] == b"PK\6\7":
            disk, first_disk, count, size, offset, end = _read_end64(file, end, locator[2])
    if disk or first_disk:
        raise ZipBroken("It is one part of a split archive. Make one zip file of all parts.")
    del count  # What is really there is counted.
    start = end - size
    shift = start - offset
    if start < 0 or shift < 0:
        raise ZipBroken("Its directory is damaged. Make the archive again.")
    return start, end, shift


def _read_end64(file: IO[bytes], locator_at: int, said: int) -> tuple[int, int, int, int, int, int]:
    # Where something stands before the archive, it lies behind where it says: before its locator.
    for at in (said, locator_at - _END64_LOCATOR.size - _END64.size):
        if 0 <= at <= locator_at - _END64.size:
            file.seek(at)
            found = _END64.unpack(file.read(_END64.size))
            if found[0] == b"PK\6\6":
                _, _, _, _, disk, first_disk, _, count, size, offset = found
                return disk, first_disk, count, size, offset, at
    raise ZipBroken("Its directory is damaged. Make the archive again.")


def _read_entry(file: IO[bytes], shift: int) -> Entry:
    head = file.read(_ENTRY.size)
    if len(head) < _ENTRY.size or not head.startswith(_ENTRY_SIGNATURE):
        raise ZipBroken("Its directory is damaged. Make the archive again.")
    fields = _ENTRY.unpack(head)
    system, flags, method, crc = fields[2], fields[5], fields[6], fields[9]
    compressed, size, name_length, extra_length, comment_length = fields[10:15]
    attributes, offset = fields[17:19]
    name = file.read(name_length)
    extra = _extra_fields(file.read(extra_length))
    file.seek(comment_length, os.SEEK_CUR)
    size, compressed, offset = _wide(extra.get(_ZIP64, b""), size, compressed, offset)
    return Entry(
        raw_name=name,
        unicode_name=_unicode_name(extra.get(_UNICODE_NAME, b""), name),
        flags=flags,
        method=method,
        crc=crc,
        compressed=compressed,
        size=size,
        offset=offset + shift,
        mode=attributes >> 16 if system == UNIX else 0,
        is_folder=name.endswith((b"/", b"\\")) or bool(attributes & FOLDER_ATTRIBUTE),
    )


def _extra_fields(data: bytes) -> dict[int, bytes]:
    """The fields by their kind; what is cut off at the end is left out."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        found.setdefault(kind, data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _wide(data: bytes, *values: int) -> list[int]:
    """The values with those that did not fit taken from the Zip64 field."""
    found = []
    for value in values:
        if value == _SEE_ZIP64 and len(data) >= 8:  # noqa: PLR2004 -- the bytes of one number
            (value,) = struct.unpack_from("<Q", data)  # noqa: PLW2901 -- its true value
            data = data[8:]
        found.append(value)
    return found


def _unicode_name(data: bytes, name: bytes) -> bytes:
    """Info-ZIP's second telling of the name, unless the first was changed since."""
    if len(data) > 5 and data[0] == 1:  # noqa: PLR2004 -- its version and checksum
        (crc,) = struct.unpack_from("<L", data, 1)
        if crc == zlib.crc32(name):
            return data[5:]
    return b""


def _refuse_overlaps(entries: list[Entry], directory: int) -> None:
    """Bytes that count for several entries are how a small file becomes petabytes."""
    reached = 0
    for entry in sorted(entries, key=lambda each: each.offset):
        if entry.offset < reached:
            raise ZipBroken("Files in it overlap each other, as honest archives' never do.")
        reached = entry.offset + _LOCAL.size + len(entry.raw_name) + entry.compressed
    if reached > directory:
        raise ZipBroken("It is incomplete: bytes of its files are missing. Upload it again.")


def entry_bytes(descriptor: int, entry: Entry) -> Iterator[bytes]:
    """What an entry unpacks to, in pieces: as many bytes as it said, or EntryBroken.

    Reads at places of its own, so that several threads may at once.
    """
    crc = size = 0
    for piece in _unpacked(descriptor, entry):
        size += len(piece)
        if size > entry.size:
            raise EntryBroken("It unpacks to more than it says.")
        crc = zlib.crc32(piece, crc)
        yield piece
    if size < entry.size:
        raise EntryBroken("It is incomplete.")
    if crc != entry.crc:
        raise EntryBroken("Its bytes are damaged: the checksum does not match.")


def _unpacked(descriptor: int, entry: Entry) -> Iterator[bytes]:
    pieces = _packed(descriptor, entry)
    if entry.method == STORED:
        yield from pieces
        return
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in pieces:
            yield unpacker.decompress(piece, COPY_BYTES)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, COPY_BYTES)
        yield unpacker.flush()
    except zlib.error as error:
        raise EntryBroken("Its bytes are damaged.") from error
    if not unpacker.eof:
        raise EntryBroken("It is incomplete.")


def _packed(descriptor: int, entry: Entry) -> Iterator[bytes]:
    head = os.pread(descriptor, _LOCAL.size, entry.offset)
    if len(head) < _LOCAL.size or not head.startswith(_LOCAL_SIGNATURE):
        raise EntryBroken("It is not where the archive says.")
    *_, name_length, extra_length = _LOCAL.unpack(head)
    at = entry.offset + _LOCAL.size + name_length + extra_length
    left = entry.compressed
    while left:
        piece = os.pread(descriptor, min(left, COPY_BYTES), at)
        if not piece:
            raise EntryBroken("It is incomplete.")
        yield piece
        at += len(piece)
        left -= len(piece)
