from __future__ import annotations

import pytest

from catalog.importing import tables
from catalog.importing.reading import FileRejected, inspect
from catalog.importing.tables import feeds

RSS = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
{items}</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<entry><g:id>a</g:id><title>Mug</title><link href="https://shop.example/mug"/></entry></feed>"""


def rows(path):
    layout, _ = tables.layout_of(path)
    return list(tables.rows(path, layout))


def test_items_of_rss_are_rows(file):
    items = "<item><g:id>a</g:id><title>Mug</title></item><item><g:id>b</g:id></item>"
    found = rows(file(RSS.format(items=items)))
    assert [(row.number, row.cells) for row in found] == [
        (1, {"id": "a", "title": "Mug"}),
        (2, {"id": "b"}),
    ]


def test_entries_of_atom_are_rows_with_their_link(file):
    (row,) = rows(file(ATOM))
    assert row.cells == {"id": "a", "title": "Mug", "link": "https://shop.example/mug"}


def test_repeated_and_nested_elements_are_cells_as_a_text_feed_has_them(file):
    items = (
        "<item><g:id>a</g:id>"
        "<g:additional_image_link>https://x.example/1,2.jpg</g:additional_image_link>"
        "<g:additional_image_link>https://x.example/3.jpg</g:additional_image_link>"
        "<g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>"
        "<g:structured_title><g:content>A: Mug</g:content>"
        "<g:digital_source_type>trained_algorithmic_media</g:digital_source_type>"
        "</g:structured_title></item>"
    )
    (row,) = rows(file(RSS.format(items=items)))
    assert (
        row.cells["additional_image_link"] == "https://x.example/1%2C2.jpg,https://x.example/3.jpg"
    )
    assert row.cells["shipping"] == "DE:4.90 EUR"
    assert row.cells["structured_title"] == 'trained_algorithmic_media:"A: Mug"'


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
def test_entities_are_refused(file, doctype):
    with pytest.raises(FileRejected, match="DOCTYPE"):
        inspect(file(f"{doctype}<rss><item><id>&c;</id></item></rss>"), "a.xml")


def test_a_deep_nest_is_refused(file):
    with pytest.raises(FileRejected, match="nested"):
        inspect(file("<a>" * 100_000), "a.xml")


def test_a_comment_without_an_end_is_refused_before_it_fills_the_memory(file, monkeypatch):
    monkeypatch.setattr(feeds, "_MAX_SILENCE", 200_000)
    with pytest.raises(FileRejected, match="without an end"):
        inspect(file("<rss><!-- " + "x" * 1_000_000), "a.xml")


def test_an_endless_text_is_refused_by_its_item_and_the_next_is_read(file):
    items = f"<item><id>a</id><title>{'x' * 3_000_000}</title></item><item><id>b</id></item>"
    refused, after = rows(file(RSS.format(items=items)))
    assert refused.is_refused
    assert after.cells == {"id": "b"}


def test_other_xml_is_refused(file):
    with pytest.raises(FileRejected, match="no items"):
        inspect(file("<svg><path d='M0'/></svg>"), "a.xml")


def test_a_feed_that_breaks_off_is_refused_where_it_does(file):
    with pytest.raises(FileRejected, match="after item 1"):
        inspect(file("<rss><item><id>a</id></item><item>"), "a.xml")


def test_an_item_of_very_many_elements_is_refused_alone(file, monkeypatch):
    monkeypatch.setattr(feeds, "MAX_ROW", 1000)
    items = f"<item><id>a</id>{'<a/>' * 100}</item><item><id>b</id></item>"
    first, second = rows(file(RSS.format(items=items)))
    assert first.is_refused
    assert second.cells == {"id": "b"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"<item>{'<a/>' * 2000}</item>", "has no end"),
        ("".join(f"<a{n}/>" for n in range(10_001)), "kinds of elements"),
        ("<item" + "".join(f" a{n}='1'" for n in range(10_001)) + "/>", "kinds of elements"),
        ("<a/>" * 100_001, "no feed"),
    ],
)
def test_elements_that_would_fill_the_memory_are_refused(file, monkeypatch, content, says):
    monkeypatch.setattr(feeds, "MAX_ROW", 1000)
    with pytest.raises(FileRejected, match=says):
        rows(file(RSS.format(items=content)))
