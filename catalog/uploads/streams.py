"""Streams of bytes that arrive: counted, hashed, bounded while they are read."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import IO, Any, cast

from django.core.exceptions import ValidationError


class UploadTooLarge(ValidationError):  # noqa: N818 -- the state of the upload is the name
    """More bytes than an upload may have, or than this one said it has."""


class Measured(io.RawIOBase):
    """`source`, counted in `size` and fed to `hashes` (of hashlib) while it is read.

    Reading past `limit` raises UploadTooLarge.
    """

    def __init__(self, source: IO[bytes], limit: int, hashes: Iterable[Any] = ()) -> None:
        self._source, self._limit, self._hashes = source, limit, tuple(hashes)
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.size += len(data)
        if self.size > self._limit:
            raise UploadTooLarge({"file": ["More bytes came than this file was said to have."]})
        for each in self._hashes:
            each.update(data)
        return data


class Chunks(io.RawIOBase):
    """An iterator's chunks as one stream, given out in sections: each ends where its length does."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._left = 0

    def section(self, length: int) -> IO[bytes] | None:
        """The stream for its next `length` bytes; None where it has ended."""
        self._left = length
        return cast("IO[bytes]", self) if self._has_more() else None

    def _has_more(self) -> bool:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._rest = bytes(chunk)
        return True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        if not wanted or not self._has_more():
            return b""
        data, self._rest = self._rest[:wanted], self._rest[wanted:]
        self._left -= len(data)
        return data
