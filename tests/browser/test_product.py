"""The product page: attributes edited in place, deletion with undo."""

from __future__ import annotations

import os
import re
import signal
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE
from tests.live_site import USERNAME, photo, wait_until


@pytest.fixture
def product(site, shop, request) -> Iterator[dict[str, Any]]:
    """A product of the test's own: a piece of furniture, of wood, as a person said."""
    data = photo(zlib.crc32(request.node.name.encode()))
    answer = site.upload(shop, data, title="Lonely lamp")
    assert answer.status_code == httpx.codes.CREATED
    made = answer.json()
    said = {"category": "furniture", "material": ["wood"]}
    changed = site.api.patch(f"products/{made['id']}", json={"attributes": said})
    assert changed.status_code == httpx.codes.OK, changed.text
    yield made
    site.api.delete(f"products/{made['id']}")


@pytest.fixture
def described(site, product) -> dict[str, Any]:
    """The same, once nothing of it changes by itself any more."""
    wait_until(site.is_quiet, "the product to be described")
    return product


def path_of(product: dict[str, Any]) -> str:
    return f"/c/{product['catalog']}/products/{product['id']}/"


def say_metal(page: Page) -> None:
    row = page.locator("#attribute-material")
    row.get_by_role("link", name="Edit Material").click()
    # By their role: the row has the same words before the form is there.
    row.get_by_role("checkbox", name="Wood", exact=True).uncheck()
    row.get_by_role("checkbox", name="Metal", exact=True).check()
    row.get_by_role("button", name="Save").click()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1440", "390"])
def test_attribute_edited_in_place_is_kept_as_the_persons(open_page, site, described, viewport):
    page = open_page(path_of(described), viewport=viewport)
    row = page.locator("#attribute-color")
    expect(row.locator(".provenance")).to_contain_text("From the photo")
    row.get_by_role("link", name="Edit").click()
    row.get_by_role("checkbox", name="Turquoise", exact=True).check()
    row.get_by_role("button", name="Save").click()
    expect(row.locator(".provenance")).to_contain_text(f"Edited by {USERNAME}")
    expect(row).to_contain_text("Turquoise")
    expect(page).to_have_url(re.compile(path_of(described)))
    stored = site.api.get(f"products/{described['id']}").json()["attributes"]["color"]
    assert "turquoise" in stored["value"]
    assert (stored["source"], stored["locked"]) == ("person", True)


def test_edit_of_an_attribute_can_be_undone(open_page, described):
    page = open_page(path_of(described))
    row = page.locator("#attribute-material")
    say_metal(page)
    expect(row.locator(".chip--value")).to_have_text(["Metal"])
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(row.locator(".chip--value")).to_have_text(["Wood"])


def test_escape_leaves_an_attribute_as_it_was(open_page, described):
    page = open_page(path_of(described))
    page.get_by_role("link", name="Edit Material").press("Enter")
    row = page.locator("#attribute-material")
    row.get_by_role("checkbox", name="Metal", exact=True).check()
    page.keyboard.press("Escape")
    expect(row.get_by_role("link", name="Edit Material")).to_be_focused()
    expect(row.locator(".chip--value")).to_have_text(["Wood"])


def test_deleted_product_is_gone_and_comes_back_with_undo(open_page, site, product):
    page = open_page(path_of(product))
    page.get_by_role("button", name="Delete").click()
    toast = page.locator(".toast", has_text="deleted")
    expect(toast).to_be_visible()
    assert site.api.get(f"products/{product['id']}").status_code == 404
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="restored")).to_be_visible()
    assert site.api.get(f"products/{product['id']}").status_code == 200


@pytest.fixture
def resting_worker(site) -> Iterator[Callable[[], None]]:
    """A worker that does nothing until it is called on."""
    pid = site.pids("worker")[-1]
    site.suspend(pid)
    yield lambda: os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGCONT)


def test_product_page_follows_the_photo_until_it_is_searchable(resting_worker, open_page, product):
    page = open_page(path_of(product))
    state = page.locator("#product-state")
    expect(state).to_contain_text("Not searchable by its looks yet")
    expect(state).to_contain_text("Attributes follow")
    resting_worker()
    expect(state).to_contain_text("Searchable, attributes found", timeout=60_000)
    expect(page.locator("#attribute-color .provenance")).to_contain_text("From the photo")
    page.get_by_role("heading", name="Looks similar").scroll_into_view_if_needed()
    expect(page.locator(".product-grid--small .product-card__link").first).to_be_attached()


def test_activity_page_keeps_itself_current(open_page, site):
    slug = site.new_catalog("Busy")
    page = open_page(f"/c/{slug}/activity/")
    expect(page.get_by_text("There are no photos yet.")).to_be_visible()
    site.upload(slug, photo(90_001))
    expect(page.get_by_text("1 photo searchable, nothing waits.")).to_be_visible(timeout=60_000)
