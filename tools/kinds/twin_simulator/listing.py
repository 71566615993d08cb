"""A product's listing as a shopper reads it, and its twins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

from catalog.describe.vocabulary import Vocabulary, current
from catalog.models import CurrentAttribute, Placement, Product, Variant
from catalog.money import money_text
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS
from catalog.views.present import main_placement
from tools.evidence import field_name, value_name
from tools.kinds.twin_simulator.options import Change, Twin

LISTING, CONTROL = "A", "A2"
KEYS = "ABCD"
CONTROL_LABEL = "As it is, shown again"
OTHER_PHOTO = "other"
LABELS = {
    "title": "Title",
    "description": "Description",
    "price": "Price",
    "photo": "Photo",
    "claim": "Claim",
}
_PERCENT = re.compile(r"([+\-\N{MINUS SIGN}])\s*(\d{1,3}(?:[.,]\d+)?)\s*%")
_AMOUNT = re.compile(r"\d{1,10}(?:[.,]\d{1,4})?")


@dataclass(frozen=True)
class Photo:
    """Where a photo stands, its own id, and its alternative text."""

    placement: int
    photo: int
    alt: str


@dataclass(frozen=True)
class Difference:
    """What a twin has in place of what the listing has, in words; `field` as in `Change`.

    `value` is the new one as the ledger takes it.
    """

    field: str
    label: str
    before: str
    after: str
    value: str


@dataclass(frozen=True)
class Listing:
    """What a shopper is shown. `price` is a decimal string, "" where there is none."""

    key: str
    label: str
    title: str
    description: str
    brand: str
    category: str
    price: str
    currency: str
    attributes: Mapping[str, tuple[str, str]]
    """Label and value in words, by key."""
    photo: Photo | None
    claims: tuple[str, ...] = ()
    changed: tuple[Difference, ...] = ()

    def as_json(self) -> dict[str, Any]:
        facts = asdict(self)
        facts["attributes"] = [
            {"key": key, "label": label, "value": value}
            for key, (label, value) in self.attributes.items()
        ]
        return facts


def listing_of(product: Product) -> Listing:
    """The listing as it is. The product's details are loaded (`catalog.selectors.with_details`)."""
    vocabulary, language = current(), product.catalog.language
    variant = priced_variant(product)
    placement = main_placement(product)
    return Listing(
        key=LISTING,
        label="As it is",
        title=product.title,
        description=product.description,
        brand=product.brand,
        category=product.category.label(language) if product.category else "",
        price=(money_text(variant.price) or "") if variant else "",
        currency=variant.currency if variant else product.catalog.currency,
        attributes=_attributes(product, vocabulary, language),
        photo=_photo(placement) if placement else None,
    )


def priced_variant(product: Product) -> Variant | None:
    """The variant whose price the listing shows: the first that has one, or else the first."""
    variants = list(product.variants.all())
    priced = [variant for variant in variants if variant.price is not None]
    return next(iter(priced or variants), None)


def _attributes(
    product: Product, vocabulary: Vocabulary, language: str
) -> dict[str, tuple[str, str]]:
    rows = [row for row in product.current_attributes.all() if _is_shown(row, language)]
    return {
        row.field: _in_words(vocabulary, language, row.field, row.value or ())
        for row in sorted(rows, key=lambda row: row.field)
    }


def _in_words(
    vocabulary: Vocabulary, language: str, key: str, values: Iterable[Any]
) -> tuple[str, str]:
    """An attribute's label and its values as people read them."""
    node = vocabulary.attributes.get(key)
    words = (value_name(node, each, vocabulary, language) for each in values)
    return field_name(node, key, language), ", ".join(words)


def _is_shown(row: CurrentAttribute, language: str) -> bool:
    own = row.variant_id is None and row.locale in {"", language}
    return own and bool(row.value) and row.field not in {CATEGORY, *COLUMN_FIELDS}


def _photo(placement: Placement) -> Photo:
    return Photo(placement.pk, placement.photo_id, placement.alt_text)


def twins_of(product: Product, twins: Sequence[Twin], *, control: bool) -> list[Listing]:
    """The listing, its twins, and with `control` the listing once more.

    Raises ValidationError for a change that cannot be made, or that changes nothing.
    """
    listing = listing_of(product)
    found = [listing]
    for key, twin in zip(KEYS[1:], twins or usual_twins(product), strict=False):
        found.append(twin_of(product, listing, key, twin))
    if control:
        found.append(replace(listing, key=CONTROL, label=CONTROL_LABEL))
    return found


