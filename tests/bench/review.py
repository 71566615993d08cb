"""Suggestions decided on by keyboard in a real Chromium, at a person's pace.

    python -m tests.bench review            200 suggestions, 2 s to look at each
    python -m tests.bench review:50:0.5     50 of them, half a second each

The pace is a model: so long a look at each suggestion once it is on the screen, then the keys. Of
ten decisions seven accept, one rejects, one takes another value by its digit, and one edits: E, some
letters, Enter twice. What the page adds is the time from the last key to the next suggestion being painted
with its photo.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from tests.bench import site

COUNT, LOOK = 200, 2.0
ACTS = ("a", "a", "a", "r", "a", "a", "1", "a", "a", "e")
COLORS = ("red", "blue", "green", "black", "white", "brown")
SETTLED_SECONDS = 60
# Answers with the milliseconds from the last key to the frame that shows another suggestion.
NEXT = """async (before) => {
  for (;;) {
    await new Promise(requestAnimationFrame);
    const shown = document.querySelector("[data-review-item]:not([hidden])");
    if (shown && shown.dataset.reviewItem === before) continue;
    const photo = shown?.querySelector("[data-review-large]");
    if (!photo || photo.complete) return performance.now() - window.lastKey;
  }
}"""
REMEMBER_KEYS = """() => {
  document.addEventListener("keydown", () => { window.lastKey = performance.now(); }, true);
}"""


def fill(count: int) -> tuple[str, str]:
    """A catalogue with so many open suggestions; its slug, and a session of its owner."""
    from django.conf import settings
    from django.test import Client

    from catalog.models import Source
    from catalog.services.ledger import MachineValue, machine_values_record
    from catalog.services.photos import photo_stage
    from catalog.services.products import product_create

    catalog, _ = site.make_catalog()
    owner = catalog.memberships.get().user
    said: dict[Any, list[MachineValue]] = {}
    for number, (name, data) in enumerate(site.photo_files(count)):
        product = product_create(
            catalog=catalog,
            actor=owner,
            photos=[photo_stage(data=data, name=name)],
            title=f"Garment {number}",
            allow_duplicate=True,
        ).product
        value = [COLORS[number % len(COLORS)]]
        said[product] = [MachineValue("color", value, (number + 1) / (count + 2))]
    machine_values_record(said=said, source=Source.VISION_LLM, model="bench")
    client = Client()
    client.force_login(owner)
    return catalog.slug, client.cookies[settings.SESSION_COOKIE_NAME].value


def decide(page: Any, act: str) -> None:
    """The keys of one decision."""
    page.keyboard.press(act)
    if act == "e":
        # Found by its first letters, taken beside what was suggested, saved.
        page.keyboard.type("purp")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")


def work(page: Any, count: int, look: float) -> list[float]:
    """Decide on so many; the milliseconds that the page took for each."""
    page.evaluate(REMEMBER_KEYS)
    added = []
    for number in range(count):
        shown = page.locator("[data-review-item]:not([hidden])")
        before = shown.get_attribute("data-review-item")
        time.sleep(look)
        decide(page, ACTS[number % len(ACTS)])
        added.append(float(page.evaluate(NEXT, before)))
    return added


def settle(count: int) -> float:
    """Seconds until the server has every decision."""
    from catalog.models import LedgerEntry

    began = time.perf_counter()
    while LedgerEntry.objects.exclude(decision="").count() < count:
        if time.perf_counter() - began > SETTLED_SECONDS:
            raise TimeoutError("decisions are missing")
        time.sleep(0.05)
    return time.perf_counter() - began


def main(count: int = COUNT, look: float = LOOK) -> None:
    from playwright.sync_api import sync_playwright

    site.set_up()
    # Only now: it reads the models.
    from tests.browser.conftest import ARGUMENTS, CHROMIUM, WIDE

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop on this thread
    slug, session = fill(count)
    home = f"http://127.0.0.1:{os.environ['PORT']}"
    with site.process("serve", "--parts", "web"), sync_playwright() as playwright:
        site.wait_for_web()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(base_url=home, viewport=WIDE)
        context.add_cookies([{"name": "sessionid", "value": session, "url": home}])
        page = context.new_page()
        page.goto(f"/c/{slug}/review/")
        page.locator("[data-review-item]").nth(1).wait_for(state="attached")
        began = time.perf_counter()
        added = work(page, count, look)
        took = time.perf_counter() - began
        rest = settle(count)
        browser.close()
    print(f"{count} suggestions in {took:.0f} s, {look:.1f} s of them to look at each")
    print(f"the page added {site.percentiles([each / 1000 for each in added])} a decision")
    print(f"the server had all of them {rest:.2f} s after the last key")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else COUNT, float(given[1]) if len(given) > 1 else LOOK)
