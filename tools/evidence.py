"""Facts from the catalogue that every tool starts from: the product, and what looks like it.

All of it is read at once, in a fixed number of queries, into plain objects; nothing here asks a
language model. What can be cited has a key ("a1", "p2", "n3") that is the same as long as the product
does not change, and that a prompt, an answer and a page all mean the same fact by.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog

from catalog import search, selectors, storage
from catalog.describe import vocabulary
from catalog.describe.photos import NothingToSeeError, Sent, in_order, prepared
from catalog.describe.vocabulary import AttributeNode, Vocabulary
from catalog.models import AttributeKind, Placement, Product
from catalog.models.sources import MACHINE_SOURCES
from catalog.models.vocabulary import label_in
from catalog.search.ranking import WEAK
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS
from prodintel.lib.work import WorkState
from prodintel.llm.types import Image
from tools.facts import (
    AttributeFact,
    Neighbour,
    Neighbours,
    PhotoFact,
    ProductFacts,
    VariantFact,
    photo_url,
    prices_of,
)
from tools.prompts import cited, data_block, system_prompt, unknown_cites

logger = structlog.get_logger(__name__)
CHOICES = frozenset({AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE})
AWAY = (
    "Similar products cannot be looked for just now: the encoder or the index does not answer, or "
    "is being loaded."
)
PARTLY = "There may be more similar products: the index is being rebuilt."
NONE = "There is no similar product: this one has no photo to compare yet, or is the only one."
NONE_WEAK = "No product of the catalogue looks much like this one."

__all__ = [
    "AttributeFact",
    "Neighbour",
    "Neighbours",
    "PhotoFact",
    "ProductFacts",
    "VariantFact",
    "cited",
    "data_block",
    "neighbours_of",
    "openable_placements",
    "photo_url",
    "photos_for_model",
    "product_facts",
    "sent_photos",
    "system_prompt",
    "unknown_cites",
]


def product_facts(product: Product) -> ProductFacts:
    """What the catalogue knows of a product, read anew. Raises Product.DoesNotExist once deleted."""
    return _facts(_read(product))


def neighbours_of(
    product: Product, limit: int = 8, *, weak: bool = False, category: str = ""
) -> Neighbours:
    """The products of its catalogue that look most like it, at most `limit`; with a path of a
    `category` those that are in it or below it alone.

    Those that hardly do are left out unless `weak`. What cannot be had, because the engine or the
    index is away or because there is no photo to go by, is said in the notice and never raised.
    """
    filters = search.Filters(values=((CATEGORY, (category,)),)) if category else None
    result = search.neighbours(product, limit=limit, filters=filters)
    words = vocabulary.current()
    found = [hit for hit in result.hits if hit.cosine is not None]
    kept = [hit for hit in found if weak or hit.strength != WEAK]
    neighbours = tuple(_neighbour(f"n{n}", hit, words) for n, hit in enumerate(kept, 1))
    if result.notice:
        return Neighbours(neighbours, PARTLY if neighbours else AWAY)
    return Neighbours(neighbours, "" if neighbours else NONE_WEAK if found else NONE)


def sent_photos(product: Product, most: int) -> list[Sent]:
    """The first `most` photos as a model is sent them, the main one first; none where none can be
    opened or the storage is away.
    """
    try:
        return prepared(openable_placements(product), most)
    except (NothingToSeeError, storage.StorageUnavailable) as error:
        logger.info("no photos for the model", product=product.pk, reason=str(error))
        return []


def openable_placements(product: Product) -> list[Placement]:
    """Its photos, the main one first, without those that could not be embedded: opening one may have
    ended a process before.
    """
    return in_order(each for each in _read(product).placements.all() if _may_open(each))


def photos_for_model(product: Product, most: int) -> list[Image]:
    """As `sent_photos`, the pictures alone."""
    return [each.image for each in sent_photos(product, most)]


def _read(product: Product) -> Product:
    """The product with its details, in a fixed number of queries."""
    found = selectors.products_by_ids(product.catalog, [product.pk])
    if not found:
        raise Product.DoesNotExist(f"Product {product.pk} is not there any more.")
    return found[0]


def _may_open(placement: Placement) -> bool:
    states = {task.state for task in placement.photo.embed_tasks.all()}
    return WorkState.FAILED not in states or WorkState.DONE in states


def _facts(product: Product) -> ProductFacts:
    catalog, words = product.catalog, vocabulary.current()
    current = [row for row in product.current_attributes.all() if row.variant_id is None]
    path = product.category.path if product.category else ""
    return ProductFacts(
        id=product.pk,
        url=product.get_absolute_url(),
        title=product.title,
        description=product.description,
        brand=product.brand,
        category=path,
        category_label=_trail(path, words, catalog.language),
        tags=tuple(product.tags),
        status=product.get_status_display(),
        currency=catalog.currency,
        language=catalog.language,
        product_url=product.product_url,
        attributes=tuple(_attributes(product, words)),
        emptied=frozenset(row.field for row in current if not row.value),
        variants=tuple(_variants(product)),
        photos=tuple(_photos(product)),
    )


def _attributes(product: Product, words: Vocabulary, prefix: str = "a") -> Iterator[AttributeFact]:
    """Values that are not empty, in the vocabulary's order, the product's own before variants'."""
    order = {key: place for place, key in enumerate(words.attributes)}
    language = product.catalog.language
    rows = [
        row
        for row in product.current_attributes.all()
        if row.value and row.field not in COLUMN_FIELDS and row.field != CATEGORY
    ]
    rows.sort(
        key=lambda row: (row.variant_id or 0, order.get(row.field, len(order)), row.field, row.pk)
    )
    for number, row in enumerate(rows, 1):
        node = words.attributes.get(row.field)
        yield AttributeFact(
            key=f"{prefix}{number}",
            field=row.field,
            label=field_name(node, row.field, language),
            values=tuple(row.value or []),
            labels=tuple(value_name(node, value, words, language) for value in row.value or []),
            source=row.source,
            confirmed=row.locked or row.source not in MACHINE_SOURCES,
            confidence=row.confidence,
            locale=row.locale,
            variant=row.variant_id,
        )


