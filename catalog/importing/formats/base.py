"""Rows put together to products, as every format does it; formats say what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.text import slugify

from catalog.importing.facts import KEEP, FactReader, Facts
from catalog.importing.tables import Layout, Row
from catalog.importing.tables.limits import MAX_ROWS_OF_PRODUCT
from catalog.interchange.records import PhotoRecord, Problem, ProductRecord, VariantRecord
from catalog.models import Availability

MAX_KEY = 200
MAX_HANDLE = 160
# Values that only tell others, and are no columns of a variant.
_HELPERS = ("sale_price", "stock", "tracked", "oversell", "parent", "type", "options")


@dataclass
class ReadProduct:
    """A product as a file says it, and what is wrong in its rows.

    Where every row is refused the record has rows and a key, and nothing else.
    """

    record: ProductRecord
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        record = self.record
        return not (record.fields or record.attributes or record.variants or record.photos)


class TableFormat:
    """How the rows of a kind of table become products. This one is a table of no known kind."""

    name: ClassVar[str] = "table"
    label: ClassVar[str] = "Table"
    # Whether photos in a variant's row are that variant's own.
    photos_by_row: ClassVar[bool] = True
    # The decimal mark of columns that do not tell; nothing where it is in doubt then.
    default_mark: ClassVar[str] = ""
    # What columns are, by their names, where a file of this format may have some that were not seen.
    meanings: ClassVar[Mapping[str, str]] = {}
    # Whether rows that say other titles than the first are told of.
    rows_repeat: ClassVar[bool] = True

    def recognises(self, layout: Layout) -> bool:  # noqa: ARG002 -- this one takes all that is left
        return True

    def headers(self, layout: Layout, rows: Sequence[Row]) -> list[str]:  # noqa: ARG002 -- see the others
        """The columns, with those that `prepare` makes."""
        return list(layout.headers)

    def mapping(self, headers: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:  # noqa: ARG002 -- guessed elsewhere
        """What each column is, as far as the format itself says so."""
        return dict.fromkeys(headers, KEEP)

    def always_kept(self, headers: Iterable[str]) -> set[str]:  # noqa: ARG002 -- see the others
        """Columns whose cells are kept as they are, though they mean something here."""
        return set()

    def reader(self, mapping: Mapping[str, str], marks: Mapping[str, str]) -> FactReader:
        return FactReader(mapping, marks, always_kept=self.always_kept(mapping))

    def is_guarded(self, layout: Layout) -> bool:  # noqa: ARG002 -- see the others
        """Whether cells that look like formulas have a mark before them that is to be taken off."""
        return False

    def prepare(self, rows: Iterator[Row]) -> Iterator[Row]:
        """The rows with what the format writes in ways of its own made into columns."""
        return rows

    def key(self, facts: Facts) -> str:
        return (
            facts.key
            or facts.product.get("handle")
            or facts.variant.get("parent")
            or facts.variant.get("sku")
            or ""
        )

    def products(
        self, rows: Iterator[Row], mapping: Mapping[str, str], marks: Mapping[str, str]
    ) -> Iterator[ReadProduct]:
        """Products in the order of the file; rows that stand together and have one key are one."""
        reader = self.reader(mapping, marks)
        group: list[Facts] = []
        group_key = ""
        for row in self.prepare(rows):
            facts = reader.facts(row)
            key = folded_key(self.key(facts))
            if group and (key != group_key or not key or len(group) >= MAX_ROWS_OF_PRODUCT):
                yield self._product(group_key, group)
                group = []
            group_key = key
            group.append(facts)
        if group:
            yield self._product(group_key, group)

    def _product(self, key: str, group: list[Facts]) -> ReadProduct:
        record = ProductRecord(key=key, rows=[facts.number for facts in group])
        product = ReadProduct(record, [problem for facts in group for problem in facts.problems])
        rows = [facts for facts in group if not facts.refused]
        if not rows:
            record.key = key or f"row {group[0].number}"
            return product
        if not key:
            record.key = f"row {group[0].number}"
            message = (
                "This row has neither a handle nor an SKU, so it is a product of its own, and bringing "
                "the file again makes another one. Give it an SKU."
            )
            product.problems.append(Problem(group[0].number, "", message, "warning"))
        self.fill(product, rows)
        product.problems.sort(key=lambda problem: problem.row)
        return product

    def fill(self, product: ReadProduct, rows: list[Facts]) -> None:
        """Put into the record what its rows say."""
        record = product.record
        record.fields = self.fields(product, rows)
        record.attributes = merged([facts.attributes for facts in rows])
        self.add_variants(product, rows)
        self.add_photos(product, rows)
        self.tell_apart(record, rows)

    def fields(self, product: ReadProduct, rows: list[Facts]) -> dict[str, Any]:
        fields = merged([facts.product for facts in rows])
        fields.pop("type", None)
        if self.rows_repeat:
            for facts in rows[1:]:
                _note_others(product, facts, fields)
        handle = fields.get("handle")
        if handle:
            fields["handle"] = slugify(handle)[:MAX_HANDLE]
            if not fields["handle"]:
                del fields["handle"]
                product.record.extra["handle"] = handle
        elif "handle" in fields:
            del fields["handle"]
        return fields

    def is_variant(self, facts: Facts) -> bool:
        return facts.has_variant

    def add_variants(self, product: ReadProduct, rows: list[Facts]) -> None:
        record = product.record
        skus: set[str] = set()
        sold = [facts for facts in rows if self.is_variant(facts)]
        if not sold and rows[0].variant:
            sold = rows[:1]
        for facts in rows:
            if facts not in sold:
                record.extra |= {h: t for h, t in facts.extra.items() if h not in record.extra}
                continue
            variant = self.variant(facts)
            sku = variant.fields.get("sku")
            if sku and sku in skus:
                message = f"The SKU {sku} stands twice in this product. Give each variant its own."
                product.problems.append(Problem(facts.number, "", message))
                continue
            skus.add(sku or "")
            record.variants.append(variant)

    def variant(self, facts: Facts) -> VariantRecord:
        fields = dict(facts.variant)
        _settle_price(fields)
        _settle_availability(fields)
        for helper in _HELPERS:
            fields.pop(helper, None)
        return VariantRecord(
            fields=fields,
            attributes=dict(facts.variant_attributes),
            extra=dict(facts.extra),
            row=facts.number,
        )

    def add_photos(self, product: ReadProduct, rows: list[Facts]) -> None:
        """Photos in the order of the file, each once."""
        record = product.record
        names = {variant.row: variant.name for variant in record.variants}
        found: dict[str, PhotoRecord] = {}
        seen_in: dict[str, set[str]] = {}
        for facts in rows:
            for photo in facts.photos:
                known = found.setdefault(photo.source, photo)
                known.alt_text = known.alt_text or photo.alt_text
                known.variant = known.variant or photo.variant
                seen_in.setdefault(photo.source, set()).add(names.get(facts.number, ""))
        if self.photos_by_row and len(record.variants) > 1:
            for source, photo in found.items():
                if not photo.variant and len(seen_in[source]) == 1:
                    photo.variant = next(iter(seen_in[source]))
        record.photos = list(found.values())

    def tell_apart(self, record: ProductRecord, rows: list[Facts]) -> None:
        """An attribute that the variants differ in is theirs, and not the product's."""
        by_row = {variant.row: variant for variant in record.variants}
        for name in [name for name in record.attributes if name != "category"]:
            said = {tuple(facts.attributes.get(name) or ()) for facts in rows} - {()}
            if len(said) < 2:  # noqa: PLR2004 -- of two at least
                continue
            del record.attributes[name]
            for facts in rows:
                if facts.number in by_row and facts.attributes.get(name):
                    by_row[facts.number].attributes.setdefault(name, facts.attributes[name])


