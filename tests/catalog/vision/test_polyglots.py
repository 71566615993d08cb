from __future__ import annotations

import pytest

from catalog.vision import polyglots
from catalog.vision.limits import PhotoRejected
from catalog.vision.polyglots import refuse_hidden_content
from tests.catalog.vision.bad_photos import jpeg

MARKUP = [
    b"<script>alert(1)</script>",
    b"<SCRIPT SRC=//evil.example>",
    b"<!DOCTYPE  html>",
    b"JavaScript:alert(1)",
    b'<svg width="100" height="100" xmlns="http://www.w3.org/2000/svg">',
]


def refused(data: bytes) -> bool:
    try:
        refuse_hidden_content(data, "JPEG", len(data))
    except PhotoRejected as error:
        return error.code == "hidden_content"
    return False


@pytest.mark.parametrize("markup", MARKUP)
@pytest.mark.parametrize("before", [0, 1, 20, 60])
def test_markup_is_found_across_the_parts_that_are_searched(markup, before):
    padding = bytes(polyglots._PART - before)

    assert refused(jpeg()[:4] + padding[4:] + markup + bytes(1000))


def test_file_is_searched_in_parts_so_that_others_can_run_between_them(monkeypatch):
    searched = []

    class Pattern:
        def search(self, part):
            searched.append(len(part))

    monkeypatch.setattr(polyglots, "_MARKUP", Pattern())
    refused(jpeg() + bytes(5_000_000))

    assert len(searched) > 10
    assert max(searched) <= 300_000


def test_some_tags_of_drawings_are_let_through_and_a_photo_full_of_them_is_not():
    assert not refused(jpeg() + b"<svg >" * 20)
    assert refused(jpeg() + b"<svg >" * 2000)
