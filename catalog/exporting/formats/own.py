"""Our own formats: everything, for people (CSV, Excel) and for programs (JSON Lines).

The headers are those of `catalog.interchange.own`. Cells that a spreadsheet takes for formulas are
guarded in CSV; in Excel files they are marked as text, which changes nothing in them.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from catalog.exporting.formats.base import (
    PIECE,
    Choice,
    Format,
    Records,
    Row,
    Writing,
    chosen,
    csv_pieces,
    in_pieces,
    table,
)
from catalog.interchange import own
from catalog.interchange.records import CATEGORY, PhotoRecord, ProductRecord, VariantRecord
from prodintel.lib.csv_files import FORMULA_STARTS, cell

ALWAYS = frozenset({own.KEY})
EXCEL = Choice(
    "encoding",
    "Characters",
    (("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 with a mark, for Excel")),
    "Excel takes accents and umlauts for others in a CSV file without the mark.",
)
BOM = "\ufeff"
# What XML, and so an Excel file, cannot hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
MOST_IN_A_CELL = 32_767
ERROR_START = "#"
WIDTH_OF_COLUMN, WIDTH_OF_TEXT = 16, 48


def headers(writing: Writing) -> list[str]:
    """All columns of the products of a catalogue."""
    return [
        own.KEY,
        *own.PRODUCT_COLUMNS,
        *own.VARIANT_COLUMNS,
        *(own.attribute_column(name) for name in writing.attributes),
        *(own.attribute_column(name, of_variant=True) for name in writing.variant_attributes),
        *own.PHOTO_COLUMNS,
        *writing.kept,
    ]


def rows(record: ProductRecord, writing: Writing) -> Iterator[Row]:
    """One row a variant, and one for each photo that is left over."""
    del writing
    lines = zip_longest(record.variants or [VariantRecord()], record.photos)
    for number, (variant, photo) in enumerate(lines):
        row = {own.KEY: record.key}
        if variant is not None:
            row |= _variant(variant)
        if photo is not None:
            row |= _photo(photo)
        if number == 0:
            row |= _product(record)
        yield row


def _product(record: ProductRecord) -> Row:
    fields = {name: value for name, value in record.fields.items() if value is not None}
    return {
        **record.extra,
        **{
            own.attribute_column(name): own.join(value or ())
            for name, value in record.attributes.items()
        },
        **{name: own.join(value) if name == "tags" else value for name, value in fields.items()},
        CATEGORY: own.join(record.attributes.get(CATEGORY) or ()),
    }


def _variant(variant: VariantRecord) -> Row:
    return {
        **variant.extra,
        **{name: value for name, value in variant.fields.items() if value is not None},
        **{
            own.attribute_column(name, of_variant=True): own.join(value or ())
            for name, value in variant.attributes.items()
        },
    }


def _photo(photo: PhotoRecord) -> Row:
    cells = (photo.source, photo.alt_text or "", photo.role, photo.variant)
    return dict(zip(own.PHOTO_COLUMNS, cells, strict=True))


def write_csv(records: Records, writing: Writing) -> Iterator[bytes]:
    beginning = BOM if CSV.option(writing.options, EXCEL.name) == "utf-8-sig" else ""
    lines = table(headers, rows, records, writing, ALWAYS)
    return csv_pieces(lines, guard=cell, beginning=beginning)


def write_xlsx(records: Records, writing: Writing) -> Iterator[bytes]:
    """A workbook of one sheet whose cells are text, so that no code loses its zeros.

    The rows go to a file as they come: only its end makes a workbook of them. An empty piece is
    handed on now and then, so that whoever is not waiting any more can stop it.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Products")
    sheet.freeze_panes = "B2"
    names = chosen(headers(writing), writing, ALWAYS)
    for place, name in enumerate(names, start=1):
        wide = name in ("title", "description")
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = WIDTH_OF_TEXT if wide else WIDTH_OF_COLUMN
    with tempfile.TemporaryFile() as file:
        for number, line in enumerate(table(headers, rows, records, writing, ALWAYS)):
            sheet.append([_text_cell(sheet, text) for text in line])
            if number % 100 == 0:
                yield b""
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _text_cell(sheet: Any, text: str) -> Any:
    """What of openpyxl keeps the text as it is, also where it looks like a formula or an error."""
    if not text:
        return None
    text = _UNWRITABLE.sub("", text)[:MOST_IN_A_CELL]
    if not text.startswith((*FORMULA_STARTS, ERROR_START)):
        return text
    marked = WriteOnlyCell(sheet, text)
    marked.data_type = "s"
    marked.quotePrefix = True
    return marked


def write_jsonl(records: Records, writing: Writing) -> Iterator[bytes]:
    """Each product as `ProductRecord` has it, a line each."""
    del writing
    return in_pieces(json.dumps(_document(each), ensure_ascii=False) + "\n" for each in records)


def _document(record: ProductRecord) -> dict:
    document = record.as_json()
    for variant in document.get("variants", ()):
        del variant["row"]
    return {name: value for name, value in document.items() if name not in ("id", "rows")}


CSV = Format(
    name="csv",
    label="CSV",
    purpose="Everything in one table, a row a variant. For spreadsheets and other programs; comes back in as it went out.",
    extension="csv",
    content_type="text/csv; charset=utf-8",
    write=write_csv,
    headers=headers,
    always=ALWAYS,
    choices=(EXCEL,),
    kept="csv",
)
XLSX = Format(
    name="xlsx",
    label="Excel",
    purpose="The same table as a workbook: codes keep their zeros, accents and umlauts their places.",
    extension="xlsx",
    content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    write=write_xlsx,
    headers=headers,
    always=ALWAYS,
    kept="csv",
)
JSONL = Format(
    name="jsonl",
    label="JSON Lines",
    purpose="One product a line with all that is known of it, and who wrote it. For programs.",
    extension="jsonl",
    content_type="application/jsonl; charset=utf-8",
    write=write_jsonl,
    kept="csv",
)
