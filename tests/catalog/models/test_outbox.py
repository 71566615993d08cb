"""Every change that the index must learn of leaves a row in the same transaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from catalog.models import (
    Catalog,
    Category,
    CurrentAttribute,
    EmbeddingSpace,
    EmbedTask,
    FileRemoval,
    IndexChange,
    PhotoRole,
    Placement,
    Product,
    ProductStatus,
    Variant,
)
from catalog.models.outbox import record_index_changes
from catalog.renditions import rendition, rendition_names
from catalog.services.ledger import attribute_set
from catalog.services.products import products_delete, products_restore
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(make_product, vocabulary):
    return make_product("Mug", brand="ACME")


@pytest.fixture
def point(product):
    """The product's point, with everything said of it so far applied."""
    IndexChange.objects.all().delete()
    return product.placements.get().pk


def told() -> dict[int, bool]:
    """The points that the index must look at, and whether their vectors may have changed."""
    return dict(IndexChange.objects.values_list("point", "vector"))


def test_new_placement_is_told_with_its_vector(product):
    assert told() == {product.placements.get().pk: True}


def test_saved_product_is_told_without_its_vector(product, point):
    product.brand = "Other"
    product.save()
    assert told() == {point: False}


def test_bulk_update_of_products_is_told(point):
    Product.objects.update(status=ProductStatus.APPROVED)
    assert point in told()


def test_bulk_update_of_product_objects_is_told(product, point):
    product.brand = "Other"
    Product.objects.bulk_update([product], ["brand"])
    assert point in told()


def test_update_that_changes_what_it_filters_by_is_told(point):
    Product.objects.filter(brand="ACME").update(brand="Other")
    assert point in told()


def test_saved_and_deleted_variants_are_told(product, point):
    product.variants.get().save()
    assert point in told()
    IndexChange.objects.all().delete()
    product.variants.get().delete()
    assert point in told()


def test_bulk_update_and_bulk_creation_of_variants_are_told(product, point):
    Variant.objects.update(price=5)
    assert point in told()
    IndexChange.objects.all().delete()
    Variant.objects.bulk_create(
        [Variant(product=product, catalog=product.catalog, currency="EUR", sku="B")]
    )
    assert point in told()


def test_attribute_is_told_without_its_vector(product, point, person):
    attribute_set(product=product, field="color", value="red", actor=person)
    assert told() == {point: False}


def test_category_is_told_without_its_vector(product, point, person):
    attribute_set(product=product, field="category", value="clothes", actor=person)
    assert told() == {point: False}


def test_removed_attributes_are_told(product, point, person):
    attribute_set(product=product, field="color", value="red", actor=person)
    IndexChange.objects.all().delete()
    CurrentAttribute.objects.all().delete()
    assert point in told()


def test_bulk_update_of_placements_is_told(point):
    Placement.objects.update(role=PhotoRole.CHART)
    assert point in told()


def test_deleted_product_is_told(product, point, person):
    products_delete(products=[product], actor=person)
    assert point in told()


def test_restored_product_is_told_with_its_vector(product, point, person):
    products_delete(products=[product], actor=person)
    IndexChange.objects.all().delete()
    products_restore(products=[product], actor=person)
    assert told() == {point: True}


def test_cascade_from_a_product_is_told(product, point):
    product.delete()
    assert told() == {point: True}


def test_cascade_from_a_photo_is_told(product, point):
    product.placements.get().photo.delete()
    assert told() == {point: True}


def test_cascade_from_a_catalogue_is_told(product, point):
    product.catalog.delete()
    assert point in told()


def test_deletion_by_query_is_told(point):
    Product.objects.all().delete()
    assert told() == {point: True}


def test_new_currency_of_a_catalogue_is_told(product, point):
    product.catalog.currency = "USD"
    product.catalog.save()
    assert told() == {point: False}


def test_new_name_of_a_catalogue_is_of_no_interest_to_the_index(product, point):
    product.catalog.name = "Other"
    product.catalog.save(update_fields=["name"])
    assert told() == {}


def test_deleted_catalogue_is_told(product, point):
    Catalog.objects.get().save(update_fields=["deleted_at"])
    assert point in told()


def test_deleted_category_is_told(product, point):
    category = Category.objects.create(slug="tools", path="tools")
    product.category = category
    product.save()
    IndexChange.objects.all().delete()
    category.delete()
    assert point in told()


def test_changed_category_is_told(product, point, person):
    attribute_set(product=product, field="category", value="clothes", actor=person)
    IndexChange.objects.all().delete()
    Category.objects.get(path="clothes").save()
    assert point in told()


def test_change_that_is_rolled_back_is_not_told(product, point):
    with transaction.atomic():
        product.save()
        transaction.set_rollback(True)
    assert told() == {}


def test_row_that_says_vector_is_not_weakened(point):
    record_index_changes([point], vector=True)
    record_index_changes([point], vector=False)
    assert told() == {point: True}


def test_row_without_vector_is_strengthened(point):
    record_index_changes([point], vector=False)
    record_index_changes([point], vector=True)
    assert told() == {point: True}


def test_every_change_has_a_sequence_of_its_own(point):
    record_index_changes([point], vector=False)
    before = IndexChange.objects.get().sequence
    record_index_changes([point], vector=False)
    assert IndexChange.objects.get().sequence > before


def test_change_of_a_claimed_row_leaves_the_claim(point):
    record_index_changes([point], vector=False)
    claim = IndexChange.objects.claim(owner="me", limit=1)
    record_index_changes([point], vector=True)
    assert IndexChange.objects.held(claim.token).exists()


def test_change_of_a_refused_point_is_tried_again(point):
    record_index_changes([point], vector=False)
    IndexChange.objects.update(state=WorkState.FAILED, attempts=5, error="refused")
    record_index_changes([point], vector=False)
    row = IndexChange.objects.get()
    assert (row.state, row.attempts, row.error) == ("pending", 0, "")


def test_many_points_at_once_are_all_told(db):
    record_index_changes(range(1201), vector=True)
    assert IndexChange.objects.count() == 1201


def test_new_photo_gets_a_task_in_every_space_in_use(make_product):
    for state in ("live", "filling", "retired"):
        EmbeddingSpace.objects.create(model_id="m", dimension=4, fingerprint=state, state=state)
    make_product()
    assert sorted(EmbedTask.objects.values_list("space__state", flat=True)) == ["filling", "live"]


def test_removed_photo_leaves_all_its_files_to_be_removed(product):
    photo = product.placements.get().photo
    rendition(photo, 96)
    names = {photo.file.name, *rendition_names(photo)}
    photo.delete()
    assert set(FileRemoval.objects.values_list("name", flat=True)) == names
