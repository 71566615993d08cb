"""The bands of prices beside the results."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_accessibility import SEVERE
from tests.live_site import photo, wait_until

CHEAP = re.compile(r"price_min=5&price_max=10$")


@pytest.fixture(scope="module")
def priced(site) -> str:
    """The address of a catalogue with a product at 5 and one at 50."""
    slug = site.new_catalog("Priced")
    for number, price in enumerate(("5", "50")):
        site.upload(slug, photo(40 + number), title=f"For {price}", price=price)
    wait_until(site.is_quiet, "the catalogue")
    return f"/c/{slug}/"


def test_band_of_prices_is_put_on_and_taken_off_by_keyboard(open_page, priced):
    page = open_page(priced)
    band = page.get_by_role("link", name="5–10")
    band.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(CHEAP)
    expect(page.locator(".product-card")).to_have_text(re.compile("For 5"))
    expect(page.get_by_label("Price from")).to_have_value("5")
    expect(band).to_be_focused()
    expect(band).to_have_attribute("aria-current", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".product-card")).to_have_count(2)


def test_band_of_prices_works_without_javascript(open_page, priced):
    page = open_page(priced, java_script_enabled=False)
    page.get_by_role("link", name="5–10").click()
    expect(page).to_have_url(CHEAP)
    expect(page.locator(".product-card")).to_have_count(1)


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", NARROW)], ids=["light-1440", "dark-390"]
)
def test_chosen_band_of_prices_is_sound(open_page, priced, scheme, viewport):
    page = open_page(f"{priced}?price_min=5&price_max=10", color_scheme=scheme, viewport=viewport)
    if viewport == NARROW:
        page.locator("summary", has_text="Filters").click()
    found = Axe().run(page).response["violations"]
    assert [rule for rule in found if rule["impact"] in SEVERE] == []
