"""What was approved before there were versions has one of what it is."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from catalog.approval.content import contents
from catalog.models import AuditEvent, Product, ProductVersion
from catalog.services.photos import placement_update
from catalog.services.products import product_update
from catalog.services.statuses import products_set_status
from catalog.services.suggestions import suggestion_decide
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db
keep_versions = import_module("catalog.migrations.0006_approved_versions").keep_versions


@pytest.fixture
def migrated():
    """Forgets the versions and keeps them as the migration does."""

    def run() -> None:
        ProductVersion.objects.all().delete()
        keep_versions(apps, None)

    return run


def test_version_holds_what_approving_would_keep(make_product, vocabulary, person, migrated):
    mug = make_product(
        "Mug",
        variants=[{"sku": "A", "price": "12.5"}, {"sku": "B"}],
        photos=[staged("red", mark=1), staged("blue", mark=2)],
        attributes={"color": ["red"], "category": "clothes"},
        status="approved",
    )
    placement_update(
        placement=mug.placements.last(), actor=person, variant=mug.variants.last(), alt_text="B"
    )
    migrated()
    version = ProductVersion.objects.get()
    assert (version.number, version.content) == (1, contents([mug.pk])[mug.pk])


def test_version_knows_who_confirmed_a_value(product, guess, person, migrated):
    suggestion_decide(entry=guess("material", ["wood"]), accept=True, actor=person)
    Product.objects.update(status="approved")
    migrated()
    assert ProductVersion.objects.get().content == contents([product.pk])[product.pk]


@pytest.mark.parametrize(
    "approve",
    [
        lambda product, who: products_set_status(products=[product], status="approved", actor=who),
        lambda product, who: product_update(
            product=product, actor=who, fields={"status": "approved"}
        ),
    ],
)
def test_audit_trail_says_who_approved(make_product, make_user, migrated, approve):
    reviewer = make_user("reviewer")
    mug = make_product()
    approve(mug, reviewer)
    event = AuditEvent.objects.filter(actor=reviewer).last()
    migrated()
    version = ProductVersion.objects.get()
    assert version.approved_by == reviewer
    assert version.approved_at == AuditEvent.objects.get(pk=event.pk).at


def test_nobody_is_named_where_the_audit_trail_is_silent(make_product, migrated):
    mug = make_product(status="approved")
    AuditEvent.objects.all().delete()
    migrated()
    version = ProductVersion.objects.get()
    mug.refresh_from_db()
    assert (version.approved_by, version.approved_at) == (None, mug.updated_at)


def test_products_that_are_not_approved_have_none(make_product, migrated):
    make_product()
    migrated()
    assert not ProductVersion.objects.exists()
