"""Suggestions on the product's page: accepted, edited, rejected and undone, by pointer and keyboard."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW
from tests.live_site import ROOT, photo, wait_until

# A machine's word on one product, in a process of the site's own.
SAY = """
import django; django.setup()
from catalog.models import Product, Source
from catalog.services.ledger import MachineValue, machine_values_record
product = Product.objects.get(pk={pk})
photo = product.placements.get().photo_id
said = [
    MachineValue("title", ["Brushed steel kettle"], 0.9, said_confidence=0.95),
    MachineValue("description", ["It boils a litre."], 0.6),
    MachineValue("alt_text", ["A kettle from the left"], 0.7, photo_id=photo),
    MachineValue("style", ["modern"], 0.9),
]
machine_values_record(said={{product: said}}, source=Source.VISION_LLM, model="test")
"""
SEVERE = {"serious", "critical"}


@pytest.fixture
def suggested(site, shop, request) -> Iterator[str]:
    """The path of a product of which the vision model suggests something."""
    data = photo(zlib.crc32(request.node.name.encode()))
    made = site.upload(shop, data, title="Kettle").json()
    wait_until(site.is_quiet, "the product to be described")
    subprocess.run(
        [sys.executable, "-c", SAY.format(pk=made["id"])],
        cwd=ROOT,
        env=site._environment,
        check=True,
        timeout=120,
    )
    yield f"/c/{shop}/products/{made['id']}/"
    site.api.delete(f"products/{made['id']}")


def severe(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [rule["id"] for rule in found if rule["impact"] in SEVERE]


def test_suggestions_are_accepted_edited_rejected_and_undone(open_page, suggested):
    page = open_page(suggested, viewport=NARROW)
    panel = page.locator("#suggestions")
    expect(panel.locator("[data-suggestion]")).to_have_count(3)
    assert severe(page) == []

    panel.get_by_role("button", name="Accept Title").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Brushed steel kettle")
    expect(panel.locator("[data-suggestion]")).to_have_count(2)
    # The keyboard goes on with what came in its place.
    expect(panel.get_by_role("button", name="Accept Description")).to_be_focused()

    panel.get_by_role("link", name="Edit Description").click()
    field = panel.get_by_role("textbox", name="Description")
    expect(field).to_be_focused()
    assert severe(page) == []
    page.keyboard.press("Escape")
    panel.get_by_role("link", name="Edit Description").click()
    field.fill("It boils two litres.")
    panel.get_by_role("button", name="Save").click()
    expect(page.locator("#product-description")).to_have_text("It boils two litres.")

    panel.get_by_role("button", name="Reject Alternative text").click()
    expect(panel.locator("[data-suggestion]")).to_have_count(0)
    page.locator("[data-toast]", has_text="Alternative text rejected").get_by_role(
        "button", name="Undo"
    ).click()
    expect(page.locator("#suggestions [data-suggestion]")).to_have_count(1)

    described = page.locator(".history__event", has_text="Set: Description")
    expect(described).to_have_count(0)
    page.locator(".history__event", has_text="Rejected: Description").get_by_role(
        "button", name="Undo"
    ).click()
    expect(page.locator("#suggestions [data-suggestion]")).to_have_count(2)
    expect(page.locator("#product-description")).to_be_hidden()
    assert severe(page) == []
