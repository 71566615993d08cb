"""Our own formats."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from catalog.interchange import own
from catalog.interchange.records import ProductRecord
from catalog.models import ForeignCells
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def sheet(data: bytes) -> list[list[str]]:
    rows = load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    return [[cell or "" for cell in row] for row in rows]


def test_csv_has_a_row_a_variant(mug, exported):
    small, large = table(exported("csv"))
    assert (small["handle"], small["title"], small["sku"], small["price"]) == (
        "mug",
        "Mug",
        "M-1",
        "12.50",
    )
    assert (large["handle"], large["title"], large["sku"]) == ("mug", "", "M-2")
    assert (small["color"], large["variant:color"]) == ("red; blue", "green")
    assert (small["composition@de"], small["category"]) == ("Ton", "home/kitchen/mugs")
    assert small["tags"] == r"tea\; green; cup"


def test_csv_has_a_row_for_each_further_photo(mug, make_photos, exported):
    make_photos(mug, 2)
    rows = table(exported("csv"))
    assert [bool(row["photo"]) for row in rows] == [True, True, True]
    assert (rows[2]["handle"], rows[2]["sku"], rows[2]["title"]) == ("mug", "", "")


def test_columns_are_chosen_and_ordered(mug, exported):
    data = exported("csv", columns=["price", "title", "no such column"])
    assert data.decode().splitlines()[:2] == ["handle,price,title", "mug,12.50,Mug"]


def test_columns_are_known_that_only_an_approved_version_has(
    mug, person, approve, exported, vocabulary
):
    approve(mug)
    product_update(product=mug, actor=person, fields={"title": "Beaker"})
    mug.current_attributes.filter(field="height").delete()
    assert table(exported("csv", approved_only=True))[0]["height"] == "24"


def test_formulas_are_neutralised_in_csv(mug, person, exported):
    product_update(product=mug, actor=person, fields={"title": '=cmd|" /C calc"!A0'})
    assert table(exported("csv"))[0]["title"] == '\'=cmd|" /C calc"!A0'


def test_csv_for_excel_says_what_characters_it_has(mug, exported):
    assert exported("csv", encoding="utf-8-sig").startswith(b"\xef\xbb\xbfhandle,")
    assert exported("csv").startswith(b"handle,")


def test_workbook_is_the_same_table_as_text(mug, person, exported):
    product_update(product=mug, actor=person, fields={"title": "=1+1", "brand": "#REF!"})
    data = exported("xlsx")
    book = load_workbook(io.BytesIO(data))
    rows = [[cell.value or "" for cell in row] for row in book.active.iter_rows()]
    header = rows[0]
    first = dict(zip(header, rows[1], strict=True))
    assert (first["title"], first["brand"]) == ("=1+1", "#REF!")
    assert first["gtin"] == "04006381333931"
    assert book.active.freeze_panes == "B2"
    title = book.active.cell(2, header.index("title") + 1)
    assert (title.data_type, title.quotePrefix) == ("s", True)


def test_workbook_drops_what_it_cannot_hold(mug, person, exported):
    product_update(product=mug, actor=person, fields={"description": "a\x0bb"})
    header, first, *_ = sheet(exported("xlsx"))
    assert dict(zip(header, first, strict=True))["description"] == "ab"


def test_lines_of_json_are_whole_records(mug, record_of, exported):
    (line,) = exported("jsonl").decode().splitlines()
    read = ProductRecord.of_json(json.loads(line))
    assert read.written_by == {}
    expected = record_of(mug)
    assert (read.key, read.fields, read.attributes, read.variants, read.photos) == (
        expected.key,
        expected.fields,
        expected.attributes,
        expected.variants,
        expected.photos,
    )


def test_kept_columns_are_written_back(mug, exported):
    ForeignCells.objects.create(product=mug, format="csv", cells={"Supplier": "Acme"})
    assert [row["Supplier"] for row in table(exported("csv"))] == ["Acme", ""]


def test_attribute_named_as_a_column_has_one_of_its_own():
    assert own.attribute_column("price") == "attribute:price"
    assert own.attribute_column("price", of_variant=True) == "variant:price"
    assert own.attribute_column("material@de") == "material@de"


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool), max_size=5))
def test_values_of_a_cell_come_back(values):
    assert own.split(own.join(values)) == values