def folded_key(key: str) -> str:
    """What rows are put together by: without regard to case and blanks, and not too long to keep."""
    key = " ".join(key.split()).casefold()
    if len(key) <= MAX_KEY:
        return key
    return f"{key[: MAX_KEY - 17]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """For every name the first value that is not blank."""
    whole: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if whole.get(name) is None:
                whole[name] = value
    return whole


def _note_others(product: ReadProduct, facts: Facts, fields: Mapping[str, Any]) -> None:
    for name in ("title", "brand"):
        other = facts.product.get(name)
        if other and other != fields.get(name):
            message = f"The rows of this product differ in the {name}. The first row's was taken."
            product.problems.append(Problem(facts.number, "", message, "warning"))


def _settle_price(fields: dict[str, str | None]) -> None:
    """A price for the time of a sale is the price, and the other one what it is compared with."""
    sale = fields.get("sale_price")
    if sale:
        fields["price"], fields["compare_at_price"] = sale, fields.get("price")
    elif "sale_price" in fields:
        fields.setdefault("compare_at_price", None)


def _settle_availability(fields: dict[str, str | None]) -> None:
    """Where a file counts stock instead of saying it."""
    stock = fields.get("stock")
    is_counted = "tracked" not in fields or fields["tracked"]
    if fields.get("availability") or not stock or not is_counted:
        return
    oversell = (fields.get("oversell") or "").casefold() in {"continue", "true", "1", "yes"}
    out = Availability.BACKORDER if oversell else Availability.OUT_OF_STOCK
    fields["availability"] = str(Availability.IN_STOCK if Decimal(stock) > 0 else out)
