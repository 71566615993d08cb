"""The messy example, through the whole engine, comes out as the table beside it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog.importing import photos as fetching
from catalog.importing.services import import_create, import_preview
from catalog.models import Import, Product
from prodintel.lib.remote_fetch import Fetched, FetchFailed
from tests.catalog.importing.engine.conftest import work

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "docs" / "examples"
LINE = re.compile(r"\| (\d+) \| (.+) \| (.+) \|")


@pytest.fixture
def example(shop, vocabulary, monkeypatch):
    """The example imported; its photos are those of the demo."""

    def fetch(address, **_):
        path = ROOT / "catalog" / "demo" / "photos" / address.rpartition("/")[2]
        if not path.is_file():
            raise FetchFailed("There is no such photo (404).", permanent=True)
        return Fetched(path.read_bytes(), path.name, "image/webp", address)

    monkeypatch.setattr(fetching, "fetch", fetch)
    data = (FOLDER / "shopify-messy.csv").read_bytes()
    table = shop._upload("shopify-messy.csv", data)
    source = import_create(catalog=shop.catalog, actor=shop.person, name="", table=table)
    import_preview(source=source, actor=shop.person, start=True)
    work()
    return Import.objects.get(pk=source.pk)


def test_it_comes_out_as_the_table_beside_it_says(example):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    refused = {int(row) for row, _, becomes in LINE.findall(text) if "Error" in becomes}
    failed = {int(row) for row, _, becomes in LINE.findall(text) if "photo fails" in becomes}

    assert example.state == "done"
    assert set(example.problems.filter(severity="error").values_list("row", flat=True)) == refused
    assert set(example.photo_rows.filter(state="failed").values_list("row", flat=True)) == failed
    items = example.items.values_list("state", flat=True)
    assert Product.objects.count() == list(items).count("created") == 95
    # What a shop calls active waits for whoever approves it here.
    assert set(Product.objects.values_list("status", flat=True)) == {"draft"}


def test_a_category_that_is_none_is_named_by_the_column_it_stands_in(example):
    problem = example.problems.get(message__contains="Thingamajigs")
    assert (problem.row, problem.field) == (293, "Type")
