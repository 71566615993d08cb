"""A browser before the real site.

Playwright's synchronous interface keeps an event loop running on this thread, which tests of
coroutines cannot share: it starts and stops with each module, and no module here has such tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from tests.conftest import PASSWORD
from tests.live_site import USERNAME, LiveSite, PreparedSite, live_site, photo, wait_until

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Until a test gives up waiting; generous, for a machine under load.
expect.set_options(timeout=20_000)
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
TITLES = (
    "Walnut stool",
    "Enamel mug",
    "Linen sofa",
    "Copper kettle",
    "Wool blanket",
    "Oak shelf",
    "Glass vase",
    "Canvas backpack",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = pytest.mark.skip(reason=f"{CHROMIUM} is not installed")
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(missing)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, prepared: PreparedSite) -> Iterator[LiveSite]:
    """One site a test process: its files come with those of other packages between them."""
    with live_site(prepared, tmp_path_factory.mktemp("site")) as running:
        running.serve()
        running.wait_ready()
        yield running


@pytest.fixture(scope="session")
def shop(site: LiveSite) -> str:
    """The slug of a catalogue with a product for each of TITLES, all searchable."""
    slug = site.new_catalog("Shop")
    for number, title in enumerate(TITLES):
        site.upload(slug, photo(number), title=title, sku=f"SKU-{number}", price="12.50")
    wait_until(site.is_quiet, "the shop")
    return slug


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def session(browser: Browser, site: LiveSite) -> Any:
    """The state of a browser in which USERNAME is logged in."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    log_in(page)
    state = context.storage_state()
    context.close()
    return state


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(USERNAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


class Complaints:
    """What the browser complains of: errors on the console, among them violations of the content
    security policy; uncaught exceptions; failed requests to anywhere, and requests to elsewhere.
    """

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.all: list[str] = []
        self._expected: set[int] = set()
        self._home = home
        context.on("console", lambda message: self._said(message.type, message.text))
        context.on("weberror", lambda error: self.all.append(str(error.error)))
        context.on("response", self._answered)

    def expect(self, *statuses: int) -> None:
        """These answers belong to what the test does."""
        self._expected.update(statuses)

    def _said(self, kind: str, text: str) -> None:
        # Failed requests are told apart by their status.
        if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
            self.all.append(f"{kind}: {text}")

    def _answered(self, response: Response) -> None:
        if not response.url.removeprefix("blob:").startswith(self._home):
            self.all.append(f"request to {response.url}")
        elif response.status >= 400 and response.status not in self._expected:
            self.all.append(f"{response.status} {response.url}")


@pytest.fixture
def complaints() -> list[Complaints]:
    return []


@pytest.fixture
def open_page(
    browser: Browser, site: LiveSite, session: Any, complaints: list[Complaints]
) -> Iterator[Callable[..., Page]]:
    """Opens pages of people who are logged in; complaints of the browser fail the test."""
    contexts = []

    def open_(path: str = "/", *, viewport: dict[str, int] = WIDE, **options: Any) -> Page:
        options.setdefault("storage_state", session)
        context = browser.new_context(base_url=site.url, viewport=viewport, **options)
        contexts.append(context)
        complaints.append(Complaints(context, site.url))
        page = context.new_page()
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [text for each in complaints for text in each.all] == []


def first_title(page: Page) -> str:
    """The title of the first card."""
    return page.locator(".product-card__link").first.inner_text()


def asks(words: str) -> re.Pattern[str]:
    """The address of a search by these words alone."""
    return re.compile(rf"\?q={'( |%20|[+])'.join(words.split())}$")


def file(name: str, data: bytes, kind: str = "image/jpeg") -> dict[str, Any]:
    """A file as a person picks it."""
    return {"name": name, "mimeType": kind, "buffer": data}
