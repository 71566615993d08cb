"""Photos of one product, some of which are there already."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import file
from tests.live_site import photo


def test_known_photo_joins_the_product_that_the_new_ones_make(open_page, site):
    slug = site.new_catalog("Doubles")
    known = photo(700)
    site.upload(slug, known, title="First")
    page = open_page(f"/c/{slug}/upload/")
    page.get_by_label("All photos show one product").check()
    page.locator("#upload-files").set_input_files(
        [file("known.jpg", known), file("new.jpg", photo(701)), file("other.jpg", photo(702))]
    )
    expect(page.locator("[data-upload-count]")).to_have_text("3 of 3 uploaded")
    expect(page.locator("[data-upload-row][data-state=done]")).to_have_count(3)
    addresses = page.locator("[data-upload-open]").evaluate_all("links => links.map(a => a.href)")
    assert len(set(addresses)) == 1
    page.goto(addresses[0])
    expect(page.locator("h1")).not_to_have_text("First")


def test_photos_that_are_all_known_make_nothing(open_page, site):
    slug = site.new_catalog("Again")
    site.upload(slug, photo(710), title="First")
    page = open_page(f"/c/{slug}/upload/")
    page.get_by_label("All photos show one product").check()
    page.locator("#upload-files").set_input_files([file("known.jpg", photo(710))])
    row = page.locator("[data-upload-row]")
    expect(row.locator("[data-upload-status]")).to_have_text("Already here: First")
    page.goto(f"/c/{slug}/products/")
    expect(page.locator(".product-card")).to_have_count(1)
