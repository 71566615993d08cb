"""Files of rows as spreadsheets, shops and attackers write them."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tools.competitors import tables
from tools.competitors.tables import read_table, tidy

TEXT = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


def test_reads_a_file_with_a_byte_order_mark():
    assert read_table("title,price\nMug,5\n".encode("utf-8-sig")).headings == ["title", "price"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "cp1252"])
def test_reads_umlauts_in_every_encoding_that_spreadsheets_write(encoding):
    table = read_table("Titel;Preis\nTöpfchen;5\n".encode(encoding))
    assert table.rows == [(2, ["Töpfchen", "5"])]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_finds_the_delimiter(sign):
    text = f'title{sign}price\n"Mug, blue; large"{sign}"12,50"\n'
    assert read_table(text.encode()).rows == [(2, ["Mug, blue; large", "12,50"])]


def test_takes_the_delimiter_that_the_file_names():
    table = read_table(b"sep=;\ntitle;price\nMug;5\n")
    assert (table.headings, table.rows) == (["title", "price"], [(3, ["Mug", "5"])])


def test_counts_rows_as_a_spreadsheet_does():
    table = read_table(b"\ntitle\n\nMug\n\nCup\n")
    assert [number for number, _ in table.rows] == [4, 6]


def test_a_cell_keeps_its_line_breaks_and_loses_what_cannot_be_seen():
    assert tidy("dish\u200bwasher\x00 \x1b[31msafe\r\n\n  hand made\u202e") == (
        "dishwasher [31msafe\nhand made"
    )


def test_cuts_long_cells_and_says_where():
    table = read_table(b"title\n" + b"x" * 5_000 + b"\nMug\n")
    assert table.cut == {2}
    assert len(table.rows[0][1][0]) == tables.MAX_CELL


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"x" * (tables.MAX_BYTES + 1), "MB"),
        (b"title\n" + b"Mug\n" * (tables.MAX_ROWS + 1), "rows"),
        (b",".join(b"a%d" % n for n in range(200)), "columns"),
        (b'title\n"' + b"x" * 200_000, "quotation mark"),
    ],
)
def test_refuses_what_is_no_table_or_too_large(data, said):
    with pytest.raises(ValidationError, match=said):
        read_table(data)


@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=6))
def test_reads_what_a_spreadsheet_wrote(rows):
    file = io.StringIO()
    headings = [f"column {number}" for number in range(4)]
    csv.writer(file, delimiter=";").writerows([headings, *rows])
    read = [cells for _, cells in read_table(file.getvalue().encode("utf-8-sig")).rows]
    assert read == [cells for row in rows if any(cells := [tidy(cell) for cell in row])]


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_refused(data):
    try:
        table = read_table(data)
    except ValidationError:
        return
    assert all(len(cell) <= tables.MAX_CELL for _, row in table.rows for cell in row)
