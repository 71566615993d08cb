"""Texts follow their products, in the same transaction."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import CatalogWord, Category, Product, ProductText, Variant
from catalog.textsearch.documents import text_documents_refresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def mugs():
    return Category.objects.create(slug="mugs", path="mugs", labels={"en": "Mugs", "de": "Tassen"})


def test_changed_title_replaces_the_old_one(make_product, found):
    product = make_product("Blue mug")
    product.title = "Green teapot"
    product.save()
    assert found("teapot") == [product.pk]
    assert found("mug") == []


def test_bulk_update_of_titles_is_found_at_once(make_product, found):
    product = make_product("Blue mug")
    Product.objects.filter(pk=product.pk).update(title="Green teapot")
    assert found("Green teapot") == [product.pk]
    assert found("mug") == []


def test_bulk_update_of_objects_is_found_at_once(make_product, found):
    product = make_product("Blue mug")
    product.title = "Green teapot"
    Product.objects.bulk_update([product], ["title"])
    assert found("teapot") == [product.pk]


def test_bulk_created_products_and_variants_are_found(catalog, found):
    products = Product.objects.bulk_create(
        Product(catalog=catalog, handle=f"h{n}", title=f"Vase {n}") for n in range(3)
    )
    Variant.objects.bulk_create(
        Variant(product=product, catalog=catalog, currency="EUR", sku=f"V-{n}")
        for n, product in enumerate(products)
    )
    assert len(found("vases")) == 3
    assert found("V-2")[0] == products[2].pk


def test_changed_sku_is_found_and_the_old_one_is_not(make_product, found):
    product = make_product("Tee", sku="OLD-1")
    Variant.objects.filter(product=product).update(sku="NEW-2")
    assert found("NEW-2") == [product.pk]
    assert found("OLD-1") == []


def test_removed_variant_leaves_the_text(make_product, catalog, found):
    product = make_product("Tee", sku="TEE-S")
    other = Variant.objects.create(product=product, catalog=catalog, currency="EUR", sku="TEE-M")
    other.delete()
    assert found("TEE-M") == []


def test_removed_product_leaves_nothing_behind(make_product, found):
    product = make_product("Blue mug", sku="M-1")
    product.delete()
    assert not ProductText.objects.exists()
    again = make_product("Chair")
    assert found("mug") == found("M-1") == []
    assert found("chair") == [again.pk]


def test_removed_catalogue_takes_its_words_along(make_product, catalog):
    make_product("Blue teapot")
    catalog.delete()
    assert not CatalogWord.objects.exists()
    assert not ProductText.objects.exists()


def test_category_is_found_by_its_labels_in_every_language(make_product, mugs, found):
    product = make_product("Oslo", category=mugs)
    assert found("mug") == found("Tassen") == [product.pk]


def test_renamed_category_renames_it_for_search(make_product, mugs, found):
    product = make_product("Oslo", category=mugs)
    mugs.labels = {"en": "Beakers"}
    mugs.save()
    assert found("beaker") == [product.pk]
    assert found("mug") == []


def test_removed_category_leaves_the_text(make_product, mugs, found):
    make_product("Oslo", category=mugs)
    mugs.delete()
    assert found("mug") == []


def test_text_that_did_not_change_is_not_written(make_product):
    product = make_product("Blue mug")
    with CaptureQueriesContext(connection) as queries:
        text_documents_refresh([product.pk])
        product.save()
    assert queries.captured_queries
    assert not [q for q in queries if 'INTO "catalog_producttext"' in q["sql"]]


def test_fields_outside_the_text_do_not_read_it(make_product):
    product = make_product("Blue mug")
    with CaptureQueriesContext(connection) as queries:
        Product.objects.filter(pk=product.pk).update(status="approved")
        Variant.objects.filter(product=product).update(price=3)
    assert not [q for q in queries if "catalog_producttext" in q["sql"]]


def test_text_rolls_back_with_its_product(make_product, found):
    product = make_product("Blue mug")
    with transaction.atomic():
        Product.objects.filter(pk=product.pk).update(title="Green teapot")
        transaction.set_rollback(True)
    assert found("mug") == [product.pk]
    assert found("teapot") == []


def test_odd_tags_and_breaks_in_titles_keep_the_document_in_shape(make_product, found):
    product = make_product("Blue\nmug\tlarge", tags=["a, b", 5, None, {"x": "y"}, "new\nline"])
    assert ProductText.objects.get(pk=product.pk).document.count("\n") == 5
    assert found("large mug") == [product.pk]


def test_very_long_words_are_found_by_their_beginning(make_product, found):
    product = make_product("x" * 300)
    assert found("x" * 150) == [product.pk]


def test_words_are_kept_once(make_product):
    make_product("Blue mug")
    make_product("Blue mug")
    assert sorted(CatalogWord.objects.values_list("word", flat=True)) == ["blue", "mug"]


@pytest.mark.sqlite
def test_text_index_agrees_with_its_table(make_product):
    for title in ("Blue mug", "Green teapot", "Chair"):
        make_product(title)
    Product.objects.filter(title="Chair").update(title="Stool")
    Product.objects.get(title="Blue mug").delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_producttext_fts(catalog_producttext_fts, rank) "
            "VALUES ('integrity-check', 1)"
        )
