from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.importing import tables
from catalog.importing.tables import delimited
from catalog.importing.tables.limits import MAX_CELL, MAX_ROW

CELLS = st.text(
    st.characters(min_codepoint=1, max_codepoint=0x17F, exclude_categories=["Cs", "Cc"])
    | st.sampled_from("\",;\t|'\n "),
    max_size=12,
)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8)
)
RUSSIAN = "Название,Цена\nКружка керамическая синяя,120\nТарелка глубокая белая,90\n"  # noqa: RUF001 -- it is Russian
WORDS = ("alpha", "beta", "gamma", "delta")


def written(rows, delimiter=",", line_end="\r\n"):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows(rows)
    return text.getvalue()


def cells(path):
    layout, _ = tables.layout_of(path)
    return layout, [list(row.cells.values()) for row in tables.rows(path, layout)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@given(rows=TABLES)
def test_any_table_survives_each_dialect_and_encoding(tmp_path_factory, delimiter, encoding, rows):
    path = tmp_path_factory.mktemp("tables") / "any"
    path.write_bytes(written([WORDS[: len(rows[0])], *rows], delimiter).encode(encoding))
    layout, found = cells(path)
    assert layout.headers == WORDS[: len(rows[0])]
    assert found == [row for row in rows if any(cell.strip() for cell in row)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_end_as_each_system_ends_them(file, line_end):
    path = file(written([["a", "b"], ["1\n2", "x"]], line_end=line_end))
    assert cells(path)[1] == [["1\n2", "x"]]


def test_what_excel_says_of_the_delimiter_is_believed_and_is_no_row(file):
    path = file("sep=|\r\na|b,c\r\n1|2,5\r\n")
    layout, _ = tables.layout_of(path)
    assert [(row.number, row.cells) for row in tables.rows(path, layout)] == [
        (2, {"a": "1", "b,c": "2,5"})
    ]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Größe;Preis\nWeiß – “schön”;12,50 €\n"),
        ("mac_roman", "Taille;Matière\nÉtanche;Crème brûlée\n"),
        ("cp932", "商品名,価格\n手作りのマグカップ,1200\n青い陶器のお皿です,900\n"),
        ("cp1251", RUSSIAN),
        ("utf-16-le", "Name,Price\nMug,12\nPlate,9\n"),
    ],
)
def test_the_encoding_is_found_by_what_it_makes_of_the_text(file, encoding, text):
    path = file(text.encode(encoding))
    layout, found = cells(path)
    assert [list(layout.headers), *found] == list(
        csv.reader(io.StringIO(text), delimiter=";" if ";" in text else ",")
    )


def test_an_umlaut_far_down_decides_for_the_whole_file(file):
    lines = "".join(f"mug-{n},plain\n" for n in range(100_000))
    path = file(("sku,name\n" + lines + "last,Größe\n").encode("cp1252"))
    assert cells(path)[1][-1] == ["last", "Größe"]


def test_a_broken_character_in_utf8_is_replaced_and_told_of(file):
    good = "".join(f"m{n},Größe für Ärmel\n" for n in range(50)).encode()
    path = file(b"sku,name\n" + good + b"x,Gr\xf6\xdfe\n")
    layout, problems = tables.layout_of(path)
    last = list(tables.rows(path, layout))[-1]
    assert layout.lossy
    assert problems[0].severity == "warning"
    assert "\ufffd" in last.cells["name"]
    assert last.problems[0].row == 52


def test_zero_bytes_are_left_out_and_told_of(file):
    path = file("sku,name\na,M\x00ug\nb,Plate\n")
    layout, _ = tables.layout_of(path)
    first, second = tables.rows(path, layout)
    assert first.cells["name"] == "Mug"
    assert "zero bytes" in first.problems[0].message
    assert not second.problems


def test_an_endless_cell_is_refused_by_its_row_and_the_next_row_is_read(file):
    big = "x" * 10_000_000
    path = file(f'sku,name\na,Mug\nb,"{big}"\nc,Plate\n')
    layout, _ = tables.layout_of(path)
    first, second, third = tables.rows(path, layout)
    assert (second.number, second.is_refused) == (3, True)
    assert [first.cells["sku"], third.cells["sku"]] == ["a", "c"]


def test_a_long_cell_of_many_lines_is_refused_alone(file):
    big = "a line of text\n" * (MAX_CELL // 10)
    path = file(f'sku,name\nb,"{big}"\nc,Plate\n')
    layout, _ = tables.layout_of(path)
    refused, after = tables.rows(path, layout)
    assert f"{MAX_CELL:,}" in refused.problems[0].message
    assert after.cells == {"sku": "c", "name": "Plate"}


@pytest.mark.parametrize("rows", [3, MAX_ROW // 40])
def test_a_quotation_mark_that_is_never_closed_costs_its_row_alone(file, rows):
    later = "".join(f"s{n},Plate {n}\n" for n in range(rows))
    path = file(f'sku,name\na,"Mug\n{later}')
    layout, _ = tables.layout_of(path)
    first, *others = tables.rows(path, layout)
    assert "never closed" in first.problems[0].message
    assert len(others) == rows
    assert others[-1].cells == {"sku": f"s{rows - 1}", "name": f"Plate {rows - 1}"}


def test_a_row_with_cells_beyond_the_headers_is_refused(file):
    path = file("sku,name\na,Mug, blue\nb,Plate,,\n")
    layout, _ = tables.layout_of(path)
    first, second = tables.rows(path, layout)
    assert first.is_refused
    assert "column C" in first.problems[0].message
    assert not second.problems


def test_a_short_row_says_nothing_of_what_it_does_not_reach(file):
    path = file("sku,name,price\na,Mug\n")
    layout, _ = tables.layout_of(path)
    (row,) = tables.rows(path, layout)
    assert row.cells == {"sku": "a", "name": "Mug"}
    assert row.problems[0].severity == "warning"


def test_headers_are_told_apart(file):
    path = file("sku,name,name,,sku\na,b,c,d,e\n")
    layout, problems = tables.layout_of(path)
    assert layout.headers == ("sku", "name", "name (2)", "Column D", "sku (2)")
    assert [problem.field for problem in problems] == ["name", "sku"]


def test_headers_are_found_below_a_title_and_notes(file):
    path = file("Price list 2026;;\n;;\nvalid from 1 May;;\nSKU;Name;Price\na;Mug;12\nb;Plate;9\n")
    layout, _ = tables.layout_of(path)
    assert (layout.headers, layout.header_row) == (("SKU", "Name", "Price"), 4)
    assert [row.number for row in tables.rows(path, layout)] == [5, 6]


def test_a_file_made_to_be_read_again_and_again_is_not(file, monkeypatch):
    monkeypatch.setattr(delimited, "_PATIENCE", 100_000)
    monkeypatch.setattr(delimited, "MAX_ROW", 20_000)
    path = file("sku,name\n" + 'a"b,"c,d,e\n' * 20_000)
    layout, _ = tables.layout_of(path)
    # A line for each time that it was read again, and for each part that was passed over.
    assert len(list(tables.rows(path, layout))) < 50
