"""Uploads, readers and the worker at once, on SQLite's one write lock: nobody is let down."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.conftest import PASSWORD
from tests.live_site import PATIENCE, USERNAME, LiveSite, photo

pytestmark = [pytest.mark.encoder, pytest.mark.sqlite]

PHOTOS = 40
UPLOADERS = 4
READERS = 2


@contextmanager
def browser_of(site: LiveSite) -> Iterator[httpx.Client]:
    """A client that has logged in."""
    with httpx.Client(base_url=site.url, timeout=PATIENCE) as browser:
        browser.get("/login/")
        login = {"username": USERNAME, "password": PASSWORD}
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post("/login/", data=login | token).status_code == httpx.codes.FOUND
        yield browser


def test_uploads_page_reads_and_the_worker_at_once_meet_no_error(site):
    site.serve()
    site.wait_ready()
    slug = site.new_catalog("Shop")
    answers: list[int] = []
    uploaded = threading.Event()

    def upload(number: int) -> None:
        answers.append(site.upload(slug, photo(number), title=f"Piece {number}").status_code)

    def read(browser: httpx.Client) -> None:
        for page in itertools.cycle(["", "?q=piece", "products/", "activity/", "settings/"]):
            answers.append(browser.get(f"/c/{slug}/{page}").status_code)
            if uploaded.is_set() and site.is_quiet():
                return

    with browser_of(site) as browser, ThreadPoolExecutor(READERS) as readers:
        reading = [readers.submit(read, browser) for _ in range(READERS)]
        try:
            with ThreadPoolExecutor(UPLOADERS) as uploaders:
                list(uploaders.map(upload, range(PHOTOS)))
        finally:
            uploaded.set()
        for reader in reading:
            reader.result()

    assert set(answers) == {httpx.codes.OK, httpx.codes.CREATED}
    assert answers.count(httpx.codes.CREATED) == PHOTOS
    assert site.sql("SELECT DISTINCT attempts FROM catalog_embedtask") == [(1,)]
    assert "database is locked" not in site.log()
    assert "Traceback" not in site.log()
