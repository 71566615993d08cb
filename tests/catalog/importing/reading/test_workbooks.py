from __future__ import annotations

import io
import zipfile
from datetime import datetime
from itertools import islice

import pytest
from openpyxl import Workbook

from catalog.importing import tables
from catalog.importing.reading import FileRejected, inspect
from catalog.importing.tables import workbook


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet(*rows) -> Workbook:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return book


def cells(path):
    layout, _ = tables.layout_of(path)
    return [list(row.cells.values()) for row in tables.rows(path, layout)]


SHARED = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'
OVERRIDE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
    b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)


def with_shared_text(data: bytes, shared: bytes, override: bytes = OVERRIDE) -> bytes:
    """A workbook that keeps its texts apart, as Excel writes it."""

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"</Types>", override) if name == "[Content_Types].xml" else part

    file = io.BytesIO(rewritten(data, change))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", shared)
    return file.getvalue()


def rewritten(data: bytes, change) -> bytes:
    """A workbook with some of its parts changed: `change(name, data)` gives each part's data."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def test_cells_read_as_people_see_them(file):
    book = sheet(["SKU", "GTIN", "Price", "Since", "New", "Share", "Code"])
    book.active.append([12, 4006430000003, 12.1, datetime(2026, 5, 1), True, 0.19, 42])  # noqa: DTZ001 -- workbooks know no zones
    book.active["F2"].number_format = "0%"
    book.active["G2"].number_format = "00000"
    assert cells(file(saved(book))) == [
        ["12", "4006430000003", "12.1", "2026-05-01", "TRUE", "19%", "00042"]
    ]


def test_a_formula_reads_as_what_it_gave_when_it_was_saved(file):
    def calculated(name: str, data: bytes) -> bytes:
        if name == "xl/worksheets/sheet1.xml":
            return data.replace(b"<v />", b"<v>24</v>").replace(b"<v></v>", b"<v>24</v>")
        return data

    book = sheet(["SKU", "Price"], ["a", "=12*2"])
    assert cells(file(rewritten(saved(book), calculated))) == [["a", "24"]]


def test_a_formula_that_fails_is_left_out_and_told_of(file):
    book = sheet(["SKU", "Price"], ["a", "#N/A"], ["b", 3])
    book.active["B2"].data_type = "e"
    path = file(saved(book))
    layout, _ = tables.layout_of(path)
    first, second = tables.rows(path, layout)
    assert (first.cells["Price"], first.problems[0].severity) == ("", "warning")
    assert not second.problems


def test_the_first_sheet_that_people_see_and_that_has_data_is_read(file):
    book = sheet(["hidden", "one"], ["x", "y"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Empty")
    goods = book.create_sheet("Goods")
    goods.append(["SKU", "Title"])
    goods.append(["a", "Mug"])
    path = file(saved(book))
    inspection = inspect(path, "a.xlsx")
    assert inspection.dialect == {"sheet": "Goods"}
    assert inspection.rows == [["a", "Mug"]]


def test_rows_without_their_last_cells_have_them_blank(file):
    assert cells(file(saved(sheet(["SKU", "Title", "Price"], ["a"])))) == [["a", "", ""]]


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_opened(file, monkeypatch):
    data = saved(sheet(["SKU", "Title"], ["a", "x" * 30_000]))
    monkeypatch.setattr(workbook, "MAX_WORKBOOK_BYTES", 20_000)
    with pytest.raises(FileRejected, match="as CSV"):
        inspect(file(data), "bomb.xlsx")


def test_a_workbook_with_too_much_shared_text_is_refused(file, monkeypatch):
    data = with_shared_text(saved(sheet(["SKU", "Title"])), SHARED % (b"x" * 60_000))
    monkeypatch.setattr(workbook, "MAX_SHARED_TEXT_BYTES", 50_000)
    with pytest.raises(FileRejected, match="of text"):
        inspect(file(data), "bomb.xlsx")


def test_shared_text_that_poses_as_a_sheet_is_refused(file):
    posing = OVERRIDE.replace(b"/xl/sharedStrings.xml", b"/xl/worksheets/texts.xml")
    data = with_shared_text(saved(sheet(["SKU", "Title"])), SHARED % b"Mug", posing)
    with pytest.raises(FileRejected, match="damaged"):
        inspect(file(data), "a.xlsx")


def test_entities_in_a_workbook_are_refused(file):
    shared = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SHARED % b"&a;"
    data = with_shared_text(saved(sheet(["SKU", "Title"], ["a", "Mug"])), shared)
    with pytest.raises(FileRejected, match="declarations"):
        inspect(file(data), "a.xlsx")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_damaged_part_is_refused(file, part):
    data = rewritten(
        saved(sheet(["SKU", "Title"], ["a", "Mug"])),
        lambda name, data: data[: len(data) // 2] if name == part else data,
    )
    with pytest.raises(FileRejected, match="damaged"):
        inspect(file(data), "a.xlsx")


def test_macros_are_data_like_any_other_part(file):
    data = io.BytesIO(saved(sheet(["SKU", "Title"], ["a", "Mug"])))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    assert cells(file(data.getvalue())) == [["a", "Mug"]]


@pytest.mark.parametrize(
    ("part", "before", "bomb"),
    [
        ("xl/worksheets/sheet1.xml", b"</row>", b"<c/>" * 410_000),
        ("xl/worksheets/sheet1.xml", b"</row>", b"<!-- </row> -->" + b"<c/></row>" * 410_000),
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b"<c/>" * 410_000),
        ("xl/worksheets/sheet1.xml", b"</row>", b"<c><is><t>" + b"x" * 17_000_000),
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>" * 410_000),
        ("[Content_Types].xml", b"</Types>", b" " * 1_000_000),
    ],
)
def test_tags_that_would_fill_the_memory_are_refused(file, part, before, bomb):
    def change(name: str, data: bytes) -> bytes:
        return data.replace(before, bomb + before, 1) if name == part else data

    with pytest.raises(FileRejected):
        tables.layout_of(file(rewritten(saved(sheet(["sku", "name"], ["a", "Mug"])), change)))


def test_a_large_sheet_of_usual_rows_is_read(file):
    rows = b"".join(b'<row r="%d"><c><v>1</v></c></row>' % n for n in range(2, 60_000))

    def change(name: str, data: bytes) -> bytes:
        is_sheet = name == "xl/worksheets/sheet1.xml"
        return data.replace(b"</sheetData>", rows + b"</sheetData>") if is_sheet else data

    path = file(rewritten(saved(sheet(["sku", "name"])), change))
    layout, _ = tables.layout_of(path)
    assert len(list(islice(tables.rows(path, layout), 10))) == 10
