"""About how many rows a file has, told before it is read: what progress is measured against."""

from __future__ import annotations

import io
import json

import pytest
from openpyxl import Workbook

from catalog.importing import tables
from catalog.importing.reading import Inspection, inspect

COUNT = 9_000


def expected(path):
    return tables.layout_of(path)[0].rows


def close_to(count):
    return pytest.approx(count, rel=0.05)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_long_table_with_long_and_broken_lines(file, encoding):
    lines = "".join(f'{n},"Mug, grün\nof {"a very long word " * 20}"\n' for n in range(COUNT))
    assert expected(file("SKU,Title\n" + lines, encoding)) == close_to(COUNT)


def test_a_short_table_is_counted(file):
    assert expected(file("SKU,Title\n1,Mug\n2,Bowl\n3,Cup\n")) == 3


def test_a_feed(file):
    items = "".join(f"<item><g:id>{n}</g:id><title>Mug {n}</title></item>" for n in range(COUNT))
    rss = f'<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>{items}</channel></rss>'
    assert expected(file(rss)) == close_to(COUNT)


def test_lines_of_json(file):
    line = {"fields": {"title": "Mug " * 40}, "variants": [{"fields": {"sku": "M"}}]}
    assert expected(file(f"{json.dumps(line)}\n" * COUNT)) == close_to(COUNT)


def workbook(count, last=0):
    book = Workbook()
    book.active.append(["SKU", "Title", "Price"])
    for n in range(count):
        book.active.append([f"M-{n}", f"Mug number {n}", n])
    if last:
        book.active.row_dimensions[last].height = 30
        book.active.cell(last, 1).number_format = "0.00"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_workbook(file):
    assert expected(file(workbook(COUNT))) == close_to(COUNT)


def test_a_workbook_that_says_it_is_a_million_rows_long(file):
    assert expected(file(workbook(50, last=1_000_000))) < 60


def test_it_is_kept_with_what_was_seen_of_the_file(file):
    document = inspect(file("SKU,Title\n1,Mug\n2,Bowl\n"), "file.csv").as_json()
    assert Inspection.of_json(document).layout.rows == 2
    # As those that were looked at before have it.
    del document["layout"]["rows"]
    assert Inspection.of_json(document).layout.rows == 0