def field_name(node: AttributeNode | None, field: str, language: str) -> str:
    """An attribute's name as people read it."""
    plain = field.replace("_", " ").capitalize()
    return label_in(node.labels, language, plain) if node else plain


def value_name(node: AttributeNode | None, value: Any, words: Vocabulary, language: str) -> str:
    """A value as people read it, with its unit."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if node is not None and node.kind not in CHOICES:
        text = f"{value:.12g}" if isinstance(value, float) else str(value)
        return f"{text} {node.unit}" if node.unit else text
    label = words.label_of(node.key, value, language) if node is not None else ""
    return label or str(value).replace("-", " ").replace("_", " ")


def _trail(path: str, words: Vocabulary, language: str) -> str:
    """A category with all that it lies in, as people read it."""
    steps = path.split("/") if path else []
    above = ["/".join(steps[: n + 1]) for n in range(len(steps))]
    return " › ".join(
        words.label_of(CATEGORY, each, language) or step
        for each, step in zip(above, steps, strict=True)
    )


def _variants(product: Product) -> Iterator[VariantFact]:
    for number, row in enumerate(product.variants.all(), 1):
        yield VariantFact(
            key=f"v{number}",
            id=row.pk,
            sku=row.sku,
            gtin=row.gtin,
            mpn=row.mpn,
            options=row.options,
            price=row.price,
            compare_at_price=row.compare_at_price,
            cost=row.cost,
            currency=row.currency,
            availability=row.get_availability_display(),
            condition=row.get_condition_display(),
            weight_grams=row.weight_grams,
        )


def _photos(product: Product) -> Iterator[PhotoFact]:
    for number, row in enumerate(in_order(product.placements.all()), 1):
        yield PhotoFact(
            key=f"p{number}",
            placement=row.pk,
            photo=row.photo_id,
            role=row.role,
            role_label=row.get_role_display(),
            alt_text=row.alt_text,
            width=row.photo.width,
            height=row.photo.height,
            variant=row.variant_id,
        )


def _neighbour(key: str, hit: search.Hit, words: Vocabulary) -> Neighbour:
    product = hit.product
    path = product.category.path if product.category else ""
    variants = list(product.variants.all())
    face = next(iter(in_order(product.placements.all())), None)
    return Neighbour(
        key=key,
        id=product.pk,
        url=product.get_absolute_url(),
        title=product.title or "Untitled product",
        brand=product.brand,
        category=path,
        category_label=_trail(path, words, product.catalog.language),
        similarity=min(max(hit.cosine or 0.0, 0.0), 1.0),
        strength=hit.strength,
        sku=next((each.sku for each in variants if each.sku), ""),
        prices=prices_of(variants, product.catalog.currency),
        attributes=tuple(
            each for each in _attributes(product, words, f"{key}a") if each.variant is None
        ),
        photo=face.photo_id if face else None,
        placement=face.pk if face else None,
    )
