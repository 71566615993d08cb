"""Describing before one's eyes: paused, tried on some, gone on with, retried, live on the page."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW
from tests.browser.test_accessibility import LOOK, RIGHT, SEVERE
from tests.groq_server import GroqServer
from tests.live_site import LiveSite, live_site, photo, wait_until

PRODUCTS = 6


@pytest.fixture(scope="module")
def model():
    with GroqServer(latency=0.2) as server:
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory, prepared, model):
    """A site of its own: with a key, which the other pages' site does without."""
    with live_site(prepared, tmp_path_factory.mktemp("site")) as running:
        running.serve(GROQ_API_KEY="gsk_test", GROQ_BASE_URL=model.url)
        running.wait_ready()
        yield running


def sound(page: Page) -> None:
    """The page as it is now breaks no serious rule of axe and fits its screen."""
    found = Axe().run(page).response["violations"]
    assert [(r["id"], r["nodes"][0]["html"]) for r in found if r["impact"] in SEVERE] == []
    assert page.evaluate(LOOK) == RIGHT
    overhang = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overhang) == 0


def tasks(site: LiveSite, state: str) -> int:
    ((count,),) = site.sql("SELECT COUNT(*) FROM catalog_visiontask WHERE state = ?", state)
    return count


def test_describing_is_paused_tried_gone_on_with_and_retried(open_page, site, model):
    slug = site.new_catalog("Vision")
    page = open_page(f"/c/{slug}/activity/")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#describing-resume")).to_be_visible()
    for number in range(PRODUCTS):
        site.upload(slug, photo(100 + number), title=f"Thing {number}")
    # Live: nobody loads the page again.
    expect(page.get_by_text(f"{PRODUCTS} products wait; nothing is asked or spent.")).to_be_visible(
        timeout=20_000
    )
    page.reload()
    expect(page.get_by_text("Paused by ada")).to_be_visible()
    assert model.requests == []

    page.goto(f"/c/{slug}/describe/")
    expect(page.get_by_text("Describing is paused.")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Show me what changes first").click()
    expect(page.get_by_text("Nothing is written yet.")).to_be_visible()
    model.script("refusal", times=1)
    other = open_page(f"/c/{slug}/activity/")
    other.get_by_role("button", name="Resume").click()
    expect(other.get_by_role("button", name="Pause")).to_be_visible()
    # Live, on both pages: the run's shows its differences when the last answer is there.
    expect(page.get_by_role("heading", name="By product")).to_be_visible(timeout=60_000)
    expect(other.get_by_text("Trial waits for your decision")).to_be_visible(timeout=20_000)
    assert site.sql("SELECT COUNT(*) FROM catalog_ledgerentry WHERE source = 'vision-llm'") == [
        (0,)
    ]
    sound(page)

    page.get_by_role("button", name="Keep these").click()
    expect(page.get_by_text("Everything it wrote is one batch")).to_be_visible()
    sound(other)
    other.get_by_role("button", name="Retry Thing").click()
    expect(other.get_by_role("heading", name="Failed")).to_have_count(0, timeout=20_000)
    wait_until(lambda: tasks(site, "done") == PRODUCTS, "the last product")
    assert len(model.requests) == PRODUCTS + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_describing_are_sound_on_a_phone(open_page, site, scheme):
    ((slug,),) = site.sql("SELECT slug FROM catalog_catalog WHERE name = 'Vision'")
    for path in (f"/c/{slug}/activity/", f"/c/{slug}/describe/?again=1", f"/c/{slug}/describe/1/"):
        page = open_page(path, viewport=NARROW, color_scheme=scheme)
        page.wait_for_load_state("networkidle")
        sound(page)
