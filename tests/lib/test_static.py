"""Static files as an ASGI server gets them."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import AsyncRequestFactory

from prodintel.lib.static import StaticFilesMiddleware


@pytest.fixture
def get(settings, tmp_path):
    (tmp_path / "a.css").write_text("a { color: red }")
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    middleware = StaticFilesMiddleware(lambda _request: HttpResponse("of the site"))

    def get_(path, method="GET", **headers):
        return middleware(AsyncRequestFactory().generic(method, path, headers=headers))

    return get_


def test_file_is_answered_whole(get):
    answer = get("/static/a.css")
    assert (answer.streaming, answer.content) == (False, b"a { color: red }")
    assert answer["Content-Type"] == 'text/css; charset="utf-8"'
    assert answer["Content-Length"] == "16"


def test_part_of_a_file_is_answered(get):
    answer = get("/static/a.css", Range="bytes=4-8")
    assert (answer.status_code, answer.content) == (206, b"color")


def test_file_that_the_browser_has_is_not_sent_again(get):
    since = get("/static/a.css")["Last-Modified"]
    answer = get("/static/a.css", **{"If-Modified-Since": since})
    assert (answer.status_code, answer.content) == (304, b"")


def test_asking_for_the_head_alone_gets_no_body(get):
    answer = get("/static/a.css", method="HEAD")
    assert (answer.content, answer["Content-Length"]) == (b"", "16")


def test_other_addresses_are_the_site_s(get):
    assert get("/products/").content == b"of the site"