def usual_twins(product: Product) -> list[Twin]:
    """What is tried where nothing was chosen. Raises ValidationError where there is nothing."""
    variant = priced_variant(product)
    changes = []
    if variant and variant.price:
        changes.append(Change(field="price", value="-10%"))
    if len(product.placements.all()) > 1:
        changes.append(Change(field="photo", value=OTHER_PHOTO))
    if not changes:
        raise ValidationError("Add a twin with something other than the listing: a title, a price.")
    return [Twin(changes=[change]) for change in changes]


def twin_of(product: Product, listing: Listing, key: str, twin: Twin) -> Listing:
    """The listing with a twin's changes. Raises ValidationError."""
    changed = replace(listing, key=key)
    for change in twin.changes:
        changed = _changed(product, changed, change)
    label = twin.label or "; ".join(named(each) for each in changed.changed)[:80]
    return replace(changed, label=label)


def named(difference: Difference) -> str:
    """A difference in a few words, such as "Price 44.91 EUR"."""
    if difference.field == "photo":
        return "Other photo"
    return f"{difference.label}: {difference.after}"


def _changed(product: Product, listing: Listing, change: Change) -> Listing:
    if change.field == "price":
        return _with_price(listing, change.value)
    if change.field == "photo":
        return _with_photo(product, listing, change.value)
    if change.field == "claim":
        claims = (*listing.claims, change.value)
        return _noted(replace(listing, claims=claims), "claim", "Claim", "", change.value)
    if change.field == "title":
        fresh = replace(listing, title=change.value)
        return _noted(fresh, "title", "Title", listing.title, change.value)
    if change.field == "description":
        fresh = replace(listing, description=change.value)
        return _noted(fresh, "description", "Description", listing.description, change.value)
    return _with_attribute(product, listing, change)


def _noted(
    listing: Listing, name: str, label: str, before: str, after: str, value: str = ""
) -> Listing:
    if before == after:
        raise ValidationError(f"The twin's {label.lower()} is the same as the listing's.")
    entry = Difference(name, label, before, after, value or after)
    return replace(listing, changed=(*listing.changed, entry))


def _with_price(listing: Listing, text: str) -> Listing:
    price = money_text(_price(listing, text.strip())) or ""
    unit = f" {listing.currency}"
    before = listing.price + unit if listing.price else ""
    fresh = replace(listing, price=price)
    return _noted(fresh, "price", "Price", before, price + unit, price)


def _price(listing: Listing, text: str) -> Decimal:
    percent = _PERCENT.fullmatch(text)
    if percent:
        if not listing.price:
            raise ValidationError("The product has no price to change by a percentage.")
        sign = 1 if percent[1] == "+" else -1
        share = 1 + sign * Decimal(percent[2].replace(",", ".")) / 100
        amount = Decimal(listing.price) * share
    else:
        plain = text.removesuffix(listing.currency).strip()
        if not _AMOUNT.fullmatch(plain):
            raise ValidationError(
                f"“{text[:40]}” is no price: write an amount such as 49.90, or a change such as -10%."
            )
        amount = Decimal(plain.replace(",", "."))
    try:
        rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    except InvalidOperation:
        rounded = Decimal(0)
    if rounded <= 0:
        raise ValidationError("A twin's price is above zero.")
    return rounded


def _with_photo(product: Product, listing: Listing, value: str) -> Listing:
    shown = listing.photo.placement if listing.photo else None
    others = [each for each in product.placements.all() if each.pk != shown]
    wanted = [each for each in others if value in {OTHER_PHOTO, str(each.pk)}]
    if not wanted:
        raise ValidationError("Choose another photo of this product for the twin.")
    photo = _photo(wanted[0])
    before = listing.photo.alt if listing.photo else ""
    entry = Difference("photo", "Photo", before, photo.alt, str(photo.placement))
    return replace(listing, photo=photo, changed=(*listing.changed, entry))


def _with_attribute(product: Product, listing: Listing, change: Change) -> Listing:
    vocabulary, language = current(), product.catalog.language
    if change.field not in vocabulary.attributes:
        raise ValidationError(f"There is no attribute “{change.field}” in the vocabulary.")
    label, words = _in_words(vocabulary, language, change.field, parts_of(change.value))
    before = listing.attributes.get(change.field, ("", ""))[1]
    attributes = {**listing.attributes, change.field: (label, words)}
    fresh = replace(listing, attributes=attributes)
    return _noted(fresh, change.field, label, before, words, ", ".join(parts_of(change.value)))


def parts_of(value: str) -> list[str]:
    """The values of an attribute that a text separates by commas."""
    return [part.strip() for part in value.split(",") if part.strip()]
