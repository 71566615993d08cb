"""A table and its photos as one file."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest

from catalog import storage
from catalog.exporting import FORMATS, Export
from catalog.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def zipped(catalog):
    def made(**options) -> zipfile.ZipFile:
        export = Export(catalog, FORMATS["zip"], approved_only=False, options=options)
        data = b"".join(export.stream(Product.objects.alive().filter(catalog=catalog)))
        found = zipfile.ZipFile(io.BytesIO(data))
        assert found.testzip() is None
        return found

    return made


def test_table_names_the_photos_beside_it(mug, make_photos, zipped):
    make_photos(mug, 1)
    found = zipped()
    assert found.namelist() == ["photos/mug-1.png", "photos/mug-2.png", "products.csv"]
    rows = list(csv.DictReader(io.StringIO(found.read("products.csv").decode(), newline="")))
    assert [row["photo"] for row in rows] == ["photos/mug-1.png", "photos/mug-2.png"]
    assert found.read("photos/mug-1.png").startswith(b"\x89PNG")


def test_other_tables_can_be_chosen(mug, zipped):
    lines = zipped(table="jsonl").read("products.jsonl").decode().splitlines()
    assert json.loads(lines[0])["photos"][0]["source"] == "photos/mug-1.png"
    assert "products.xlsx" in zipped(table="xlsx").namelist()


def test_lost_photo_is_named_and_stops_nothing(mug, zipped):
    photo = mug.placements.get().photo
    storage.delete(photo.file.name)
    found = zipped()
    assert found.namelist() == ["missing-photos.txt", "products.csv"]
    assert found.read("missing-photos.txt").decode() == f"mug: {photo.original_name}\n"


def test_names_differ_also_where_handles_differ_by_case_alone(make_product, zipped):
    make_product(handle="mug")
    other = make_product(handle="MUG")
    names = zipped().namelist()
    assert names[0] == "photos/mug-1.png"
    assert names[1] == f"photos/mug~{other.placements.get().pk}-1.png"
