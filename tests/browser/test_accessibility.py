"""Every page by axe-core's rules and by some of our own, in both schemes, wide and narrow."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, Complaints
from tests.live_site import photo, wait_until

SMALLEST = {"width": 360, "height": 740}
PAGES = {
    "login": "/login/",
    "catalogues": "/?all",
    "new catalogue": "/catalogs/new/",
    "search": "/c/{shop}/",
    "search by words": "/c/{shop}/?q=mug",
    "nothing found": "/c/{shop}/?q=mug&f.status=archived",
    "products": "/c/{shop}/products/",
    "grid": "/c/{shop}/grid/",
    "row of the grid": "/c/{shop}/grid/rows/{product}/",
    "product": "/c/{shop}/products/{product}/",
    "edit product": "/c/{shop}/products/{product}/edit/",
    "edit attribute": "/c/{shop}/products/{product}/attributes/color/",
    "new variant": "/c/{shop}/products/{product}/variants/new/",
    "upload": "/c/{shop}/upload/",
    "import": "/c/{shop}/imports/",
    "export": "/c/{shop}/export/",
    "feeds": "/c/{shop}/feeds/",
    "published photos": "/c/{shop}/published/",
    "webhooks": "/c/{shop}/webhooks/",
    "channels": "/c/{shop}/channels/",
    "activity": "/c/{shop}/activity/",
    "describe": "/c/{shop}/describe/",
    "settings": "/c/{shop}/settings/",
    "vocabulary": "/c/{shop}/settings/vocabulary/?category=clothing/dresses",
    "history of a field": "/c/{shop}/products/{product}/attributes/color/history/",
    "acts on many products": "/c/{shop}/batches/",
    "proposed values": "/c/{shop}/terms/",
    "competitor lists": "/c/{shop}/competitors/",
    "new competitor list": "/c/{shop}/competitors/new/",
    "runs of tools": "/c/{tried}/runs/",
    "two runs compared": "/c/{tried}/runs/{run}/compare/?with={other}",
    "panels": "/c/{tried}/panels/",
    "panel": "/c/{tried}/panels/{panel}/",
    "tools for many products": "/c/{tried}/tools/bulk/?all",
    "tool for many products": "/c/{tried}/tools/bulk/?all&tool=ad_campaign",
    "tool over many products": "/c/{tried}/tools/bulk/{job}/",
    "imports": "/c/{traded}/imports/",
    "columns of an import": "/c/{traded}/imports/{waiting}/columns/",
    "preview of an import": "/c/{traded}/imports/{waiting}/",
    "photos of an import": "/c/{traded}/imports/{waiting}/photos/",
    "ended import": "/c/{traded}/imports/{ended}/",
    "saved export": "/c/{traded}/export/?profile={profile}",
    "feeds that are polled": "/c/{traded}/feeds/",
    "webhook": "/c/{traded}/webhooks/{hook}/",
    "what an edit would change": "/c/{traded}/grid/edits/{edit}/",
    "grid without products": "/c/{traded}/grid/?status=archived",
    "missing": "/nowhere/",
}
LOOKS = {
    "light-1440": {"color_scheme": "light", "viewport": WIDE},
    "dark-390": {"color_scheme": "dark", "viewport": NARROW},
}
SEVERE = {"serious", "critical"}
TABLE = b"Title,SKU,Price,Brand\nRed mug,T1,9.50,\nBlue mug,T2,12,Kiln\n"
ENDINGS = {"file": "csv", "photos": "zip"}
# What can be told from the elements alone, also where axe only warns.
LOOK = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const named = (element) =>
    element.labels?.length || element.getAttribute("aria-label") ||
    element.getAttribute("aria-labelledby");
  const shown = (elements) => elements.map((element) => element.outerHTML.slice(0, 120));
  return {
    "headings of level 1": all("h1").length,
    "main landmarks": all("main").length,
    "language": document.documentElement.lang,
    "controls without a label": shown(
      all("input:not([type=hidden]), select, textarea").filter((control) => !named(control))),
    "images without alt": shown(all("img:not([alt])")),
    "positive tabindex": shown(all("[tabindex]").filter((element) => element.tabIndex > 0)),
    "ids used twice": all("[id]").map((element) => element.id)
      .filter((id, place, ids) => ids.indexOf(id) !== place),
    "inline styles and handlers": shown(all("*").filter((element) =>
      [...element.attributes].some(({ name }) => name === "style" || name.startsWith("on")))),
  };
}"""
RIGHT = {
    "headings of level 1": 1,
    "main landmarks": 1,
    "language": "en",
    "controls without a label": [],
    "images without alt": [],
    "positive tabindex": [],
    "ids used twice": [],
    "inline styles and handlers": [],
}


