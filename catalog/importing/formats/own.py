"""Our own table, as `catalog.exporting` writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from catalog.importing.facts import KEEP, FactReader, Splits, whole
from catalog.importing.formats.base import TableFormat
from catalog.importing.tables import CSV, Layout, Row
from catalog.interchange import own

_PHOTOS = dict(
    zip(
        own.PHOTO_COLUMNS,
        ("photo.source", "photo.alt_text", "photo.role", "photo.variant"),
        strict=True,
    )
)
# So many of our own columns have to be there, by our own spelling.
_ENOUGH = 4
_ATTRIBUTE = re.compile(r"[a-z0-9_-]+(?:@[A-Za-z0-9-]+)?")


class OwnFormat(TableFormat):
    name = "csv"
    label = "Prodintel table"
    photos_by_row = False
    default_mark = "."

    def recognises(self, layout: Layout) -> bool:
        ours = {own.KEY, *own.PRODUCT_COLUMNS, *own.VARIANT_COLUMNS, *own.PHOTO_COLUMNS}
        headers = set(layout.headers)
        spelt_so = {header for header in ours & headers if "_" in header}
        return own.KEY in headers and len(ours & headers) >= _ENOUGH and bool(spelt_so)

    def mapping(self, headers: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:  # noqa: ARG002 -- the headers say it all
        return {header: _target(header) for header in headers}

    def reader(self, mapping: Mapping[str, str], marks: Mapping[str, str]) -> FactReader:
        splits = Splits(values=own.split, tags=own.split, photos=whole, category=own.split)
        return FactReader(mapping, marks, splits=splits)

    def is_guarded(self, layout: Layout) -> bool:
        return layout.kind == CSV


_TARGETS = (
    {own.KEY: "product.handle"}
    | {header: f"product.{header}" for header in own.PRODUCT_COLUMNS}
    | {"category": "attribute.category"}
    | {header: f"variant.{header}" for header in own.VARIANT_COLUMNS}
    | _PHOTOS
)


def _target(header: str) -> str:
    if known := _TARGETS.get(header):
        return known
    name = header.removeprefix(own.OF_VARIANT).removeprefix(own.OF_ATTRIBUTE)
    if not _ATTRIBUTE.fullmatch(name):
        return KEEP
    group = "variant_attribute" if header.startswith(own.OF_VARIANT) else "attribute"
    return f"{group}.{name}"
