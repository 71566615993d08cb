"""Products as records: what of a catalogue goes out, as it was approved or as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from catalog.approval.content import VARIANT_FIELDS, Content, contents
from catalog.exporting.addresses import Addresses, OwnAddresses, Standing
from catalog.interchange.records import (
    CATEGORY,
    LOCALE,
    PhotoRecord,
    ProductRecord,
    VariantRecord,
)
from catalog.models import (
    Catalog,
    Decision,
    ForeignCells,
    LedgerEntry,
    Placement,
    Product,
    ProductStatus,
    ProductVersion,
    Source,
)
from catalog.models.sources import MACHINE_SOURCES

CHUNK = 200
TEXTS = ("title", "description")
# Whose texts a language model wrote; a tool's only where one did, see `_texts_written`.
WRITERS = frozenset({Source.VISION_LLM, Source.TOOL})


def exportable(products: QuerySet[Product], *, approved_only: bool) -> QuerySet[Product]:
    """Those of the products that go out: with `approved_only` what stands approved."""
    if not approved_only:
        return products
    standing = ProductVersion.objects.standing().filter(product=OuterRef("pk"))
    return products.filter(Exists(standing), status=ProductStatus.APPROVED)


def records(
    catalog: Catalog,
    products: QuerySet[Product],
    *,
    approved_only: bool,
    kept: str = "",
    addresses: Addresses | None = None,
) -> Iterator[ProductRecord]:
    """The products as records, the oldest first, a chunk at a time in a fixed number of queries.

    With `approved_only` each is as it was last approved, whatever was changed since; else as it is.
    `kept` is the file format whose foreign cells are given back. Photos that have no address are
    left out. Nothing is held between two records but the chunk they are of, no cursor either.
    """
    found = exportable(products, approved_only=approved_only).order_by("pk")
    addresses = addresses or OwnAddresses()
    last = 0
    while ids := list(found.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield from _Chunk.read(catalog, ids, approved_only, kept, addresses).records()
        last = ids[-1]


@dataclass
class _Chunk:
    """What is read of some products, to make records of."""

    rows: Sequence[Mapping[str, Any]]
    contents: Mapping[int, Content]
    photos: Mapping[tuple[int, int], Standing]
    addresses: Mapping[int, str]
    written: Mapping[tuple[int, str], Mapping[str, str]]
    cells: Mapping[tuple[int, int | None], Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        catalog: Catalog,
        ids: Collection[int],
        approved_only: bool,  # noqa: FBT001 -- handed on from `records`
        kept: str,
        addresses: Addresses,
    ) -> _Chunk:
        # What was deleted since the ids were read is in no row any more.
        products = Product.objects.alive().filter(catalog=catalog, pk__in=ids).order_by("pk")
        photos = _photos(ids)
        return cls(
            rows=list(products.values("pk", "handle", "status", "updated_at")),
            contents=_approved(ids) if approved_only else contents(ids),
            photos=photos,
            addresses=addresses.of(photos.values()),
            written=_texts_written(ids),
            cells=_cells(ids, kept) if kept else {},
        )

    def records(self) -> Iterator[ProductRecord]:
        for row in self.rows:
            content = self.contents.get(row["pk"])
            if content is not None:
                yield self._record(row, content)

    def _record(self, row: Mapping[str, Any], content: Content) -> ProductRecord:
        pk = row["pk"]
        variants = {each["id"]: self._variant(pk, each) for each in content["variants"]}
        record = ProductRecord(
            key=row["handle"],
            fields={
                "handle": row["handle"],
                "title": content["title"] or None,
                "description": content["description"] or None,
                "brand": content["brand"] or None,
                "tags": list(content["tags"]),
                "product_url": content["product_url"] or None,
                "status": row["status"],
            },
            attributes={CATEGORY: [content["category"]] if content["category"] else None},
            variants=list(variants.values()),
            photos=self._photos_of(pk, content, variants),
            extra=dict(self.cells.get((pk, None), {})),
            id=pk,
            updated_at=row["updated_at"].isoformat(),
        )
        self._say(record, content, variants)
        return record

    def _say(
        self, record: ProductRecord, content: Content, variants: Mapping[int, VariantRecord]
    ) -> None:
        """Put the attributes in, and whose word everything is that a machine wrote."""
        for said in content["attributes"]:
            name = said["field"] + (f"{LOCALE}{said['locale']}" if said["locale"] else "")
            if said["variant"] is None:
                if said["field"] != CATEGORY:
                    record.attributes[name] = texts(said["value"])
                if said["source"] in MACHINE_SOURCES:
                    record.written_by[name] = said["source"]
            elif said["variant"] in variants:
                variants[said["variant"]].attributes[name] = texts(said["value"])
        for name in TEXTS:
            source = self.written.get((record.id or 0, name), {}).get(content[name])
            if source:
                record.written_by[name] = source

    def _variant(self, product: int, row: Mapping[str, Any]) -> VariantRecord:
        fields = {name: _text(row[name]) for name in VARIANT_FIELDS}
        return VariantRecord(fields=fields, extra=dict(self.cells.get((product, row["id"]), {})))

    def _photos_of(
        self, product: int, content: Content, variants: Mapping[int, VariantRecord]
    ) -> list[PhotoRecord]:
        found = []
        for row in content["photos"]:
            standing = self.photos.get((product, row["photo"]))
            address = self.addresses.get(standing.placement_id) if standing else None
            if address is None:
                continue
            variant = variants.get(row["variant"])
            found.append(
                PhotoRecord(
                    source=address,
                    alt_text=row["alt_text"] or None,
                    role=row["role"],
                    variant=variant.name if variant else "",
                )
            )
        return found


def texts(value: list | None) -> list[str] | None:
    """A value of the ledger as text: numbers without places they do not need, true and false."""
    return [_text(each) or "" for each in value] if value else None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 -- exact up to here
    return str(value) if value not in (None, "") else None


def _approved(ids: Collection[int]) -> dict[int, Content]:
    """What the products were last approved as."""
    versions = ProductVersion.objects.standing()
    last = versions.filter(product=OuterRef("product")).order_by("-number").values("number")[:1]
    rows = versions.filter(product__in=ids).alias(last=Subquery(last)).filter(number=F("last"))
    return dict(rows.order_by().values_list("product_id", "content"))


def _photos(ids: Collection[int]) -> dict[tuple[int, int], Standing]:
    """The photos that stand on the products, by product and photo."""
    placements = Placement.objects.alive().filter(product__in=ids)
    rows = placements.select_related("photo", "product").order_by("position", "pk")
    places: defaultdict[int, int] = defaultdict(int)
    found = {}
    for row in rows:
        places[row.product_id] += 1
        found[row.product_id, row.photo_id] = Standing(
            row.pk, row.photo, row.product.handle, places[row.product_id]
        )
    return found


def _texts_written(ids: Collection[int]) -> dict[tuple[int, str], dict[str, str]]:
    """Texts that a language model wrote and a person accepted: source by text, by product and field.

    Accepting a text does not make it a person's. One that somebody changed afterwards is.
    """
    accepted = LedgerEntry.objects.filter(
        product__in=ids, field__in=TEXTS, decision=Decision.ACCEPTED, source__in=WRITERS
    )
    found: defaultdict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    # Without a model it was written by rules.
    rows = accepted.exclude(source=Source.TOOL, model="").order_by()
    for product, name, value, overwrote, source in rows.values_list(
        "product_id", "field", "value", "overwrote", "source"
    ):
        said = [str(each) for each in value or []]
        said += [str(after) for _, after in overwrote.values() if after]
        found[product, name] |= dict.fromkeys(said, source)
    return found


def _cells(ids: Collection[int], kept: str) -> dict[tuple[int, int | None], dict[str, str]]:
    rows = ForeignCells.objects.filter(product__in=ids, format=kept).order_by()
    return {
        (product, variant): cells
        for product, variant, cells in rows.values_list("product_id", "variant_id", "cells")
    }
