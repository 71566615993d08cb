"""Variants that several people have open at once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from catalog.models import AuditEvent, Variant
from catalog.services.products import product_update, products_delete
from catalog.services.variants import variant_delete, variant_restore, variant_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(make_product):
    return make_product("Mug", variants=[{"sku": "A", "price": Decimal(5)}, {"sku": "B"}])


@pytest.fixture
def variant(product):
    return product.variants.get(sku="A")


def test_change_of_one_field_leaves_what_another_person_changed(variant, person):
    stale = Variant.objects.get(pk=variant.pk)
    variant_update(variant=variant, actor=person, price=Decimal(9))
    variant_update(variant=stale, actor=person, gtin="4006381333931")
    stored = Variant.objects.get(pk=variant.pk)
    assert (stored.price, stored.gtin) == (Decimal(9), "4006381333931")


def test_audit_trail_tells_the_value_that_was_really_replaced(variant, person):
    stale = Variant.objects.get(pk=variant.pk)
    variant_update(variant=variant, actor=person, price=Decimal(9))
    variant_update(variant=stale, actor=person, price=Decimal(7))
    event = AuditEvent.objects.filter(action="variant.update").first()
    assert Decimal(event.data["price"][0]) == 9


def test_variant_that_was_deleted_meanwhile_is_not_changed(variant, person):
    stale = Variant.objects.get(pk=variant.pk)
    variant_delete(variant=variant, actor=person)
    with pytest.raises(ValidationError, match="was deleted"):
        variant_update(variant=stale, actor=person, price=Decimal(9))
    assert Variant.objects.get(pk=variant.pk).deleted_at is not None


def test_variant_is_deleted_once(variant, person):
    stale = Variant.objects.get(pk=variant.pk)
    variant_delete(variant=variant, actor=person)
    first = Variant.objects.get(pk=variant.pk).deleted_at
    variant_delete(variant=stale, actor=person)
    assert Variant.objects.get(pk=variant.pk).deleted_at == first


def test_variant_of_a_deleted_product_is_not_brought_back_alone(product, variant, person):
    products_delete(products=[product], actor=person)
    with pytest.raises(ValidationError, match="Bring the product back first"):
        variant_restore(variant=variant, actor=person)


def test_variant_fields_of_a_product_that_was_deleted_meanwhile_are_not_changed(
    make_product, person
):
    product = make_product(price=Decimal(5))
    products_delete(products=[type(product).objects.get(pk=product.pk)], actor=person)
    with pytest.raises(ValidationError, match="was deleted"):
        product_update(product=product, actor=person, fields={"price": Decimal(9)})
    assert product.variants.get().deleted_at is not None
