"""Blocks of runs in a browser, without a site: the page is put together here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route, expect

from catalog.models import Catalog
from tests.browser.conftest import NARROW, WIDE, Complaints
from tests.tools.test_blocks import SHARED, block_of, data_of
from tools.blocks import render_block
from tools.kinds.base import FAILED, RUNNING
from tools.models import ToolRun

HOME = "http://blocks.test"
RUN = SimpleNamespace(pk=7, catalog=SimpleNamespace(slug="shop"))
RUN_ROW = ToolRun(
    pk=7,
    tool="analysis",
    catalog=Catalog(slug="shop"),
    created_at=datetime(2026, 11, 26, tzinfo=UTC),
)
SUGGESTED = render_to_string("tools/_suggested.html", {"review_url": "/c/shop/review/"})
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LONG = "A label of many words that has to go somewhere on a phone, too"
SMALLEST = {"width": 360, "height": 740}


def page_of(html: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Blocks</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="htmx-config" content='{{"allowEval":false,"includeIndicatorStyles":false}}'>
      {render_to_string("components/styles.html")}
      <script src="/static/js/theme.js"></script>
      <script src="/static/django_htmx/htmx-2.min.js"></script>
      <script type="module" src="/static/js/app.js"></script></head>
      <body hx-headers='{{}}'><main class="page"><h1>Run</h1><h2>Result</h2>
      <div id="run" data-follow>{html}</div></main><div id="sink"></div>
      {render_to_string("components/toasts.html")}</body></html>"""


def shown(*blocks: dict, may_edit: bool = True, oob: bool = False) -> str:
    return "".join(render_block(block, RUN, may_edit=may_edit, oob=oob) for block in blocks)


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page with this HTML of blocks, which gets `answers` to what it posts; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def answer(route: Route, html: str, answers: str) -> None:
        path = route.request.url.removeprefix(HOME)
        found = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
        if found:
            kind = TYPES[Path(found).suffix]
            route.fulfill(path=found, headers={"Content-Type": kind})
        elif path == "/":
            headers = {"Content-Type": "text/html", "Content-Security-Policy": POLICY}
            route.fulfill(body=page_of(html), headers=headers)
        elif answers and route.request.method == "POST":
            route.fulfill(body=answers, headers={"Content-Type": "text/html"})
        else:
            route.fulfill(status=204)

    def open_(
        html: str, viewport: dict[str, int] = WIDE, *, answers: str = "", **options: str
    ) -> Page:
        context = browser.new_context(viewport=viewport, base_url=HOME, **options)
        contexts.append(context)
        complaints.append(Complaints(context, HOME))
        page = context.new_page()
        page.route("**/*", lambda route: answer(route, html, answers))
        page.goto("/")
        page.wait_for_function("() => window.htmx !== undefined")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [what for one in complaints for what in one.all] == []


def swap(page: Page, html: str) -> None:
    """As a message of the socket does it."""
    page.evaluate("html => htmx.swap('#sink', html, {swapStyle: 'none'})", html)


def gallery() -> str:
    blocks = [block_of(kind, data_of(kind, LONG), id=kind, title=kind) for kind in SHARED]
    blocks.append(block_of("prose", {"text": "So **far"}, id="growing", title="g", state=RUNNING))
    blocks.append(block_of("prose", {}, id="waiting", title="w", state=RUNNING))
    blocks.append(
        block_of("prose", {"text": "x"}, id="failed", title="f", state=FAILED, error="No.")
    )
    return shown(*blocks)


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", NARROW), ("light", SMALLEST)]
)
def test_every_kind_of_block_is_accessible_and_fits(show, scheme, viewport):
    page = show(gallery(), viewport, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_text_of_a_chart_is_as_large_on_a_phone_as_on_a_screen(show):
    chart = shown(block_of("histogram", data_of("histogram", "x")))
    measure = "getComputedStyle(document.querySelector('.plot text')).fontSize"
    heights = "document.querySelector('.plot text').getBoundingClientRect().height"
    small, large = show(chart, SMALLEST), show(chart, WIDE)
    assert small.evaluate(measure) == large.evaluate(measure) == "12px"
    assert small.evaluate(heights) == pytest.approx(large.evaluate(heights), abs=1)


def test_what_one_types_and_where_survives_a_block_that_is_replaced(show):
    block = block_of("fields", data_of("fields", "0123456789"))
    page = show(shown(block))
    page.locator(".edit > summary").first.click()
    text = page.locator(".edit textarea").first
    expect(page.locator(".edit .counter").first).to_have_text("10 of 9: 1 too many")
    text.fill("mine 漢")
    text.evaluate("control => control.setSelectionRange(2, 4)")
    swap(page, shown(block, oob=True))
    expect(text).to_be_visible()
    expect(text).to_have_value("mine 漢")
    expect(text).to_be_focused()
    assert text.evaluate("control => [control.selectionStart, control.selectionEnd]") == [2, 4]
    expect(page.locator(".edit .counter").first).to_have_text("6 of 9")


def test_an_open_table_stays_open_when_its_block_is_replaced(show):
    block = block_of("bars", data_of("bars", "x"))
    page = show(shown(block))
    page.get_by_text("As a table").click()
    swap(page, shown(block, oob=True))
    expect(page.locator("details.chart-table table")).to_be_visible()


def test_giving_up_an_edit_brings_the_text_back(show):
    page = show(shown(block_of("prose", {"text": "As it was"})))
    page.locator(".edit > summary").click()
    page.locator(".edit textarea").fill("other")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".edit textarea")).to_be_hidden()
    expect(page.locator(".edit textarea")).to_have_value("As it was")
    expect(page.locator(".edit > summary")).to_be_focused()


