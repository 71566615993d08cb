"""The messy example reads as the table beside it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog.importing.reading import inspect, read_records

FOLDER = Path(__file__).parents[4] / "docs" / "examples"
LINE = re.compile(r"\| (\d+) \| (.+) \| (.+) \|")


@pytest.fixture(scope="module")
def products():
    path = FOLDER / "shopify-messy.csv"
    inspection = inspect(path, path.name)
    assert inspection.format == "shopify"
    return list(read_records(path, inspection, inspection.mapping))


@pytest.fixture(scope="module")
def seeded():
    """What becomes of each row that is listed."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    found: dict[int, str] = {}
    for row, _, becomes in LINE.findall(text):
        found[int(row)] = found.get(int(row), "") + becomes
    return found


def test_it_has_three_hundred_rows(products):
    rows = [row for product in products for row in product.record.rows]
    assert sorted(rows) == list(range(2, 302))


def test_every_row_that_is_told_of_is_listed_and_the_other_way_round(products, seeded):
    told = {
        problem.row
        for product in products
        for problem in product.problems
        if problem.severity == "warning"
    }
    assert told == {row for row, becomes in seeded.items() if "Warning:" in becomes}


def test_the_rows_that_are_refused_are_listed_as_refused(products, seeded):
    refused = {
        problem.row
        for product in products
        for problem in product.problems
        if problem.severity == "error"
    }
    assert refused == {row for row, becomes in seeded.items() if "row is refused" in becomes}


def test_its_photos_are_those_of_the_demo(products):
    photos = [photo.source for product in products for photo in product.record.photos]
    there = {path.name for path in (FOLDER.parents[1] / "catalog" / "demo" / "photos").iterdir()}
    missing = [source for source in photos if source.rpartition("/")[2] not in there]
    assert missing == ["http://127.0.0.1:8099/photos/no-such-photo.webp", "http://127.0.0.1:8099/"]
