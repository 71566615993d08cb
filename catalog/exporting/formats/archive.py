"""A zip of a table and the photos that it names, for whoever has no access to this site.

The photos come first, as their products are read, and the table is the last file: so neither has to be
kept in memory. Until then the records wait in a temporary file.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

import structlog
from django.utils.text import slugify
from zipstream import ZIP_DEFLATED, ZipStream

from catalog import storage
from catalog.exporting.addresses import Standing
from catalog.exporting.formats.base import Choice, Format, Records, Writing
from catalog.exporting.formats.own import CSV, JSONL, XLSX, headers
from catalog.interchange.records import ProductRecord
from catalog.models import Photo
from catalog.vision.limits import PhotoRejected
from catalog.vision.stripping import stripped

logger = structlog.get_logger(__name__)
FOLDER = "photos/"
MISSING = "missing-photos.txt"
LONGEST_NAME = 120
TABLES: Mapping[str, Format] = {form.name: form for form in (CSV, XLSX, JSONL)}
TABLE = Choice("table", "Table", tuple((form.name, form.label) for form in TABLES.values()))


@dataclass
class FileNames:
    """Photos as files of the archive, as their addresses; `photos` are those read last, by name.

    A name is the product's handle and the photo's place there: it sorts as the product shows its
    photos, is safe in every file system, and its product is told from it. Handles that differ by
    case alone, or only far behind, are the same to some file systems: those get a number as well.
    """

    photos: dict[str, Photo] = field(default_factory=dict)

    def of(self, photos: Collection[Standing]) -> Mapping[int, str]:
        self.photos = {}
        found = {}
        for each in photos:
            stem = slugify(each.handle)[:LONGEST_NAME]
            mark = "" if stem == each.handle else f"~{each.placement_id}"
            name = f"{FOLDER}{stem}{mark}-{each.place}"
            self.photos[name] = each.photo
            found[each.placement_id] = name
        return found


def write(records: Records, writing: Writing) -> Iterator[bytes]:
    """The zip in pieces. Photos are added where the records name them by `FileNames`."""
    names = writing.addresses if isinstance(writing.addresses, FileNames) else FileNames()
    form = TABLES[ZIP.option(writing.options, TABLE.name)]
    pack = ZipStream()
    missing: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as waiting:
        for record in records:
            for name, data in _photos(record, names, missing):
                pack.add(data, name)
                yield from pack.file()
            waiting.write(json.dumps(record.as_json()) + "\n")
            # Whoever is not waiting any more can stop it, also where there are no photos.
            yield b""
        if missing:
            pack.add("\n".join(missing) + "\n", MISSING, compress_type=ZIP_DEFLATED)
            yield from pack.file()
        waiting.seek(0)
        table = form.write(_again(waiting), writing)
        pack.add(table, f"products.{form.extension}", compress_type=ZIP_DEFLATED)
        yield from pack.file()
    yield from pack.finalize()


def _photos(
    record: ProductRecord, names: FileNames, missing: list[str]
) -> Iterator[tuple[str, bytes]]:
    """The product's photos as files, without personal metadata; the record names them then.

    One that is lost or cannot be read is left out of the record and named in `missing`.
    """
    found = []
    for each in record.photos:
        photo = names.photos.get(each.source)
        if photo is None:
            found.append(each)
            continue
        try:
            original = storage.read(photo.readable_name)
            data, extension = stripped(original, photo.digital_source_type)
        except (storage.FileMissing, PhotoRejected) as problem:
            logger.warning("photo left out of an export", photo=photo.pk, error=str(problem))
            missing.append(f"{record.key}: {photo.original_name or photo.pk}")
            continue
        each.source = f"{each.source}.{extension}"
        found.append(each)
        yield each.source, data
    record.photos = found


def _again(waiting: IO[str]) -> Iterator[ProductRecord]:
    for line in waiting:
        yield ProductRecord.of_json(json.loads(line))


ZIP = Format(
    name="zip",
    label="Zip with photos",
    purpose="A table and the photos in full size, without the places and names that cameras write into them.",
    extension="zip",
    content_type="application/zip",
    write=write,
    headers=headers,
    always=CSV.always,
    choices=(TABLE,),
    kept="csv",
    files=FileNames,
)
