"""What is written is read back as it was."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from catalog.exporting import FORMATS
from catalog.exporting.formats.base import Writing
from catalog.importing.reading import inspect, read_records

EXAMPLE = Path(__file__).parents[4] / "docs" / "examples" / "shopify-messy.csv"


@pytest.fixture
def again(catalog, vocabulary, tmp_path):
    """Records after a way out and in."""

    def out_and_in(format_name, records, **options):
        writing = Writing(
            catalog=catalog,
            options=options,
            attributes=tuple(sorted(names(record.attributes for record in records))),
            variant_attributes=tuple(sorted(names(v.attributes for v in variants(records)))),
            kept=tuple(sorted(kept(records))),
        )
        path = tmp_path / "out"
        path.write_bytes(b"".join(FORMATS[format_name].write(copy.deepcopy(records), writing)))
        inspection = inspect(path, "out")
        return [each.record for each in read_records(path, inspection, inspection.mapping)]

    return out_and_in


def variants(records):
    return [variant for record in records for variant in record.variants]


def names(attributes):
    return {name for each in attributes for name in each} - {"category"}


def kept(records):
    return {header for each in [*records, *variants(records)] for header in each.extra}


@pytest.fixture(scope="module")
def example():
    inspection = inspect(EXAMPLE, EXAMPLE.name)
    found = [each.record for each in read_records(EXAMPLE, inspection, inspection.mapping)]
    # A product that does not stand together does so in what is written, and has a handle then.
    keys = [record.key for record in found]
    return [record for record in found if keys.count(record.key) == 1 and "handle" in record.fields]


def plain(records):
    """What records say, without where it stood, what is blank, and the catalogue's own currency."""
    return [
        {
            "key": record.key,
            "fields": said(record.fields),
            "attributes": said(record.attributes),
            "photos": [
                (photo.source, photo.alt_text or "", photo.variant) for photo in record.photos
            ],
            "variants": [
                (said(variant.fields), said(variant.attributes)) for variant in record.variants
            ],
        }
        for record in records
    ]


def said(values):
    return {name: value for name, value in values.items() if value not in (None, "", [], "EUR")}


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"headers": "old"}, {"headers": "new"}])
def test_the_example_through_shopify(again, example, options):
    for before, after in zip(
        plain(example), plain(again("shopify", example, **options)), strict=True
    ):
        assert after == before


@pytest.mark.django_db
@pytest.mark.parametrize("format_name", ["csv", "xlsx", "jsonl"])
def test_the_example_through_our_own_formats(again, example, format_name):
    for before, after in zip(plain(example), plain(again(format_name, example)), strict=True):
        assert after == before


@pytest.mark.django_db
def test_what_came_from_shopify_comes_back_cell_by_cell(again, example):
    then = again("shopify", example, headers="old")
    for before, after in zip(example, then, strict=True):
        lost = {h: t for h, t in before.extra.items() if after.extra.get(h) != t}
        assert not lost
