"""The products of a file as rows, before anything is known of what becomes of them."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import Max

from catalog.importing.files import Files, inspection_of, read_products
from catalog.importing.items import rows_save
from catalog.importing.known import catalog_keys
from catalog.importing.matching import group_photos, match_groups
from catalog.importing.merging import record_merge
from catalog.importing.plans import Headers
from catalog.interchange.records import PhotoRecord, Problem, ProductRecord
from catalog.models import (
    Import,
    ImportClaim,
    ImportItem,
    ImportPhoto,
    ImportProblem,
    PhotoRole,
)
from catalog.models.outbox import CHUNK
from catalog.services.photos import title_from_name

T = TypeVar("T")
STEP = 200
MAX_KEY = 200
MAX_MESSAGE = 500
MAX_SOURCE = 2000
MAX_TITLE = 300
ADDRESS = ("http://", "https://")
# In `Import.counts`: how far the file is staged.
STAGED = "staged_upto"
# The transaction of a step: it says whether the job may go on, and keeps how far it is then.
Step = Callable[[], AbstractContextManager[bool]]
NOT_THERE = "There is no photo “{}” in the archive."
NO_ARCHIVE = "“{}” is no address, and no archive of photos came with the file."
TOO_LONG = "This address is longer than 2,000 characters."
NOBODYS = "“{}” belongs to no product of the file: no SKU or handle is in its name."


def wipe(source: Import) -> None:
    """Remove what an earlier try to read has left, a step at a time."""
    for rows in (ImportProblem, ImportClaim, ImportPhoto, ImportItem):
        name = "origin" if rows is ImportPhoto else "source"
        mine = rows.objects.filter(**{name: source}).order_by()
        while ids := list(mine.values_list("pk", flat=True)[:CHUNK]):
            rows.objects.filter(pk__in=ids).delete()


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


@dataclass
class Staged:
    """How far a file is staged: its products, their rows, and the items made of them.

    `left_over`: photos that no row names are under way. They are grouped as a whole, and so begun
    again with all the rest.
    """

    products: int = 0
    rows: int = 0
    items: int = 0
    left_over: bool = False


class Stager:
    """Writes the products of a file as items, from where an earlier try was."""

    def __init__(self, source: Import, files: Files) -> None:
        self._source = source
        self._files = files
        self._headers = Headers(source.mapping)
        self.at = Staged(**source.counts.get(STAGED, {}))
        if self.at.left_over:
            self.at = Staged()
        self._products = read_products(source, files)

    @property
    def goes_on(self) -> bool:
        """Whether an earlier try has staged something that counts."""
        return self.at.products > 0

    def find(self, ask: Callable[[], None]) -> float:
        """Pass over what is staged already; the seconds that it took. Raises FileRejected."""
        started = time.monotonic()
        for _ in batched(islice(self._products, self.at.products), STEP):
            ask()
        return time.monotonic() - started

    def stage(self, step: Step, may_go_on: Callable[[], None], breathe: Callable[[], None]) -> bool:
        """Stage what follows; False when the job lost its claim. Raises FileRejected."""
        if not self.goes_on:
            problems_note(self._source, [(None, each) for each in self._seen()])
        for chunk in batched(self._products, STEP):
            with step() as held:
                if not held:
                    return False
                self._stage([(each.record, each.problems) for each in chunk])
                self.at.products += len(chunk)
            may_go_on()
        for groups in batched(self._left_over(), STEP):
            self.at.left_over = True
            with step() as held:
                if not held:
                    return False
                self._stage(groups)
            breathe()
        return True

    def _seen(self) -> list[Problem]:
        """What was wrong at first sight, and files that the archive has and nobody may read."""
        archive = self._files.archive
        refused = archive.refused if archive is not None else ()
        found = [Problem(0, each.name[:200], each.message, "warning") for each in refused]
        if self._files.table is None:
            return found
        return [*inspection_of(self._source).problems, *found]

    def _stage(self, read: Sequence[tuple[ProductRecord, Sequence[Problem]]]) -> None:
        keyed = [(self._key(record), record, list(problems)) for record, problems in read]
        there = ImportItem.objects.filter(
            source=self._source, key__in={key for key, _, _ in keyed if key}
        )
        items = {item.key: item for item in there}
        known = set(items)
        records = {key: ProductRecord.of_json(item.record) for key, item in items.items()}
        problems: list[tuple[ImportItem | None, Problem]] = []
        photos: list[tuple[ImportItem, PhotoRecord, int]] = []
        for key, record, said in keyed:
            self.at.rows += len(record.rows)
            if not key:
                problems += [(None, problem) for problem in said]
                continue
            row = record.rows[0] if record.rows else 0
            shown, record.photos = record.photos, []
            if key in items:
                said.extend(record_merge(records[key], record, self._headers))
            else:
                self.at.items += 1
                items[key] = ImportItem(source=self._source, number=self.at.items, key=key)
                records[key] = record
            problems += [(items[key], problem) for problem in said]
            photos += [(items[key], photo, row) for photo in shown]
        for key, item in items.items():
            item.record = records[key].as_json()
        ImportItem.objects.bulk_create([item for key, item in items.items() if key not in known])
        rows_save([items[key] for key in known], ["record"])
        problems += self._stage_photos(photos)
        problems_note(self._source, problems)

    def _key(self, record: ProductRecord) -> str:
        """What the item is called; empty for lines that are no product's."""
        if not record.key:
            return f"line {record.rows[0]}" if record.rows and _says(record) else ""
        if len(record.key) <= MAX_KEY:
            return record.key
        digest = hashlib.sha256(record.key.encode()).hexdigest()
        return f"{record.key[: MAX_KEY - 20]}… {digest[:16]}"

    def _stage_photos(
        self, photos: Sequence[tuple[ImportItem, PhotoRecord, int]]
    ) -> list[tuple[ImportItem | None, Problem]]:
        """Photos as rows, each source once an item; returns what is wrong with others."""
        problems: list[tuple[ImportItem | None, Problem]] = []
        standing, positions = self._standing_photos({item.pk for item, _, _ in photos})
        rows = []
        for item, photo, row in photos:
            text = photo.source.strip()
            message = self._wrong(text)
            if message:
                header = self._headers.of("photo", "source")
                problems.append((item, Problem(row, header, message, "warning")))
                continue
            if not text.lower().startswith(ADDRESS):
                member = self._files.photo(text)
                assert member is not None
                text = member.name
            if (item.pk, text) in standing:
                continue
            standing.add((item.pk, text))
            rows.append(photo_row(self._source, item, photo, text, row, positions[item.pk]))
            positions[item.pk] += 1
        ImportPhoto.objects.bulk_create(rows)
        return problems

    def _standing_photos(
        self, items: set[int]
    ) -> tuple[set[tuple[int, str]], defaultdict[int, int]]:
        there = ImportPhoto.objects.filter(item__in=items).order_by()
        standing = set(there.values_list("item_id", "source"))
        last = there.values_list("item_id").annotate(Max("position"))
        return standing, defaultdict(int, {pk: position + 1 for pk, position in last})

    def _wrong(self, text: str) -> str:
        if len(text) > MAX_SOURCE:
            return TOO_LONG
        if text.lower().startswith(ADDRESS):
            return ""
        if self._files.archive is None:
            return NO_ARCHIVE.format(text[:100])
        return "" if self._files.photo(text) else NOT_THERE.format(text[:100])

    def _left_over(self) -> Iterator[tuple[ProductRecord, list[Problem]]]:
        """Records of the photos that no row names, grouped by their names.

        Beside a table they go to its products, or nowhere; without one each group is a product of
        the catalogue, or a new one.
        """
        mine = ImportPhoto.objects.filter(origin=self._source)
        names = set(mine.values_list("source", flat=True))
        left = [name for name in self._files.photo_names if name not in names]
        if not left:
            return
        alone = self._files.table is None
        known = catalog_keys(self._source.catalog) if alone else self._keys_in_file()
        groups = group_photos(left, known)
        matched = match_groups(groups, known)
        for group in groups:
            key = matched.get(group.key)
            photos = [PhotoRecord(name, role=group.roles.get(name, "")) for name in group.names]
            said = [Problem(0, "", group.note, "warning")] if group.note else []
            if key is not None:
                fields = {"handle": key} if alone else {}
                yield ProductRecord(key=key, fields=fields, photos=photos), said
            elif alone:
                title = title_from_name(group.key) or group.key[:MAX_TITLE]
                yield ProductRecord(key=group.key, fields={"title": title}, photos=photos), said
            else:
                messages = (NOBODYS.format(name[:200]) for name in group.names)
                yield ProductRecord(), [Problem(0, "", text, "warning") for text in messages]

    def _keys_in_file(self) -> dict[str, str]:
        """The items of the file by what names of photos may hold: their keys and SKUs."""
        found: dict[str, str] = {}
        items = ImportItem.objects.filter(source=self._source).order_by("number")
        for key, record in items.values_list("key", "record").iterator(chunk_size=CHUNK):
            found.setdefault(key, key)
            for variant in record.get("variants", ()):
                if sku := variant.get("fields", {}).get("sku"):
                    found.setdefault(sku, key)
        return found


def _says(record: ProductRecord) -> bool:
    return bool(record.fields or record.attributes or record.variants or record.photos)


def photo_row(
    source: Import, item: ImportItem, photo: PhotoRecord, text: str, row: int, position: int
) -> ImportPhoto:
    """A photo that waits."""
    return ImportPhoto(
        origin=source,
        item=item,
        source=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        variant=photo.variant[:400],
        role=photo.role if photo.role in PhotoRole.values else "",
        alt_text=(photo.alt_text or "")[:300],
        position=position,
        row=row,
    )


def problems_note(
    source: Import, problems: Iterable[tuple[ImportItem | None, Problem]], *, planned: bool = False
) -> None:
    """Keep what is wrong, for the page and the report; `planned` is found out anew with each plan."""
    ImportProblem.objects.bulk_create(
        ImportProblem(
            source=source,
            item=item,
            row=each.row,
            field=each.field[:200],
            message=each.message[:MAX_MESSAGE],
            severity=each.severity,
            is_planned=planned,
        )
        for item, each in problems
    )
