"""Files that somebody brings: recognised by what is in them, unpacked within limits, kept small."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.vocabulary import google, shopify
from catalog.vocabulary.reading import MAX_BYTES, decoded, parsed, vocabulary_of
from catalog.vocabulary.source import VocabularyFileError

VOCABULARY, SHOPIFY, GOOGLE = "vocabulary", "shopify", "google"
MAX_UNPACKED = 200_000_000
MAX_MEMBERS = 20_000
MAX_FILES = 300
# Of an archive only these are looked at; a whole release holds much else.
_WANTED = re.compile(
    r"(categories|attributes|attribute_values|values|taxonomy)\b[^/]*\.(json|txt)(\.gz)?"
    r"|[^/]*\.toml|vocabulary[^/]*\.json"
)
# What taxonomies are packed with. Others may ask for more memory than they hold data.
_PACKED_BY = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# What reading an archive that is none, or a broken one, ends in.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


@dataclass(frozen=True)
class Brought:
    """What was read: `data` is JSON's, in a form that depends on the kind."""

    kind: str
    data: Any

    def packed(self) -> bytes:
        return zlib.compress(json.dumps([self.kind, self.data], ensure_ascii=False).encode())

    @classmethod
    def unpacked(cls, content: bytes) -> Brought:
        kind, data = json.loads(zlib.decompress(content))
        return cls(kind, data)


@dataclass(frozen=True)
class _File:
    """A file of text; `language` is what its name or folder says, "" for nothing."""

    name: str
    data: bytes

    @property
    def language(self) -> str:
        steps = re.split(r"[/\\._]", self.name)
        return next((step for step in reversed(steps) if _LANGUAGE.fullmatch(step)), "")

    @property
    def head(self) -> str:
        return self.data[:400].decode("utf-8", "replace").lstrip("\ufeff \r\n\t")


def recognise(files: Iterable[tuple[str, bytes]], *, language: str = "en") -> Brought:
    """What these files are, by name and content; `language` is that of files that name none.

    Takes a vocabulary of our own (TOML or JSON), Google's taxonomy with ids, or files of one
    release of Shopify's taxonomy; any of them zipped. Raises VocabularyFileError.
    """
    found = list(_unpacked(files))
    if not found:
        raise VocabularyFileError("Choose a file.")
    kinds = {_kind(file) for file in found}
    if len(kinds) > 1 or (len(found) > 1 and kinds != {SHOPIFY}):
        raise VocabularyFileError(
            "Bring one vocabulary, one file of Google's, or files of Shopify's taxonomy alone."
        )
    kind = kinds.pop()
    if kind == SHOPIFY:
        return Brought(SHOPIFY, _shopify(found, language).data())
    if kind == GOOGLE:
        text = decoded(found[0].data, found[0].name)
        return Brought(GOOGLE, google.google_ids(text, found[0].name))
    data = parsed(found[0].data, found[0].name)
    vocabulary = vocabulary_of(data)
    if not vocabulary.categories and not vocabulary.attributes:
        raise VocabularyFileError(f"{found[0].name} holds no category and no attribute.")
    return Brought(VOCABULARY, data)


def _kind(file: _File) -> str:
    head = file.head
    if head.startswith(shopify.HEADING):
        return SHOPIFY
    if head.startswith(google.HEADING) or google.LINE.match(head):
        return GOOGLE
    if head.startswith("{") and re.search(r'"(version|verticals)"\s*:', head):
        return SHOPIFY
    return VOCABULARY


def _shopify(files: list[_File], language: str) -> shopify.Taxonomy:
    reader = shopify.Reader()
    # Categories name attributes that extend others by the id of those.
    for file in sorted(_needed(files), key=lambda each: "categor" in each.name):
        spoken = file.language or language
        if file.head.startswith(shopify.HEADING):
            reader.add_text(decoded(file.data, file.name), spoken, file.name)
            continue
        data = parsed(file.data, file.name)
        if not isinstance(data, Mapping):
            raise VocabularyFileError(f"{file.name} is no file of Shopify's taxonomy.")
        reader.add_json(data, spoken, file.name)
    return reader.finish()


def _needed(files: list[_File]) -> list[_File]:
    """Without what others say as well: a language's categories are 30 MB as JSON, 2 MB as text."""
    spoken: dict[tuple[str, str], set[str]] = {}
    for file in files:
        spoken.setdefault((file.language, _topic(file)), set()).add(_form(file))

    def is_needed(file: _File) -> bool:
        forms = spoken[file.language, _topic(file)]
        if len(forms) == 1:
            return True
        if _topic(file) == "categories" and file.language not in {"", shopify.ENGLISH}:
            return _form(file) == "text"
        return _form(file) == "json"

    return [file for file in files if is_needed(file)]


def _topic(file: _File) -> str:
    return re.split(r"[.]", file.name.rpartition("/")[2])[0]


def _form(file: _File) -> str:
    return "text" if file.head.startswith("#") else "json"


def _unpacked(files: Iterable[tuple[str, bytes]]) -> Iterator[_File]:
    budget, count = MAX_UNPACKED, 0
    for name, data in files:
        members = _members(name, data) if data[:4] == b"PK\x03\x04" else iter([(name, data)])
        for member, content in members:
            file = _File(member, _expanded(member, content))
            budget -= len(file.data)
            count += 1
            if budget < 0 or count > MAX_FILES:
                raise VocabularyFileError(
                    f"Unpacked, that is more than {MAX_UNPACKED // 1_000_000} MB or {MAX_FILES} files. "
                    "Bring fewer languages at once."
                )
            yield file


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_MEMBERS:
                raise VocabularyFileError(f"{name} holds more than {MAX_MEMBERS} files.")
            if any(info.compress_type not in _PACKED_BY for info in archive.infolist()):
                raise VocabularyFileError(
                    f"{name} is packed in a way that is not read here: zip it."
                )
            wanted = [
                info
                for info in archive.infolist()
                if _WANTED.fullmatch(info.filename.rpartition("/")[2])
                or google.HEADING.encode() in _peek(archive, info)
            ]
            if not wanted:
                raise VocabularyFileError(f"{name} holds no file of a vocabulary.")
            for info in wanted:
                with archive.open(info) as member:
                    yield info.filename, _within(member.read(MAX_BYTES + 1), info.filename)
    except _BROKEN as error:
        raise VocabularyFileError(f"{name} cannot be unpacked: {error}") from error


def _peek(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if not info.filename.endswith(".txt"):
        return b""
    with archive.open(info) as member:
        return member.read(100)


def _expanded(name: str, data: bytes) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return _within(data, name)
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return _within(file.read(MAX_BYTES + 1), name)
    except (OSError, EOFError, zlib.error) as error:
        raise VocabularyFileError(f"{name} cannot be unpacked: {error}") from error


def _within(data: bytes, name: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise VocabularyFileError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB.")
    return data
