"""Contents of products as records that can be checked."""

from __future__ import annotations

from catalog.approval.content import FIELDS, VARIANT_FIELDS, Content, attributes
from catalog.interchange.records import (
    CATEGORY,
    LOCALE,
    PhotoRecord,
    ProductRecord,
    VariantRecord,
)


def record_of(content: Content, handle: str = "") -> ProductRecord:
    """A product's content, the present or an approved one, as a record.

    A photo's `source` is its id: what its size is known by.
    """
    record = ProductRecord(
        key=handle,
        fields={name: content[name] for name in FIELDS if name != CATEGORY},
    )
    by_id: dict[int | None, dict[str, list[str] | None]] = {None: record.attributes}
    for row in content["variants"]:
        fields = {name: None if row[name] is None else str(row[name]) for name in VARIANT_FIELDS}
        variant = VariantRecord(fields=fields)
        record.variants.append(variant)
        by_id[row["id"]] = variant.attributes
    for row in attributes(content):
        key = f"{row['field']}{LOCALE}{row['locale']}" if row["locale"] else row["field"]
        held = by_id.get(row["variant"])
        if held is not None and row["value"] is not None:
            held[key] = [str(each) for each in row["value"]]
    if content[CATEGORY]:
        record.attributes[CATEGORY] = [content[CATEGORY]]
    record.photos = [
        PhotoRecord(source=str(row["photo"]), role=row["role"]) for row in content["photos"]
    ]
    return record