def test_a_list_is_copied_one_part_a_line_without_its_counters(show):
    field = {"key": "h", "field": "tags", "label": "Headlines", "value": ["One", "Two"], "limit": 2}
    page = show(shown(block_of("fields", {"fields": [field]})))
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: (text) => { window.copied = text; return Promise.resolve(); }}})"
    )
    page.get_by_role("button", name="Copy Headlines").click()
    assert page.evaluate("window.copied") == "One\nTwo"


def test_marked_text_stays_marked_while_its_paragraph_grows(show):
    begun = block_of("prose", {"text": "One two three\n\nFour"}, state=RUNNING)
    page = show(shown(begun))
    page.evaluate(
        "const text = document.querySelectorAll('.prose p')[1].firstChild;"
        "getSelection().setBaseAndExtent(text, 1, text, 4)"
    )
    swap(page, shown(begun | {"data": {"text": "One two three\n\nFour five\n\nSix"}}, oob=True))
    expect(page.locator(".prose p")).to_have_text(["One two three", "Four five", "Six"])
    assert page.evaluate("getSelection().toString()") == "our"
    swap(page, shown(block_of("prose", {"text": "One two three\n\nFour five. Six."}), oob=True))
    expect(page.locator(".prose p")).to_have_text(["One two three", "Four five. Six."])
    expect(page.locator(".edit > summary")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == "our"


def test_page_does_not_follow_a_text_while_some_of_it_is_marked(show):
    page = show(shown(grown(60)))
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.prose p:last-child'))")
    before = page.evaluate("scrollY")
    swap(page, shown(grown(80), oob=True))
    expect(page.locator(".prose > p")).to_have_count(80)
    assert page.evaluate("scrollY") == before


def test_nothing_of_a_block_that_has_not_changed_is_drawn_again(show):
    first = grown(3)
    page = show(shown(first))
    page.evaluate(
        "window.touched = [];"
        "new MutationObserver((all) => touched.push(...all.map((one) => one.target.textContent)))"
        ".observe(document.querySelector('.prose'), {childList: true, subtree: true, "
        "characterData: true, attributes: true})"
    )
    swap(page, shown(first, oob=True))
    assert page.evaluate("new Promise((done) => setTimeout(() => done(touched)))") == []


def test_button_that_is_about_to_be_pressed_is_not_replaced(show):
    html = head(RUNNING, 3)
    page = show(html)
    page.get_by_role("button", name="Stop").focus()
    page.evaluate("window.button = document.activeElement")
    swap(page, head(RUNNING, 4, oob=True))
    expect(page.get_by_text("It is now 4.")).to_be_attached()
    assert page.evaluate("document.activeElement === button")
    swap(page, head("stopped", 5, oob=True))
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "run-head"


def test_status_is_not_told_twice(show):
    page = show(head(RUNNING, 3))
    expect(page.locator("#run-status")).to_have_text("It is now 3.")
    page.evaluate(
        "window.told = 0; new MutationObserver(() => (told += 1))"
        ".observe(document.querySelector('#run-status'), {childList: true, subtree: true, "
        "characterData: true})"
    )
    swap(page, head(RUNNING, 3, oob=True))
    assert page.evaluate("new Promise((done) => setTimeout(() => done(told)))") == 0


def test_what_the_server_has_ticked_meanwhile_is_ticked(show):
    html = '<fieldset id="ticks" data-morph{}><input type="checkbox" aria-label="x"{}></fieldset>'
    page = show(html.format("", ""))
    page.locator("input").click()
    page.locator("input").click()
    swap(page, html.format(' hx-swap-oob="true"', " checked"))
    expect(page.locator("input")).to_be_checked()


def test_what_was_used_hands_the_focus_to_what_stands_in_its_place(show):
    page = show(shown(block_of("fields", data_of("fields", "0123456789"))), answers=SUGGESTED)
    page.get_by_role("button", name="Use this").first.press("Enter")
    expect(page.get_by_role("link", name="Review")).to_be_focused()


def test_saved_edit_leaves_the_focus_where_it_was_begun(show):
    block = block_of("prose", {"text": "As it was"})
    page = show(shown(block), answers=shown(block_of("prose", {"text": "As it is"})))
    page.locator(".edit > summary").press("Enter")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator(".prose")).to_have_text("As it is")
    expect(page.locator(".edit > summary")).to_be_focused()


def head(state: str, number: int, *, oob: bool = False) -> str:
    """Where a run stands, as its page and its socket have it."""
    live = state == RUNNING
    return render_to_string(
        "tools/_run_head.html",
        {
            "run": RUN_ROW,
            "state": state,
            "number": number,
            "live": live,
            "may_edit": True,
            "may_resume": not live,
            "status": f"It is now {number}.",
            "oob": oob,
        },
    )


def grown(lines: int) -> dict:
    return block_of("prose", {"text": "\n\n".join(["A line"] * lines)}, state=RUNNING)


@pytest.mark.parametrize(("place", "follows"), [("end", True), ("middle", False), ("top", False)])
def test_the_page_follows_a_text_for_who_reads_its_end(show, place, follows):
    page = show(shown(grown(60)))
    places = {"end": "document.body.scrollHeight", "middle": "300", "top": "0"}
    page.evaluate(f"scrollTo({{top: {places[place]}, behavior: 'instant'}})")
    before = page.evaluate("scrollY")
    swap(page, shown(grown(80), oob=True))
    page.wait_for_function("document.querySelectorAll('.prose > p').length === 80")
    assert (page.evaluate("scrollY") > before + 100) is follows
