"""Whether a product changed since it was approved, after any sequence of acts, by whatever way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from catalog.models import (
    Batch,
    Category,
    CurrentAttribute,
    LedgerEntry,
    Placement,
    Product,
    Source,
    Variant,
)
from catalog.services import ledger, photos, products, variants
from catalog.services.batches import batch_retract
from catalog.services.statuses import products_set_status
from catalog.services.suggestions import suggestion_decide
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db

texts = st.sampled_from(["", "red", "blue"])
statuses = st.sampled_from(["draft", "approved", "approved", "archived"])
fields = st.sampled_from(["color", "material"])
which = st.integers(0, 2)
VALUES = {"color": ["red"], "material": ["wood"]}
act = st.one_of(
    st.tuples(st.just("status"), statuses),
    st.tuples(st.just("write"), st.sampled_from(["title", "description", "brand"]), texts),
    st.tuples(st.just("tags"), texts),
    st.tuples(st.just("category"), st.sampled_from(["clothes", "home/kitchen/mugs", None])),
    st.tuples(
        st.just("set"),
        fields,
        st.sampled_from(["product", "variant"]),
        st.sampled_from(["value", "empty"]),
    ),
    st.tuples(st.just("guess"), fields),
    st.tuples(st.just("undo"), fields),
    st.tuples(st.just("unlock"), fields),
    st.tuples(st.just("decide"), which, st.sampled_from(["accept", "reject"])),
    st.tuples(st.just("price"), which, st.sampled_from(["10", "10.00", "12.5"])),
    st.tuples(st.just("add variant")),
    st.tuples(st.just("delete variant"), which),
    st.tuples(st.just("restore variant"), which),
    st.tuples(st.just("photo role"), which, st.sampled_from(["main", "detail", "chart"])),
    st.tuples(st.just("photo of"), which, which),
    st.tuples(st.just("remove photo"), which),
    st.tuples(st.just("restore photo"), which),
    st.tuples(st.just("reverse photos")),
    st.tuples(st.just("delete")),
    st.tuples(st.just("restore")),
    st.tuples(st.just("in bulk"), st.sampled_from(["brand", "status", "price", "alt", "batch"])),
    st.tuples(st.just("drop category")),
)


def nth(rows: Any, number: int) -> Any:
    """One of the rows, the same for the same number."""
    found = list(rows.order_by("pk"))
    if not found:
        raise ValidationError("There is none.")
    return found[number % len(found)]


def perform(pk: int, what: tuple, person: Any) -> None:
    """One act; an act that is refused changes nothing."""
    product = Product.objects.select_related("catalog").get(pk=pk)
    name, *rest = what
    ACTS[name](product, person, *rest)


def write(product: Product, person: Any, name: str, text: str) -> None:
    products.product_update(product=product, actor=person, fields={name: text})


def tags(product: Product, person: Any, text: str) -> None:
    fields = {"tags": [text] if text else []}
    products.product_update(product=product, actor=person, fields=fields)


def put(product: Product, person: Any, field: str, of: str, to: str) -> None:
    variant = variant_of(product, 0) if of == "variant" else None
    value = None if to == "empty" else VALUES[field]
    ledger.attribute_set(product=product, field=field, value=value, actor=person, variant=variant)


def guess(product: Product, _person: Any, field: str) -> None:
    said = {product: [ledger.MachineValue(field, VALUES[field], 0.9)]}
    ledger.machine_values_record(said=said, source=Source.ZERO_SHOT, model="m")


def decide(product: Product, person: Any, number: int, word: str) -> None:
    entry = nth(LedgerEntry.objects.filter(product=product, source="zero-shot"), number)
    suggestion_decide(entry=entry, accept=word == "accept", actor=person)


def variant_of(product: Product, number: int, *, deleted: bool = False) -> Variant:
    rows = Variant.objects.filter(product=product, deleted_at__isnull=not deleted)
    return nth(rows, number)


def place_of(product: Product, number: int, *, deleted: bool = False) -> Placement:
    rows = Placement.objects.filter(product=product, deleted_at__isnull=not deleted)
    return nth(rows, number)


def reverse_photos(product: Product, person: Any) -> None:
    order = Placement.objects.filter(product=product, deleted_at=None).order_by("-position")
    ids = list(order.values_list("pk", flat=True))
    photos.placements_reorder(product=product, order=ids, actor=person)


ACTS: dict[str, Callable[..., Any]] = {
    "status": lambda p, who, status: products_set_status(products=[p], status=status, actor=who),
    "write": write,
    "tags": tags,
    "category": lambda p, who, path: products.products_set_category(
        products=[p], path=path, actor=who
    ),
    "set": put,
    "guess": guess,
    "undo": lambda p, who, field: ledger.attribute_undo(product=p, field=field, actor=who),
    "unlock": lambda p, who, field: ledger.attribute_unlock(product=p, field=field, actor=who),
    "decide": decide,
    "price": lambda p, who, n, price: variants.variant_update(
        variant=variant_of(p, n), actor=who, price=price
    ),
    "add variant": lambda p, who: variants.variant_create(
        product=p, actor=who, option1_name="Size"
    ),
    "delete variant": lambda p, who, n: variants.variant_delete(
        variant=variant_of(p, n), actor=who
    ),
    "restore variant": lambda p, who, n: variants.variant_restore(
        variant=variant_of(p, n, deleted=True), actor=who
    ),
    "photo role": lambda p, who, n, role: photos.placement_update(
        placement=place_of(p, n), actor=who, role=role
    ),
    "photo of": lambda p, who, n, of: photos.placement_update(
        placement=place_of(p, n), actor=who, variant=nth(Variant.objects.filter(product=p), of)
    ),
    "remove photo": lambda p, who, n: photos.placement_delete(placement=place_of(p, n), actor=who),
    "restore photo": lambda p, who, n: photos.placement_restore(
        placement=place_of(p, n, deleted=True), actor=who
    ),
    "reverse photos": reverse_photos,
    "delete": lambda p, who: products.products_delete(products=[p], actor=who),
    "restore": lambda p, who: products.products_restore(products=[p], actor=who),
    "in bulk": lambda p, who, way: in_bulk(p, way, who),
    "drop category": lambda *_: Category.objects.filter(path="clothes").delete(),
}


def in_bulk(product: Product, way: str, person: Any) -> None:
    match way:
        case "brand":
            Product.objects.filter(pk=product.pk).update(brand="Bulk")
        case "status":
            Product.objects.filter(pk=product.pk).update(status="draft")
        case "price":
            rows = list(Variant.objects.filter(product=product))
            for row in rows:
                row.price = 7
            Variant.objects.bulk_update(rows, ["price"])
        case "alt":
            Placement.objects.filter(product=product).update(alt_text="Bulk")
        case "batch":
            batch = Batch.objects.create(catalog=product.catalog, label="Bulk")
            ledger.attribute_set(
                product=product, field="color", value=["blue"], actor=person, batch=batch
            )
            batch_retract(batch=batch, actor=person)


def shown(pk: int) -> dict[str, Any]:
    """All that a shopper sees of the product, read in the plainest way."""
    product = Product.objects.get(pk=pk)
    own = {
        row.field: row.value
        for row in CurrentAttribute.objects.filter(product=pk, variant=None)
        if row.field != "category" and row.value
    }
    sold = list(product.variants.filter(deleted_at=None).order_by("position", "pk"))
    return {
        "texts": (product.title, product.description, product.brand, product.tags),
        "category": product.category and product.category.path,
        "attributes": own,
        "variants": [
            (
                variant.pk,
                variant.price,
                {
                    **own,
                    **{
                        row.field: row.value
                        for row in CurrentAttribute.objects.filter(variant=variant)
                    },
                },
            )
            for variant in sold
        ],
        "photos": [
            (
                place.photo_id,
                place.role,
                place.alt_text,
                place.variant_id if place.variant in sold else None,
            )
            for place in product.placements.filter(deleted_at=None).order_by("position", "pk")
        ],
    }


def without_empty(content: dict[str, Any]) -> dict[str, Any]:
    sold = [
        (*row[:2], {name: value for name, value in row[2].items() if value})
        for row in content["variants"]
    ]
    return {**content, "variants": sold}


@pytest.fixture
def thing(make_product, vocabulary) -> Product:
    return make_product(
        "red",
        status="approved",
        photos=[staged("red", mark=71), staged("blue", mark=72)],
        variants=[{"price": "10", "option1_name": "Size", "option1_value": s} for s in "SM"],
    )


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(acts=st.lists(act, min_size=4, max_size=14))
def test_flags_are_what_comparing_says_after_any_acts(thing, person, acts):
    with transaction.atomic():
        approved = without_empty(shown(thing.pk))
        for what in acts:
            with suppress(ValidationError), transaction.atomic():
                perform(thing.pk, what, person)
            row = Product.objects.get(pk=thing.pk)
            now = without_empty(shown(thing.pk))
            if what == ("status", "approved"):
                approved = now
            expected = row.status == "approved" and now != approved
            is_other = row.changed_since_approval or row.added_since_approval
            assert is_other == expected, what
            assert not (row.changed_since_approval and row.added_since_approval), what
        transaction.set_rollback(True)
