"""Zip archives from strangers: looked through before anything of them is read, never unpacked.

What an archive says of itself is checked as a whole when it is opened; what cannot be taken of it is
listed with the reason. A member is read into memory, or into a file of our own naming, within the
size that it said, whatever its bytes unpack to.
"""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings

from catalog import storage
from catalog.importing.archive_names import decoded_names
from catalog.importing.zip_directory import (
    DEFLATED,
    ENCRYPTED,
    STORED,
    Entry,
    EntryBroken,
    ZipBroken,
    entry_bytes,
    read_directory,
)
from catalog.uploads.files import temporary_folder

PHOTO, TABLE, OTHER = "photo", "table", "other"
PHOTO_SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".gif",
        ".avif",
        ".heic",
        ".heif",
        ".tif",
        ".tiff",
        ".bmp",
    ]
)
TABLE_SUFFIXES = frozenset([".csv", ".tsv", ".txt", ".xlsx", ".xml", ".jsonl"])
NESTED_SUFFIXES = frozenset(
    [".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".cab", ".iso"]
)
# What systems leave behind, which nobody wants.
LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"})
MEBIBYTE = 1024 * 1024
MAX_ENTRIES = 100_000
MAX_TABLE_BYTES = 1024 * MEBIBYTE
# No photos and hardly a table become so much smaller; and what does is asked only where it counts.
MAX_TABLE_RATIO, TABLE_RATIO_FROM = 200, 64 * MEBIBYTE
MAX_TOTAL_RATIO, TOTAL_RATIO_FROM = 100, 1024 * MEBIBYTE
# How much larger than the largest upload all of it may be.
MAX_TOTAL_UPLOADS = 4
MAX_NAME = 1000
_DRIVE = re.compile(r"[A-Za-z]:")
_OTHERS = (
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
)
_TAR_AT, _TAR = 257, b"ustar"


class ArchiveRejected(Exception):  # noqa: N818 -- the verdict is the name
    """Nothing of the archive is taken; the message says why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MemberRejected(Exception):  # noqa: N818 -- likewise
    """One file of the archive cannot be taken; the others can."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Member:
    """A file of the archive by its name, with folders; `kind` by the name's end."""

    name: str
    size: int
    kind: str
    entry: Entry = field(repr=False, compare=False)


@dataclass(frozen=True)
class Refused:
    """A file of the archive that is not taken, and why."""

    name: str
    message: str


class Archive:
    """An open archive: `members` can be read, `refused` cannot; what systems leave in archives is
    in neither. Made by `open_archive`.
    """

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        self._file, self._folder = file, folder
        self.members: list[Member] = []
        self.refused: list[Refused] = []
        self._by_key: dict[str, Member] = {}
        entries = _entries(file)
        for entry, name in zip(entries, decoded_names(entries), strict=True):
            self._add(entry, name.replace("\\", "/"))
        self._by_last_name: dict[str, list[Member]] = {}
        for member in self.members:
            last = PurePosixPath(_key(member.name)).name
            self._by_last_name.setdefault(last, []).append(member)

    def _add(self, entry: Entry, name: str) -> None:
        if entry.is_folder or is_litter(name):
            return
        shown = "".join(char if char.isprintable() else "_" for char in name)[-MAX_NAME:]
        kind = kind_of(name)
        reason = _unsafe(name) or _untakeable(entry) or _oversized(entry, kind)
        if not reason and _key(name) in self._by_key:
            reason = (
                "There is another file of this name in the archive, apart from capitals or accents."
            )
        if reason:
            self.refused.append(Refused(shown, reason))
            return
        member = Member(name, entry.size, kind, entry)
        self.members.append(member)
        self._by_key[_key(name)] = member

    def find(self, name: str) -> Member | None:
        """The member that a table means by `name`: with its folders or, where there is one such
        alone, without; capitals and accents are written one way or another.
        """
        key = _key(name.replace("\\", "/").strip().removeprefix("./").lstrip("/"))
        if key in self._by_key:
            return self._by_key[key]
        found = self._by_last_name.get(PurePosixPath(key).name, [])
        return found[0] if len(found) == 1 and "/" not in key else None

    def read(self, member: Member) -> bytes:
        """The bytes of a member. Raises MemberRejected. Several threads may read at once."""
        return member_bytes(self._file, member)

    def extract_table(self, member: Member, upto: int | None = None) -> Path:
        """A member as a file, there until the archive is closed; with `upto` about so many bytes.

        Raises MemberRejected, storage.StorageUnavailable.
        """
        suffix = PurePosixPath(member.name).suffix.lower()
        with (
            storage.named_failures(member.name),
            tempfile.NamedTemporaryFile(dir=self._folder, suffix=suffix, delete=False) as file,
        ):
            try:
                for piece in entry_bytes(self._file.fileno(), member.entry):
                    file.write(piece)
                    if upto is not None and file.tell() > upto:
                        break
            except EntryBroken as error:
                raise MemberRejected(_damaged(error)) from error
        return Path(file.name)


def member_bytes(file: IO[bytes], member: Member) -> bytes:
    """The bytes of a member of the archive that `file` is, which needs not be listed again.

    Raises MemberRejected.
    """
    try:
        return b"".join(entry_bytes(file.fileno(), member.entry))
    except EntryBroken as error:
        raise MemberRejected(_damaged(error)) from error


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """The zip file at `path`. Raises ArchiveRejected."""
    folder = Path(tempfile.mkdtemp(dir=temporary_folder(), prefix="archive-"))
    try:
        with path.open("rb") as file:
            yield Archive(file, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _entries(file: IO[bytes]) -> list[Entry]:
    """The entries of an archive that as a whole is no danger."""
    _refuse_other_kinds(file)
    try:
        entries = read_directory(file, MAX_ENTRIES)
    except ZipBroken as error:
        raise ArchiveRejected(f"This archive cannot be read. {error}") from error
    total = sum(entry.size for entry in entries)
    packed = sum(entry.compressed for entry in entries)
    suspicious = total > TOTAL_RATIO_FROM and total > MAX_TOTAL_RATIO * packed
    if suspicious or total > MAX_TOTAL_UPLOADS * settings.MAX_UPLOAD_BYTES:
        raise ArchiveRejected(
            f"Unpacked, this archive would have {total / 1024**3:,.0f} GB. Split it, and leave out "
            "what is neither a photo nor a table."
        )
    return entries


def _refuse_other_kinds(file: IO[bytes]) -> None:
    head = file.read(_TAR_AT + len(_TAR))
    kinds = [*_OTHERS, *([(head[:1], "a tar archive")] if head[_TAR_AT:] == _TAR else [])]
    for beginning, kind in kinds:
        if head.startswith(beginning):
            raise ArchiveRejected(f"This is {kind}. Unpack it, and pack the files as a zip.")


def _key(name: str) -> str:
    """By what names are the same file on one system or another."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_litter(name: str) -> bool:
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return any(part.startswith((".", "~$")) or part.casefold() in LITTER for part in parts)


def kind_of(name: str) -> str:
    suffix = PurePosixPath(name).suffix.casefold()
    if suffix in PHOTO_SUFFIXES:
        return PHOTO
    return TABLE if suffix in TABLE_SUFFIXES else OTHER


def _unsafe(name: str) -> str:
    """Why a name is none that an honest archive has; empty for others."""
    parts = name.split("/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in parts:
        return "Its name leads out of the archive."
    if PurePosixPath(name).suffix.casefold() in NESTED_SUFFIXES:
        return "It is an archive in the archive. Unpack it, and pack its files with the others."
    if len(name) > MAX_NAME or not PurePosixPath(name).name.isprintable() or not name.strip():
        return "Its name cannot be used. Give it a short one of usual characters."
    return ""


def _untakeable(entry: Entry) -> str:
    """Why an entry is not taken, for what it says of itself; empty for others."""
    form = stat.S_IFMT(entry.mode)
    if form == stat.S_IFLNK:
        return "It is a link and no file. Pack the file that it leads to."
    if form not in (0, stat.S_IFREG):
        return "It is no file."
    if entry.flags & ENCRYPTED:
        return "It is encrypted. Pack it without a password."
    if entry.method not in (STORED, DEFLATED):
        return "It is compressed in a way that is not supported. Pack it as an ordinary zip."
    return ""


def _oversized(entry: Entry, kind: str) -> str:
    """Why a member is too large for what it is; empty for others."""
    megabytes = f"{entry.size / MEBIBYTE:,.0f} MB"
    if kind == PHOTO and entry.size > settings.MAX_PHOTO_BYTES:
        limit = settings.MAX_PHOTO_BYTES // MEBIBYTE
        return f"It has {megabytes}. A photo may have {limit} MB at most."
    unpacks = entry.size > TABLE_RATIO_FROM and entry.size > MAX_TABLE_RATIO * entry.compressed
    if kind == TABLE and (entry.size > MAX_TABLE_BYTES or unpacks):
        return f"Unpacked, it would have {megabytes}. Split it."
    return ""


def _damaged(error: EntryBroken) -> str:
    return f"It cannot be unpacked. {error} Pack it again from the original."
