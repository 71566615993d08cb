"""Statuses that files name, taken where that is asked for, and put back."""

from __future__ import annotations

from catalog.models import Product, ProductVersion
from catalog.services.products import product_update
from catalog.services.statuses import products_set_status
from tests.catalog.colours import staged

MUG = {"Handle": "mug", "Title": "Mug", "SKU": "M1", "Price": "12.50", "Status": "active"}
PHOTO = {"Photo": "mug.jpg"}


def status():
    return Product.objects.get().status


def test_a_file_approves_nothing_by_itself(shop):
    source = shop.run([MUG])

    assert status() == "draft"
    assert source.counts["approves"] == 0


def test_the_preview_says_what_new_products_will_be(shop):
    says = [
        shop.preview([MUG], **options).items.get().record["fields"]["status"]
        for options in ({}, {"status": "in_review"}, {"file_status": True})
    ]

    assert says == ["draft", "in_review", "approved"]


def test_new_products_are_what_whoever_imports_them_says(shop):
    shop.run([MUG], status="in_review")

    assert status() == "in_review"


def test_what_is_approved_is_approved_with_its_photos(shop):
    shop.run([{**MUG, **PHOTO}], photos={"mug.jpg": staged("red").data}, file_status=True)

    product = Product.objects.get()
    assert (product.status, product.changed_since_approval) == ("approved", False)
    assert len(ProductVersion.objects.get().content["photos"]) == 1


def test_known_products_move_only_where_that_is_asked_for(shop):
    shop.run([{**MUG, "Status": "draft"}])

    unmoved = shop.run([MUG])
    left = status()
    moved = shop.run([MUG], file_status=True)
    again = shop.run([MUG], file_status=True)

    assert (unmoved.counts["unchanged"], left) == (1, "draft")
    assert (moved.counts["updated"], status()) == (1, "approved")
    assert again.counts["unchanged"] == 1


def test_undoing_puts_the_status_back_and_withdraws_the_version(shop):
    shop.run([{**MUG, "Status": "draft"}])
    source = shop.run([{**MUG, "Price": "13"}], file_status=True)

    shop.undo(source)

    assert status() == "draft"
    assert not ProductVersion.objects.standing().exists()


def test_undoing_deletes_a_product_that_was_approved_on_its_way_in(shop):
    shop.undo(shop.run([MUG], file_status=True))

    assert not Product.objects.alive().exists()


def test_a_status_that_somebody_gave_since_stays_when_it_is_undone(shop, person):
    shop.run([{**MUG, "Status": "draft"}])
    source = shop.run([MUG], file_status=True)
    products_set_status(products=Product.objects.all(), status="archived", actor=person)

    shop.undo(source)

    assert status() == "archived"


def test_undoing_approves_nothing_anew(shop):
    shop.run([MUG], file_status=True)
    photos = {"mug.jpg": staged("red").data}
    source = shop.run([{**MUG, **PHOTO, "Status": "archived"}], photos=photos, file_status=True)

    shop.undo(source)

    product = Product.objects.get()
    assert (product.status, product.changed_since_approval) == ("approved", False)
    assert ProductVersion.objects.count() == 1


def test_what_somebody_approved_since_stays_approved_when_it_is_undone(shop, person):
    shop.run([{**MUG, "Status": "draft"}])
    source = shop.run([MUG], file_status=True)
    product_update(product=Product.objects.get(), actor=person, fields={"brand": "Ours"})
    products_set_status(products=Product.objects.all(), status="approved", actor=person)

    shop.undo(source)

    assert status() == "approved"
