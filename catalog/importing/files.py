"""The files of an import: its table, and its archive of photos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog import storage
from catalog.importing.archives import (
    Archive,
    ArchiveRejected,
    Member,
    MemberRejected,
    open_archive,
)
from catalog.importing.reading import (
    Inspection,
    ReadProduct,
    inspect,
    read_records,
    read_rows,
)
from catalog.importing.tables import FileRejected, Row
from catalog.importing.tables.kinds import is_packed
from catalog.importing.tables.limits import LOOKED_BYTES
from catalog.models import Import, Upload
from catalog.uploads.files import upload_path

TABLE_IN_ARCHIVE = "member"
TWO_TABLES = (
    "There are several tables in the archive ({}). Leave one, or upload the one that is meant by "
    "itself beside the archive."
)
# Tables end so, and so do notes.
NOTES, NOTES_READ = ".txt", 5
GONE = "The file of this import is no longer here. Bring it again."
NO_PHOTOS = "There are no photos and no table in the archive."


@dataclass
class Files:
    """The local copies of an import's files, for as long as they are open."""

    table: Path | None = None
    archive: Archive | None = None

    @property
    def photo_names(self) -> list[str]:
        members = self.archive.members if self.archive else ()
        return [member.name for member in members if member.kind == "photo"]

    def photo(self, name: str) -> Member | None:
        """The photo that a file means by a name: with its folders, or without them if that is clear."""
        return self.archive.find(name) if self.archive else None

    def read(self, name: str) -> bytes:
        """The bytes of a photo. Raises MemberRejected, or KeyError where there is none."""
        member = self.photo(name)
        if member is None or self.archive is None:
            raise KeyError(name)
        return self.archive.read(member)


@contextmanager
def import_files(source: Import) -> Iterator[Files]:
    """The files of an import, its table taken out of the archive where it lies there.

    Raises FileRejected, ArchiveRejected, storage.StorageUnavailable.
    """
    with ExitStack() as stack:
        files = _opened(stack, source.table, source.photos)
        member = source.inspection.get(TABLE_IN_ARCHIVE)
        if member and files.archive is not None:
            table = next(each for each in files.archive.members if each.name == member)
            files.table = _extracted(files.archive, table)
        yield files


@contextmanager
def import_photos(source: Import) -> Iterator[Files]:
    """As `import_files`, without the table."""
    with ExitStack() as stack:
        yield _opened(stack, None, source.photos)


def _opened(stack: ExitStack, table: Upload | None, photos: Upload | None) -> Files:
    path = _local(stack, table) if table else None
    archive = stack.enter_context(open_archive(_local(stack, photos))) if photos else None
    return Files(path, archive)


def _local(stack: ExitStack, upload: Upload, upto: int | None = None) -> Path:
    try:
        return stack.enter_context(upload_path(upload, upto))
    except storage.FileMissing as error:
        raise FileRejected(GONE) from error


def _seen(archive: Archive, table: Member) -> Inspection:
    """What is seen of a table in the archive at first sight. Raises as `_extracted`, FileRejected."""
    beginning = _extracted(archive, table, LOOKED_BYTES)
    if is_packed(beginning):
        # Of a workbook the end has to be there as well.
        return inspect(_extracted(archive, table), table.name)
    return inspect(beginning, table.name, size=table.size)


def _seen_of_upload(stack: ExitStack, table: Upload) -> Inspection:
    """What is seen of a table at first sight. Raises as `import_files`."""
    beginning = _local(stack, table, LOOKED_BYTES)
    if is_packed(beginning):
        # Of a workbook the end has to be there as well.
        return inspect(_local(stack, table), table.name)
    return inspect(beginning, table.name, size=table.size)


def _extracted(archive: Archive, table: Member, upto: int | None = None) -> Path:
    """The table of an archive as a file. Raises ArchiveRejected: without it nothing can be done."""
    try:
        return archive.extract_table(table, upto)
    except MemberRejected as error:
        raise ArchiveRejected(f"“{table.name}”: {error.message}") from error


def _tables_in(archive: Archive) -> list[Member]:
    """What may be the table: notes that lie beside photos are texts as well, without columns."""
    found = [each for each in archive.members if each.kind == "table"]
    notes = [each for each in found if each.name.casefold().endswith(NOTES)]
    named = [each for each in found if each not in notes]
    return named or [each for each in notes[:NOTES_READ] if _has_columns(archive, each)]


def _has_columns(archive: Archive, text: Member) -> bool:
    try:
        return len(_seen(archive, text).headers) > 1
    except FileRejected:
        return False


def inspected(*, table: Upload | None, photos: Upload | None) -> dict[str, Any]:
    """What is seen of the files at first sight, as `Import.inspection` keeps it; empty for photos
    alone. Raises as `import_files` does.
    """
    with ExitStack() as stack:
        files = _opened(stack, None, photos)
        if table is not None:
            return dict(_seen_of_upload(stack, table).as_json())
        assert files.archive is not None
        tables = _tables_in(files.archive)
        if len(tables) > 1:
            raise ArchiveRejected(TWO_TABLES.format(", ".join(each.name for each in tables[:3])))
        if tables:
            found = _seen(files.archive, tables[0])
            return {**found.as_json(), TABLE_IN_ARCHIVE: tables[0].name}
        if not files.photo_names:
            raise ArchiveRejected(NO_PHOTOS)
        return {}


def read_products(source: Import, files: Files) -> Iterator[ReadProduct]:
    """The products of the table, in constant memory. Raises FileRejected."""
    if files.table is not None:
        yield from read_records(files.table, inspection_of(source), source.mapping)


def read_lines(source: Import, files: Files) -> Iterator[Row]:
    """The lines of the table as they stand. Raises FileRejected."""
    if files.table is not None:
        yield from read_rows(files.table, inspection_of(source))


def inspection_of(source: Import) -> Inspection:
    """What was seen of the table at first sight."""
    document = {name: each for name, each in source.inspection.items() if name != TABLE_IN_ARCHIVE}
    return Inspection.of_json(document)
