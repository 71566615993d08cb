from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from catalog.importing import tables
from catalog.importing.reading import FileRejected, inspect, read_records
from catalog.importing.tables import json_lines, limits


def zipped(**parts: bytes | str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old kind"),
        (photo(), "a JPEG photo"),
        (b"%PDF-1.7 and so on", "a PDF"),
        (zipped(**{"a.jpg": photo()}), "zip archive"),
        (zipped(**{"xl/workbook.bin": b"x"}), ".xlsb"),
        (zipped(**{"content.xml": b"<x/>", "mimetype": "odf"}), ".ods"),
        (zipped(**{"xl/workbook.xml": b"<x/>"}), "damaged"),
        (zipped(**{"xl/workbook.xml": b"<x/>"})[:40], "damaged"),
        (b"<!DOCTYPE html><html><title>Log in</title></html>", "web page"),
        (b'[{"key": "mug"}]', "JSON Lines"),
        (b'{"key": "mug"', "first line"),
        (bytes(range(256)) * 40, "no text file"),
    ],
    # Archives hold the time they were made: no names for tests that processes share.
    ids=(
        "nothing",
        "blanks",
        "old-workbook",
        "photo",
        "pdf",
        "archive",
        "binary-workbook",
        "open-document",
        "empty-workbook",
        "cut-workbook",
        "web-page",
        "json-list",
        "cut-json",
        "bytes",
    ),
)
def test_what_is_no_table_is_refused_with_what_to_do(file, content, says):
    with pytest.raises(FileRejected, match=says):
        inspect(file(content), "catalogue.csv")


def test_a_file_larger_than_is_read_is_refused(file, monkeypatch):
    monkeypatch.setattr("catalog.importing.tables.kinds.MAX_FILE_BYTES", 10)
    with pytest.raises(FileRejected, match="Split it"):
        inspect(file("sku,name\na,b\n"), "a.csv")


def test_rows_beyond_the_limit_are_told_of_once(file, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    path = file("sku,name\na,b\nc,d\ne,f\ng,h\n")
    layout, _ = tables.layout_of(path)
    *whole, last = tables.rows(path, layout)
    assert [row.cells["sku"] for row in whole] == ["a", "c"]
    assert "first 2 rows" in last.problems[0].message


def test_a_table_with_too_many_columns_is_refused(file):
    names = ",".join(f"column {n}" for n in range(limits.MAX_COLUMNS + 1))
    with pytest.raises(FileRejected, match="columns"):
        inspect(file(f"{names}\n{names}\n"), "a.csv")


@given(
    content=st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.sampled_from(
        [
            b"PK\x03\x04",
            b"<?xml version='1.0'?>",
            b"{",
            b"\xff\xfe",
            b"sep=",
            b'"',
            b"<rss><item>",
            b"sku,title\n\0a,",
        ]
    ).flatmap(lambda start: st.binary(max_size=100).map(lambda rest: start + rest))
)
def test_any_bytes_are_refused_or_read_as_what_a_database_takes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "any"
    path.write_bytes(content)
    with suppress(FileRejected):
        inspection = inspect(path, "any.csv")
        for product in read_records(path, inspection, inspection.mapping):
            assert "\0" not in "".join(texts(product.record.as_json()))
            assert all(problem.message for problem in product.problems)


def texts(value: Any) -> Iterator[str]:
    """All texts in it, encoded as a database would, to see that they can be."""
    if isinstance(value, str):
        yield value.encode().decode()
    elif isinstance(value, dict | list):
        for each in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from texts(each)


@pytest.mark.parametrize(
    "line",
    [
        r'{"key": "\ud800"}',
        r'{"key": "a", "fields": {"title": "\u0000"}}',
        '{"fields": {"a": NaN}}',
    ],
)
def test_json_that_holds_what_no_database_takes_is_refused_by_its_line(tmp_path, line):
    path = tmp_path / "file"
    path.write_text(f'{{"key": "\\\\u0000 \\ud83d\\ude00"}}\n{line}\n', encoding="utf-8")
    layout, _ = tables.layout_of(path)
    (_, first, fine), (_, second, problem) = json_lines.objects(path, layout)
    assert (first, fine) == ({"key": "\\u0000 \U0001f600"}, None)
    assert (second, problem is not None) == (None, True)
