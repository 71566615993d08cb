"""Questions: one to the catalogue that becomes chips, one about an item that is answered live."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW
from tests.browser.test_describing import sound
from tests.groq_server import GroqServer
from tests.live_site import live_site, photo, wait_until

QUESTION = "which bags under 80 have no description?"


@pytest.fixture(scope="module")
def model():
    with GroqServer(answer_tokens=90, first_token=0.2, tokens_per_second=60) as server:
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory, prepared, model):
    """A site of its own: with a key, which the other pages' site does without."""
    with live_site(prepared, tmp_path_factory.mktemp("site")) as running:
        running.serve(GROQ_API_KEY="gsk_test", GROQ_BASE_URL=model.url)
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def bags(site) -> str:
    """The slug of a shop with two bags, of which only Alba is described."""
    slug = site.new_catalog("Bags")
    for number, (title, description) in enumerate((("Alba", "A fine bag."), ("Bora", ""))):
        made = site.upload(slug, photo(300 + number), title=title, price="20.00").json()
        said = {"description": description, "attributes": {"category": "bags"}}
        answer = site.api.patch(f"products/{made['id']}", json=said)
        assert answer.status_code == httpx.codes.OK, answer.text
    wait_until(site.is_quiet, "the bags")
    return slug


def test_question_in_the_search_box_becomes_chips_that_can_be_taken_away(open_page, bags):
    page = open_page(f"/c/{bags}/")
    page.get_by_role("searchbox").fill(QUESTION)
    chips = page.get_by_role("list", name="Filters that are on").get_by_role("link")
    expect(chips).to_have_text([re.compile(t) for t in ("Bags", "Price to 80", "Without desc", "Clear")])  # fmt: skip
    cards = page.locator(".product-card__link")
    expect(cards).to_have_text(["Bora"])
    sound(page)
    chips.filter(has_text="Without description").click()
    expect(cards).to_have_count(2)
    expect(page.get_by_role("searchbox")).to_have_value(QUESTION)
    # A facet goes on from what is left.
    page.locator("summary", has_text="Status").click()
    page.locator("input[name='f.status'][value='draft']").check()
    expect(chips.filter(has_text="Status: Draft")).to_be_visible()
    expect(chips.filter(has_text="Without description")).to_have_count(0)
    page.get_by_role("link", name="Search for the exact words instead").click()
    expect(page.get_by_text("Searching for the exact words.")).to_be_visible()
    expect(chips).to_have_count(0)


def test_question_that_is_typed_on_takes_back_what_half_of_it_was_read_as(open_page, bags):
    page = open_page(f"/c/{bags}/")
    box = page.get_by_role("searchbox")
    chips = page.get_by_role("list", name="Filters that are on").get_by_role("link")
    box.fill("which bags under 8")
    expect(chips.filter(has_text="Price to 8 ")).to_be_visible()
    box.fill("which bags under 80")
    expect(chips.filter(has_text="Price to 80 ")).to_be_visible()
    expect(chips.filter(has_text="Price")).to_have_count(1)
    box.fill("bag")
    expect(chips).to_have_count(0)


def test_model_reads_what_rules_left_over_while_the_page_is_there_already(open_page, bags, model):
    answer = {"words": "", "filters": [], "price_min": None, "price_max": 90}
    said = json.dumps(answer | {"missing": ["description"]})
    model.script("say", text=said, when=lambda call: "turn a question" in call.text)
    page = open_page(f"/c/{bags}/")
    page.get_by_role("searchbox").fill("which bags are not that dear?")
    expect(page.get_by_text("Read as a question")).to_be_visible()
    expect(page.get_by_text("Read by the language model")).to_be_visible()
    chips = page.get_by_role("list", name="Filters that are on").get_by_role("link")
    expect(chips.filter(has_text="Price to 90")).to_be_visible()
    expect(page.locator(".product-card__link")).to_have_text(["Bora"])


def test_question_about_an_item_is_answered_live_and_asked_on(open_page, site, bags, model):
    ((product,),) = site.sql("SELECT id FROM catalog_product WHERE title = 'Alba'")
    page = open_page(f"/c/{bags}/products/{product}/")
    section = page.get_by_role("region", name="Questions about this item")
    section.scroll_into_view_if_needed()
    section.get_by_label("Your question").fill("What is it made of?")
    section.get_by_role("button", name="Ask", exact=True).click()
    expect(page).to_have_url(re.compile(r"/tools/question/\?run=\d+#turn-\d+$"))
    turn = page.get_by_role("article", name="What is it made of?")
    expect(turn.get_by_text("An answer", exact=True).first).to_be_visible()
    expect(turn.locator("#run-head")).to_have_attribute("data-state", "done")
    expect(turn.locator("a.cite").first).to_be_visible()
    sound(page)
    page.locator(".ask__suggested button").first.click()
    expect(page.locator("article")).to_have_count(2)
    expect(page.locator("#run-head")).to_have_attribute("data-state", "done")
    page.set_viewport_size(NARROW)
    sound(page)


def test_conversations_work_without_javascript(open_page, site, bags):
    ((product,),) = site.sql("SELECT id FROM catalog_product WHERE title = 'Bora'")
    page = open_page(f"/c/{bags}/products/{product}/", java_script_enabled=False)
    page.get_by_role("link", name="Ask about this item").click()
    page.get_by_label("Your question").fill("Is it red?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".turn__question")).to_have_text("Is it red?")
