"""Bringing back what was deleted: wide and narrow, by keyboard, without scripts."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_accessibility import LOOK, RIGHT, SEVERE, SMALLEST
from tests.live_site import photo


@pytest.fixture
def trash(site, request) -> dict[str, Any]:
    """A catalogue whose only two products were deleted through the API."""
    slug = site.new_catalog("Trash")
    made = {}
    for title in ("Lonely lamp", "Other lamp"):
        data = photo(zlib.crc32(f"{request.node.name}{title}".encode()))
        product = site.upload(slug, data, title=title).json()
        site.api.delete(f"products/{product['id']}")
        made[title] = product["id"]
    return {"slug": slug, **made}


def deleted_page(trash: dict[str, Any]) -> str:
    return f"/c/{trash['slug']}/products/deleted/"


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1440", "390"])
def test_deleted_product_is_found_from_the_products_and_restored(open_page, site, trash, viewport):
    page = open_page(f"/c/{trash['slug']}/products/", viewport=viewport)
    page.get_by_role("link", name="Deleted").click()
    page.get_by_role("button", name="Restore Lonely lamp").click()
    expect(page.locator(".toast", has_text="1 product restored.")).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_text(["Other lamp"])
    assert site.api.get(f"products/{trash['Lonely lamp']}").status_code == 200


def test_chosen_products_are_restored_by_keyboard_alone(open_page, trash):
    page = open_page(deleted_page(trash))
    page.get_by_role("checkbox", name="Select all").press("Space")
    page.get_by_role("button", name="Restore", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Nothing is deleted")).to_be_visible()


def test_chosen_products_are_restored_without_scripts(open_page, trash):
    page = open_page(deleted_page(trash), java_script_enabled=False)
    page.get_by_role("checkbox", name="Select Other lamp").check()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_text(["Lonely lamp"])


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", SMALLEST)], ids=["light-1440", "dark-360"]
)
def test_list_of_the_deleted_is_sound_and_fits(open_page, trash, scheme, viewport):
    page = open_page(deleted_page(trash), color_scheme=scheme, viewport=viewport)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in SEVERE] == []
    assert page.evaluate(LOOK) == RIGHT
    overhang = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overhang) == 0


@pytest.mark.parametrize("viewport", [WIDE, SMALLEST], ids=["1440", "360"])
def test_removed_photo_is_put_back_on_the_product_s_page(open_page, site, trash, viewport):
    data = photo(zlib.crc32(f"kept{viewport['width']}".encode()))
    product = site.upload(trash["slug"], data, title="Kept lamp").json()
    page = open_page(f"/c/{trash['slug']}/products/{product['id']}/", viewport=viewport)
    page.get_by_text("Manage photos").click()
    page.get_by_role("button", name="Remove photo 1").click()
    page.get_by_text("Removed photos and variants").click()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(LOOK) == RIGHT
    page.get_by_role("button", name="Restore Photo").click()
    expect(page.locator(".toast", has_text="Photo is back.")).to_be_visible()
    expect(page.get_by_text("Removed photos and variants")).not_to_be_attached()
