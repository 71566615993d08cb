"""A product as a shopper would see it, as JSON: what an approved version keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db.models import Q

from catalog.models import CurrentAttribute, Decision, Placement, Product, Variant
from catalog.models.sources import MACHINE_SOURCES
from catalog.money import money_text
from catalog.services.attribute_values import CATEGORY

Content = dict[str, Any]
# Of whom an attribute's value is: a variant or the product itself, a field, a language.
Place = tuple[int | None, str, str]

FIELD = "field"
FIELDS = ("title", "description", "brand", "category", "tags", "product_url")
MONEY = ("price", "compare_at_price", "cost")
VARIANT_FIELDS = (
    "sku",
    "gtin",
    "mpn",
    *(f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")),
    *MONEY,
    "currency",
    "weight_grams",
    "availability",
    "condition",
)
PHOTO_FIELDS = ("role", "alt_text", "variant")

# What of a row is part of a content. A product's status decides whether its content is compared.
PRODUCT_COLUMNS = frozenset(
    {"title", "description", "brand", "category", "category_id", "tags", "product_url", "status"}
)
VARIANT_COLUMNS = frozenset({*VARIANT_FIELDS, "position", "deleted_at", "product", "product_id"})
PLACEMENT_COLUMNS = frozenset(
    {
        *("photo", "photo_id", "product", "product_id", "variant", "variant_id"),
        *("role", "position", "alt_text", "deleted_at"),
    }
)


def contents(product_ids: Collection[int]) -> dict[int, Content]:
    """The present content of products by their ids, in four queries.

    `{title, description, brand, category: path or None, tags, product_url,
    variants: [{id, sku, ..., price: decimal string or None}],
    attributes: [{variant: id or None, field, locale, value, source, model, written_by,
    confirmed_by}], photos: [{photo: id, name, role, alt_text, variant: id or None}]}`, variants and
    photos in their order. Attributes have the category among them, for who said so.
    """
    products = Product.objects.filter(pk__in=product_ids)
    found: dict[int, Content] = {
        row["pk"]: {
            **{name: row[name] for name in FIELDS if name != CATEGORY},
            CATEGORY: row["category__path"],
            "variants": [],
            "attributes": [],
            "photos": [],
        }
        for row in products.order_by().values(
            "pk", "category__path", *(name for name in FIELDS if name != CATEGORY)
        )
    }
    for row in _variants(product_ids):
        found[row.pop("product_id")]["variants"].append(row)
    for row in _attributes(product_ids):
        found[row.pop("product_id")]["attributes"].append(row)
    for row in _photos(product_ids):
        found[row.pop("product_id")]["photos"].append(row)
    return found


def _variants(product_ids: Collection[int]) -> Iterator[dict[str, Any]]:
    rows = Variant.objects.alive().filter(product_id__in=product_ids)
    for row in rows.order_by("position", "pk").values("pk", "product_id", *VARIANT_FIELDS):
        money = {name: money_text(row[name]) for name in MONEY}
        yield {"id": row.pop("pk"), **row, **money}


def _attributes(product_ids: Collection[int]) -> Iterator[dict[str, Any]]:
    rows = CurrentAttribute.objects.filter(
        Q(variant=None) | Q(variant__deleted_at=None), product_id__in=product_ids
    )
    for row in rows.order_by("field", "locale", "variant_id").values_list(
        "product_id",
        "variant_id",
        "field",
        "locale",
        "value",
        "source",
        "entry__model",
        "entry__created_by__username",
        "entry__decision",
        "entry__decided_by__username",
    ):
        product_id, variant_id, field, locale, value, source, model, writer, decision, judge = row
        yield {
            "product_id": product_id,
            "variant": variant_id,
            "field": field,
            "locale": locale,
            "value": value,
            "source": source,
            "model": model,
            "written_by": writer,
            "confirmed_by": judge if decision == Decision.ACCEPTED else None,
        }


def _photos(product_ids: Collection[int]) -> Iterator[dict[str, Any]]:
    rows = Placement.objects.alive().filter(product_id__in=product_ids)
    for row in rows.order_by("position", "pk").values(
        "product_id",
        "photo_id",
        "photo__original_name",
        "role",
        "alt_text",
        "variant_id",
        "variant__deleted_at",
    ):
        yield {
            "product_id": row["product_id"],
            "photo": row["photo_id"],
            "name": row["photo__original_name"],
            "role": row["role"],
            "alt_text": row["alt_text"],
            "variant": row["variant_id"] if row["variant__deleted_at"] is None else None,
        }


def attribute_values(content: Content) -> dict[Place, list | None]:
    """What each attribute says, without the category and without what says nothing of its own.

    An empty value of a product is none, and a variant's that is its product's is not its own.
    """
    rows = {
        (row["variant"], row["field"], row["locale"]): row["value"] for row in attributes(content)
    }
    return {
        place: value or None
        for place, value in rows.items()
        if (value or None) != (_general(rows, place) or None)
    }


def _general(rows: Mapping[Place, list | None], place: Place) -> list | None:
    """What would count if this were not said."""
    variant, field, locale = place
    return rows.get((None, field, locale)) if variant is not None else None


def attributes(content: Content) -> Iterator[dict[str, Any]]:
    """The attributes but the category, which is a field of its own."""
    return (row for row in content["attributes"] if row["field"] != CATEGORY)


def without_additions(content: Content, approved: Content) -> Content:
    """The content without what machines have added to an approved one by themselves: attributes, and a
    category, of which that says nothing, and on which nobody has decided.
    """
    known = {_place(row) for row in approved["attributes"]}
    kept = [row for row in content["attributes"] if _place(row) in known or not _is_machine_s(row)]
    category = content[CATEGORY]
    if approved[CATEGORY] is None and all(row[FIELD] != CATEGORY for row in kept):
        category = None
    return {**content, "attributes": kept, CATEGORY: category}


def _place(row: Mapping[str, Any]) -> Place:
    return row["variant"], row[FIELD], row["locale"]


def _is_machine_s(row: Mapping[str, Any]) -> bool:
    return row["source"] in MACHINE_SOURCES and row["confirmed_by"] is None


def seen(content: Content) -> dict[str, Any]:
    """What two contents are compared by: all that a shopper sees, not who wrote or confirmed it."""
    return {
        **{name: content[name] for name in FIELDS},
        "variants": content["variants"],
        "attributes": attribute_values(content),
        "photos": [
            {name: photo[name] for name in ("photo", *PHOTO_FIELDS)} for photo in content["photos"]
        ],
    }
