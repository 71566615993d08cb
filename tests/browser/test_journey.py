"""The way of a new user: log in, make a catalogue, add photos, find them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, asks, file, first_title, log_in
from tests.live_site import photo


def test_wrong_password_is_told_and_lets_nobody_in(open_page):
    page = open_page("/login/", storage_state=None)
    log_in(page, "wrong")
    expect(page.get_by_text("Please enter a correct username and password")).to_be_visible()
    page.goto("/")
    expect(page).to_have_url(re.compile("/login/"))


@pytest.mark.parametrize(("viewport", "seed"), [(WIDE, 500), (NARROW, 600)], ids=["1440", "390"])
def test_new_catalogue_is_filled_and_searched_by_words_and_by_photo(
    open_page, complaints, shop, viewport, seed
):
    page = open_page("/login/", viewport=viewport, storage_state=None)
    log_in(page)
    page.goto(f"/c/{shop}/")
    page.locator("summary", has_text="Catalogue:").click()
    page.get_by_role("link", name="All catalogues", exact=True).click()
    page.get_by_role("link", name="New catalogue").click()
    page.get_by_label("Name").fill(f"Wardrobe {seed}")
    page.get_by_role("button", name="Create catalogue").click()
    # A new catalogue has nothing to search yet.
    expect(page).to_have_url(re.compile(f"/c/wardrobe-{seed}/upload/"))

    complaints[0].expect(422)
    page.locator("#upload-files").set_input_files(
        [
            file("red-dress.jpg", photo(seed)),
            file("broken.jpg", photo(seed + 1)[:900]),
            file("blue-coat.jpg", photo(seed + 2)),
            file("green-hat.png", photo(seed + 3, "PNG"), "image/png"),
        ]
    )
    expect(page.locator("[data-upload-count]")).to_have_text("3 of 4 uploaded, 1 failed")
    rows = page.locator("[data-upload-row]")
    expect(rows.filter(has_text="red-dress.jpg")).to_contain_text("Added")
    broken = rows.filter(has_text="broken.jpg")
    expect(broken).to_have_attribute("data-state", "failed")
    expect(broken.locator("[data-upload-status]")).to_contain_text("it ends too early")

    page.get_by_role("link", name="Watch the progress").click()
    expect(page.get_by_text("All done.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("3 photos searchable, nothing waits.")).to_be_visible()

    page.get_by_role("link", name="Search", exact=True).click()
    expect(page.locator(".product-card")).to_have_count(3)
    page.get_by_role("searchbox").press_sequentially("blue co", delay=20)
    expect(page).to_have_url(asks("blue co"))
    assert "blue coat" in first_title(page).lower()
    page.get_by_role("searchbox").fill("")
    page.locator("[data-photo-input]").set_input_files(file("mine.jpg", photo(seed)))
    expect(page.locator(".product-card").first).to_contain_text("The same photo")
    assert "red dress" in first_title(page).lower()
