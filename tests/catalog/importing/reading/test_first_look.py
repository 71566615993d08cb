"""What a file is, is told from its beginning: nobody waits for the rest, and the rest is read right."""

from __future__ import annotations

import io
import zipfile

import pytest

from catalog.importing import files, reading, tables
from catalog.importing.archives import open_archive
from catalog.importing.reading import FileRejected, inspect, read_records, read_rows
from catalog.importing.tables import feeds
from catalog.importing.tables.book import Texts
from tests.catalog.importing.reading.test_workbooks import rewritten, saved, sheet

LOOKED = 2_000
TABLE = "SKU,Title\n" + "".join(f"A-{n},Mug\n" for n in range(LOOKED))
ITEM = "<item><g:id>{}</g:id><title>Mug</title>{}</item>"
FEED = '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{}</channel></rss>'
ITEMS = "".join(ITEM.format(n, "") for n in range(LOOKED))


@pytest.fixture(autouse=True)
def _little_is_looked_at(monkeypatch):
    monkeypatch.setattr(reading, "LOOKED_BYTES", LOOKED)
    monkeypatch.setattr(files, "LOOKED_BYTES", LOOKED)
    monkeypatch.setattr(feeds, "_CHUNK", 500)


def titles(path):
    inspection = inspect(path, "file")
    products = read_records(path, inspection, inspection.mapping)
    return [product.record.fields.get("title") for product in products]


def test_encoding_that_shows_later_is_found_when_the_file_is_read(file):
    path = file(TABLE + "Z-1,Straßenkreide\n", encoding="cp1252")
    assert inspect(path, "file").encoding == "utf-8"
    assert titles(path)[-1] == "Straßenkreide"
    assert list(read_rows(path, inspect(path, "file")))[-1].cells["Title"] == "Straßenkreide"


def test_encoding_of_json_lines_that_shows_later_is_found_when_they_are_read(file):
    line = '{"key": "%s", "fields": {"title": "%s"}}\n'
    text = "".join(line % (n, "Mug") for n in range(100)) + line % ("z", "Straßenkreide")
    assert titles(file(text, encoding="cp1252"))[-1] == "Straßenkreide"


def test_blank_lines_before_the_rows_are_not_read_through(file):
    assert inspect(file("SKU,Title\n" + "\n" * 100_000 + "A-1,Mug\n"), "file").rows == []


def test_row_that_goes_on_and_on_is_not_read_through(file):
    endless = 'A-0,"' + "x\n" * 1_000_000 + '"\n'
    inspection = inspect(file("SKU,Title\n" + endless + "A-1,Mug\n"), "file")
    assert inspection.headers == ["SKU", "Title"]
    assert ["A-1", "Mug"] not in inspection.rows


def test_elements_that_come_later_in_a_feed_mean_what_they_always_do(file):
    late = ITEM.format("late", "<g:brand>Halden</g:brand><g:custom_label_0>sale</g:custom_label_0>")
    path = file(FEED.format(ITEMS + late))
    inspection = inspect(path, "file")
    assert inspection.headers == ["id", "title"]
    *_, last = read_records(path, inspection, inspection.mapping)
    assert last.record.fields["brand"] == "Halden"
    assert last.record.variants[0].extra == {"custom_label_0": "sale"}


def test_feed_that_breaks_off_later_is_refused_when_it_is_read(file):
    path = file(FEED.format(ITEMS)[:-50])
    inspection = inspect(path, "file")
    with pytest.raises(FileRejected, match="cannot be read"):
        list(read_records(path, inspection, inspection.mapping))


def test_feed_that_begins_with_no_item_says_how_far_it_was_looked_at(file, monkeypatch):
    monkeypatch.setattr(reading, "LOOKED_BYTES", 1_000_000)
    path = file(FEED.format("<title>" + "x" * 2_000_000 + "</title>" + ITEMS))
    with pytest.raises(FileRejected, match="The first 1 MB of this XML file have no items"):
        inspect(path, "file")


def test_sheet_is_not_read_through(file):
    data = saved(sheet(["SKU", "Title"], *([f"A-{n}", "Mug"] for n in range(LOOKED))))

    def broken(name: str, part: bytes) -> bytes:
        if "sheet1" not in name:
            return part
        # As programs write it that stream: it says nothing of its size.
        start, _, rest = part.partition(b"<dimension")
        return (start + rest.partition(b"/>")[2]).replace(b"</sheetData>", b"</broken>")

    path = file(rewritten(data, broken))
    inspection = inspect(path, "file")
    assert inspection.rows[0] == ["A-0", "Mug"]
    with pytest.raises(FileRejected, match="damaged"):
        list(read_rows(path, inspection))


def test_texts_of_a_workbook_are_read_as_far_as_cells_name_them():
    start = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    rich = b"<si><r><t>Red </t></r><r><t>mug</t></r><rPh><t>spoken</t></rPh></si>"
    texts = Texts(io.BytesIO(start + b"<si><t>SKU</t></si>" + rich + b" " * 100_000 + b"<broken"))
    assert (texts[1], texts[0]) == ("Red mug", "SKU")
    with pytest.raises(ValueError, match="unclosed token"):
        texts[2]


def test_texts_of_a_workbook_declare_nothing():
    entities = b'<!DOCTYPE sst [<!ENTITY a "aaaa">]><sst xmlns="x"><si><t>&a;</t></si></sst>'
    with pytest.raises(ValueError, match="declares"):
        Texts(io.BytesIO(entities))[0]


def test_text_that_a_workbook_does_not_have_is_none():
    texts = Texts(io.BytesIO(b'<sst xmlns="x"><si><t>SKU</t></si></sst>'))
    with pytest.raises(IndexError):
        texts[0]
    with pytest.raises(IndexError):
        texts[-1]


def test_of_a_table_in_an_archive_the_beginning_is_taken_out(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", TABLE * 100)
    with open_archive(path) as archive:
        (member,) = archive.members
        inspection = files._seen(archive, member)
        assert archive.extract_table(member, LOOKED).stat().st_size < member.size
    assert inspection.layout.is_partial
    assert inspection.layout.rows == pytest.approx(100 * LOOKED, rel=0.2)


def test_workbook_in_an_archive_is_taken_out_whole(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("table.csv", saved(sheet(["SKU", "Title"], ["A-1", "Mug"])))
    with open_archive(path) as archive:
        assert files._seen(archive, archive.members[0]).rows == [["A-1", "Mug"]]


def test_small_file_is_looked_at_whole(file):
    layout, _ = tables.layout_of(file("SKU,Title\nA-1,Mug\n"), LOOKED)
    assert not layout.is_partial
