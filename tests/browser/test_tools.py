"""Tools before one's eyes: text that grows, reloaded, followed twice, cut off, stopped, edited."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW
from tests.browser.test_describing import sound
from tests.groq_server import Fault, GroqServer
from tests.live_site import LiveSite, live_site, photo, wait_until
from tools.registry import KINDS

RUN = re.compile(r"/runs/\d+/$")
ANSWER = re.compile(r"\?run=\d+")
OVER = "#run-head:not([data-state=queued]):not([data-state=running])"
TOOLS = (
    "analysis",
    "ad_campaign",
    "twin_simulator",
    "market_research",
    "pricing",
    "question",
)
HOSTILE = (
    "# Hello\n\n<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>\n\n"
    "[click](javascript:window.stolen=1) ![x](https://evil.example/a.png) "
    "<form action='https://evil.example'><input name=password></form>\n\n"
    "<div hx-get='/logout/' hx-trigger='load' id='main'>x</div>\n"
)


@pytest.fixture(scope="module")
def model():
    with GroqServer(first_token=0.2, tokens_per_second=60, answer_tokens=120) as server:
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory, prepared, model):
    """A site of its own: with a key, which the other pages' site does without."""
    with live_site(prepared, tmp_path_factory.mktemp("site")) as running:
        running.serve(
            GROQ_API_KEY="gsk_test", GROQ_BASE_URL=model.url, LLM_REQUESTS_PER_MINUTE="10000"
        )
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def tools_of(site: LiveSite) -> str:
    """The address of a product's tools."""
    slug = site.new_catalog("Tools")
    for number in range(6):
        site.upload(slug, photo(200 + number), title=f"Cup {number}", price=f"{10 + number}.50")
    wait_until(site.is_quiet, "the shop")
    ((product,),) = site.sql("SELECT id FROM catalog_product WHERE title = 'Cup 0'")
    return f"/c/{slug}/products/{product}/tools"


def ask(page: Page, question: str = "What is it made of?") -> None:
    """Have a question answered; the page is the conversation's then."""
    page.get_by_label("Question").first.fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page).to_have_url(ANSWER)


def body(page: Page) -> str:
    return page.locator("#run-result").inner_text()


def test_every_tool_is_tried_here():
    assert len(TOOLS) == len(KINDS)


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_writes_before_ones_eyes(tool, open_page, tools_of):
    page = open_page(f"{tools_of}/{tool}/")
    sound(page)
    if tool == "question":
        ask(page)
    else:
        page.locator(".tool-page form button.button--primary").first.click()
        expect(page).to_have_url(RUN)
    page.locator(OVER).wait_for(timeout=60_000)
    expect(page.locator("#run-head")).to_have_attribute("data-state", "done")
    expect(page.locator("#run-result .block").first).to_be_visible()
    if tool != "question":
        expect(page.locator("#run-bar").get_by_text("Download")).to_be_visible()
    sound(page)
    narrow = open_page(page.url, viewport=NARROW, color_scheme="dark")
    sound(narrow)


def test_text_goes_on_after_a_reload_and_in_a_second_tab(open_page, tools_of):
    page = open_page(f"{tools_of}/question/")
    ask(page)
    expect(page.locator("#run-result .prose")).not_to_be_empty()
    second = open_page(page.url)
    page.reload()
    for each in (page, second):
        each.locator(OVER).wait_for(timeout=30_000)
    assert body(page) == body(second) != ""


def test_text_goes_on_where_it_was_after_the_connection_was_lost(open_page, tools_of, complaints):
    page = open_page(f"{tools_of}/question/")
    ask(page)
    expect(page.locator("#run-result .prose")).not_to_be_empty()
    page.context.set_offline(True)
    page.wait_for_timeout(300)
    page.context.set_offline(False)
    page.locator(OVER).wait_for(timeout=30_000)
    whole = open_page(page.url)
    assert body(page) == body(whole)
    complaints[0].all = [text for text in complaints[0].all if "WebSocket" not in text]


def test_run_is_stopped_and_resumed(open_page, tools_of):
    page = open_page(f"{tools_of}/question/")
    ask(page)
    expect(page.locator("#run-result .prose")).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#run-head")).to_have_attribute("data-state", "stopped")
    expect(page.get_by_text("Stopped. What was written is kept.")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#run-head")).to_have_attribute("data-state", "done", timeout=30_000)


def test_model_cannot_do_anything_on_the_page(open_page, tools_of, model):
    page = open_page(f"{tools_of}/question/")
    model.script(Fault("say", {"text": HOSTILE}), times=None)
    ask(page)
    page.locator(OVER).wait_for(timeout=30_000)
    model.clear()
    assert page.evaluate("window.stolen") is None
    inside = page.locator("#run-result .prose")
    for element in ("script", "img", "form", "iframe", "a[href^='http']", "[hx-get]", "[onerror]"):
        assert inside.locator(element).count() == 0, element


def test_text_is_edited_in_place_and_the_original_kept(open_page, tools_of):
    page = open_page(f"{tools_of}/pricing/")
    page.locator(".tool-page form button.button--primary").first.click()
    page.locator(OVER).wait_for(timeout=30_000)
    expect(page.locator("#run-bar").get_by_text("Download")).to_be_visible()
    block = page.locator("#run-result .block").filter(has=page.locator(".prose")).first
    block.get_by_text("Edit").click()
    block.locator("textarea").fill("Only my own words.")
    block.get_by_role("button", name="Save").click()
    expect(page.locator("#run-result").get_by_text("Only my own words.").first).to_be_visible()
    page.reload()
    expect(page.locator("#run-result").get_by_text("Only my own words.").first).to_be_visible()
    expect(page.get_by_text("Edited").first).to_be_visible()