@pytest.fixture(scope="module")
def tried(site, shop) -> dict[str, object]:
    """What the pages of tools are about, in a catalogue of its own: what they suggest stays there."""
    slug = site.new_catalog("Tried")
    made = [
        site.upload(slug, photo(400 + each), title=f"Bowl {each}", price="9.50").json()
        for each in range(2)
    ]
    wait_until(site.is_quiet, "the bowls")
    product = made[0]["id"]

    def done(call: str, **body: object) -> int:
        answer = site.api.post(call, json=body)
        assert answer.is_success, answer.text
        return int(answer.json()["id"])

    runs = [
        done(f"products/{product}/runs", tool="pricing", options={"goal": goal})
        for goal in ("match", "premium")
    ]
    job = done(f"catalogs/{slug}/tool-runs", tool="analysis", filters={})
    for address in (*(f"runs/{run}" for run in runs), f"tool-runs/{job}"):
        wait_until(lambda: site.api.get(address).json()["state"] == "done", address)  # noqa: B023 -- called at once
    panel = done(f"catalogs/{slug}/panels", name="Regulars", count=3)
    return {"tried": slug, "run": runs[0], "other": runs[1], "job": job, "panel": panel}


@pytest.fixture(scope="module")
def traded(site) -> dict[str, object]:
    """What the pages of files that come in and go out are about, in a catalogue of its own."""
    slug = site.new_catalog("Traded")

    def posted(call: str, **request: Any) -> dict[str, Any]:
        answer = site.api.post(call, **request)
        assert answer.is_success, answer.text
        return answer.json()

    def brought(state: str, **files: bytes) -> int:
        sent = {name: (f"{name}.{ENDINGS[name]}", data) for name, data in files.items()}
        form = {"preview": "true"} if state == "ready" else {}
        made = posted(f"catalogs/{slug}/imports", files=sent, data=form)
        address = f"imports/{made['id']}"
        wait_until(lambda: site.api.get(address).json()["state"] == state, address)
        return int(made["id"])

    ended = brought("done", file=TABLE)
    waiting = brought("ready", file=TABLE.replace(b"9.50", b"cheap"), photos=photos_zip())
    profile = posted(
        f"catalogs/{slug}/exports",
        json={"name": "Weekly", "format": "google", "columns": ["id", "title"]},
    )
    posted(f"catalogs/{slug}/feeds", json={"profile": profile["id"]})
    # Nobody is there: the log has a message that failed.
    hook = posted(
        f"catalogs/{slug}/webhooks",
        json={"address": "https://hooks.invalid/", "events": ["import.done"]},
    )
    posted(f"webhooks/{hook['id']}/ping")
    edit = posted(
        f"catalogs/{slug}/grid/plans",
        json={"act": "set", "columns": ["product.brand"], "text": "Acme", "query": ""},
    )
    ids = {"profile": profile["id"], "hook": hook["id"], "edit": edit["id"]}
    return {"traded": slug, "waiting": waiting, "ended": ended, **ids}


def photos_zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number, name in enumerate(("T1_1.jpg", "T1_2.jpg", "Vase/IMG_1.jpg")):
            archive.writestr(name, photo(600 + number))
    return data.getvalue()


@pytest.fixture(scope="module", params=itertools.product(PAGES, LOOKS), ids="-".join)
def opened(request, browser, site, shop, tried, traded, session) -> Iterator[Page]:
    """A page in one of LOOKS, loaded once for all tests; without a login where that is the page."""
    name, look = request.param
    ((product,),) = site.sql("SELECT id FROM catalog_product WHERE title = 'Walnut stool'")
    address = PAGES[name].format(shop=shop, product=product, **tried, **traded)
    context = browser.new_context(
        base_url=site.url, storage_state=None if name == "login" else session, **LOOKS[look]
    )
    complaints = Complaints(context, site.url)
    complaints.expect(404 if name == "missing" else 0)
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    yield page
    context.close()
    assert complaints.all == []


def test_page_has_no_serious_violation_of_the_rules_of_axe(opened):
    found = Axe().run(opened).response["violations"]
    severe = [
        (rule["id"], rule["help"], [node["html"][:200] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in SEVERE
    ]
    assert severe == []


def test_page_is_sound_in_its_elements_and_fits_the_smallest_screen(opened):
    opened.set_viewport_size(SMALLEST)
    assert opened.evaluate(LOOK) == RIGHT
    overhang = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert opened.evaluate(overhang) == 0


@pytest.mark.parametrize("path", ["/admin/", "/admin/catalog/product/", "/api/v1/docs"])
def test_pages_of_others_load_without_a_complaint(open_page, path):
    page = open_page(path)
    page.wait_for_load_state("networkidle")
    expect(page.locator("body")).not_to_be_empty()


def test_chosen_theme_is_there_before_the_page_is_shown_again(open_page, shop):
    page = open_page(f"/c/{shop}/", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.locator("summary", has_text="Account of").click()
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(background)
    assert dark != light
    page.reload(wait_until="domcontentloaded")
    assert page.evaluate(background) == dark
