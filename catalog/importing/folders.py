"""Folders of photos on this machine, on their way into a catalogue as an archive of stored files.

So a folder is imported, shown, continued and undone as every other file is. Nothing outside of the
folder is read, whatever links in it lead to.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from django.conf import settings
from zipstream.ng import ZIP_STORED, ZipStream

from catalog.importing.archives import MAX_ENTRIES, PHOTO, is_litter, kind_of
from catalog.importing.matching import group_photos

MEBIBYTE = 1024 * 1024
# What a zip needs for each file beside its bytes, at most: its name twice, and headers.
ENTRY_BYTES = 4096
CHUNK_BYTES = MEBIBYTE


class FolderProblem(Exception):  # noqa: N818 -- what the folder has is the name
    """The folder cannot be imported; the message says why."""


@dataclass(frozen=True)
class FolderPhoto:
    """A photo by its name in the folder."""

    name: str
    path: Path
    size: int


@dataclass
class Found:
    """What lies in a folder: photos, and by name why other files are left out."""

    photos: list[FolderPhoto] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def folder_photos(root: Path) -> Found:
    """The photos in a folder and those below it, by name. Raises FolderProblem."""
    if not root.is_dir():
        raise FolderProblem(f"There is no folder {root}.")
    found = Found()
    for path in _files(root):
        name = _name(path.relative_to(root))
        if is_litter(name):
            continue
        try:
            _look(path, name, found)
        except OSError as error:
            found.left_out[name] = f"It cannot be read: {error.strerror}."
    return found


def _files(root: Path) -> Iterator[Path]:
    """All that is no folder, in the order of names; folders that are links are not entered."""
    for folder, folders, files in os.walk(root):
        folders.sort()
        linked = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted([*files, *linked]):
            yield Path(folder) / name


def _name(path: Path) -> str:
    """The path as text; bytes of it that are none are written as a question mark."""
    return os.fsencode(path).decode("utf-8", "replace").replace("\ufffd", "?")


def _look(path: Path, name: str, found: Found) -> None:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        found.left_out[name] = "It is a link. Put the file itself here."
    elif not stat.S_ISREG(status.st_mode):
        found.left_out[name] = "It is no file."
    elif kind_of(name) != PHOTO:
        found.left_out[name] = "It is no photo by its name."
    elif status.st_size > settings.MAX_PHOTO_BYTES:
        limit = settings.MAX_PHOTO_BYTES // MEBIBYTE
        megabytes = f"{status.st_size / MEBIBYTE:,.0f} MB"
        found.left_out[name] = f"It has {megabytes}. A photo may have {limit} MB at most."
    elif not os.access(path, os.R_OK):
        found.left_out[name] = "It may not be read by this user."
    else:
        found.photos.append(FolderPhoto(name, path, status.st_size))


def folder_parts(
    photos: Iterable[FolderPhoto], known: Mapping[str, object]
) -> list[list[FolderPhoto]]:
    """The photos in as many parts as there have to be, each small enough to be one upload; those of
    a product are not torn apart.
    """
    by_name = {photo.name: photo for photo in photos}
    parts: list[list[FolderPhoto]] = []
    room = count = 0
    for group in group_photos(by_name, known):
        some = [by_name[name] for name in group.names]
        needed = sum(photo.size + ENTRY_BYTES for photo in some)
        if needed > room or len(some) > count:
            parts.append([])
            room, count = settings.MAX_UPLOAD_BYTES, MAX_ENTRIES
        parts[-1] += some
        room -= needed
        count -= len(some)
    return parts


def folder_zip(photos: Iterable[FolderPhoto]) -> Iterator[bytes]:
    """The photos as a zip file, made while it is read. Raises OSError for one that is gone."""
    archive = ZipStream(compress_type=ZIP_STORED)
    for photo in photos:
        archive.add(_pieces(photo.path), arcname=photo.name)
        yield from archive.all_files()
    yield from archive.finalize()


def _pieces(path: Path) -> Iterator[bytes]:
    # A link may have taken the file's place since it was looked at.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def folder_title(root: Path, part: int, parts: int) -> str:
    """What an import of the folder is called; the same each time."""
    name = PurePosixPath(_name(root.resolve())).name or "/"
    return f"Folder {name}" + (f" ({part} of {parts})" if parts > 1 else "")
