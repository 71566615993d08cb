"""The review queue by keyboard: accept, reject, edit, skip, undo, and a network that is cut."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.live_site import ROOT, photo, wait_until

COLORS = ("red", "blue", "green", "black", "white")
# A machine's word on the products of a catalogue, in a process of the site's own.
SAY = """
import django; django.setup()
import sys
from catalog.models import Product, Source
from catalog.services.ledger import MachineValue, machine_values_record
colors = {colors!r}
said = {{
    product: [MachineValue("color", [colors[n]], 0.1 * (n + 1))]
    for n, product in enumerate(Product.objects.filter(catalog__slug="{slug}").order_by("pk"))
}}
machine_values_record(said=said, source=Source.VISION_LLM, model="test")
"""


@pytest.fixture
def queue(site, request) -> Iterator[str]:
    """The address of a queue of five colours, the least certain being red."""
    slug = site.new_catalog("Queue")
    for number, color in enumerate(COLORS):
        data = photo(70_000 + hash(request.node.name) % 1000 * 10 + number)
        site.upload(slug, data, title=f"Product {color}")
    wait_until(site.is_quiet, "the products to be described")
    script = SAY.format(colors=COLORS, slug=slug)
    subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=site._environment, check=True, timeout=120
    )
    return f"/c/{slug}/review/?field=color&source=vision-llm"


def shown(page: Page, color: str) -> None:
    """Wait until the suggestion is the one on the screen, and has the keyboard."""
    item = page.locator("[data-review-item]:not([hidden])")
    expect(item).to_have_attribute("data-product", f"Product {color}")
    expect(item).to_be_focused()


def colors_of(site: Any, slug: str) -> dict[str, tuple[list[str], str, bool]]:
    """By product what counts as its colour, whose word that is, and whether it is locked."""
    products = site.api.get(f"catalogs/{slug}/products").json()["products"]
    found = {}
    for product in products:
        color = product["attributes"].get("color", {})
        name = product["title"].removeprefix("Product ")
        found[name] = (color.get("value"), color.get("source"), color.get("locked"))
    return found


def sent(page: Page) -> None:
    """Wait until nothing is kept that the server does not have."""
    kept = "() => Object.keys(localStorage).filter((key) => key.startsWith('review:')).length"
    wait_until(lambda: page.evaluate(kept) == 0, "the decisions to be sent")


def test_queue_is_worked_through_by_keyboard(open_page, site, queue):
    page = open_page(queue)
    slug = queue.split("/")[2]
    badge = page.locator(".nav__link[aria-current] .nav__count")
    opened = int(badge.inner_text().split()[0])
    shown(page, "red")
    page.keyboard.press("a")
    shown(page, "blue")
    page.keyboard.press("r")
    shown(page, "green")
    expect(badge).to_have_text(f"{opened - 2} open")
    page.keyboard.press("e")
    expect(page.get_by_role("combobox", name="Colour: type to find a value")).to_be_focused()
    # Off with the suggested one, on with another.
    for keys in ("green", "teal"):
        page.keyboard.type(keys)
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    shown(page, "black")
    page.keyboard.press("s")
    shown(page, "white")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That was the last of them")).to_be_visible()
    for color in ("white", "black", "green", "blue"):
        page.keyboard.press("u")
        shown(page, color)
    sent(page)
    found = colors_of(site, slug)
    assert found["red"] == (["red"], "vision-llm", True)
    assert found["blue"] == (["blue"], "vision-llm", False)
    assert found["green"] == (["green"], "vision-llm", False)
    page.keyboard.press("1")
    shown(page, "green")
    sent(page)
    assert colors_of(site, slug)["blue"][1:] == ("person", True)


def test_decisions_outlive_a_cut_network_and_the_page(open_page, site, queue):
    page = open_page(queue)
    slug = queue.split("/")[2]
    shown(page, "red")
    expect(page.locator("[data-review-item]")).to_have_count(5)
    page.context.set_offline(True)
    page.keyboard.press("a")
    shown(page, "blue")
    page.keyboard.press("r")
    shown(page, "green")
    expect(page.get_by_text("2 decisions are kept here")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    sent(page)
    shown(page, "green")
    found = colors_of(site, slug)
    assert found["red"] == (["red"], "vision-llm", True)
    assert found["blue"] != (["blue"], "vision-llm", False)


def test_decision_that_is_refused_comes_back(open_page, site, queue, complaints):
    page = open_page(queue)
    shown(page, "red")
    expect(page.locator("[data-review-item]")).to_have_count(5)
    page.route(
        "**/review/decide/",
        lambda route: route.fulfill(
            status=400, json={"error": {"code": "invalid", "message": "Not today."}}
        ),
    )
    complaints[0].expect(400)
    page.keyboard.press("a")
    expect(page.locator(".toast", has_text="Product red: Not today.")).to_be_visible()
    shown(page, "blue")
    page.keyboard.press("j")
    shown(page, "red")
