"""What an import leaves behind: its report, what it remembers, and what is removed in the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.importing.purging import imports_purge
from catalog.importing.report import report_rows
from catalog.models import Import, ImportState, ItemState, Product, Upload, WebhookDelivery
from catalog.services.products import product_update
from catalog.webhooks.services import webhook_create

GOOD = {"Handle": "mug", "Title": "Mug", "SKU": "M", "Price": "12"}
BAD = {"Handle": "vase", "Title": "Vase", "SKU": "M", "Price": "=cheap"}
DEAR = {**BAD, "SKU": "V", "Price": "dear"}


def purge() -> None:
    imports_purge(timezone.now() + timedelta(seconds=1))


def test_report_has_the_lines_that_were_not_taken_whole(shop):
    header, *lines = report_rows(shop.run([GOOD, DEAR]))
    assert header[-1] == "Problems"
    assert [line[:4] for line in lines] == [["vase", "Vase", "V", "dear"]]
    assert lines[0][-1].startswith("Price: ")


def test_report_is_no_formula_for_a_spreadsheet(shop):
    _, line = report_rows(shop.run([GOOD, BAD]))
    assert line[3] == "'=cheap"


def test_report_of_an_import_without_a_fault_is_a_header(shop):
    assert len(list(report_rows(shop.run([GOOD])))) == 1


def test_columns_are_remembered_for_the_next_file_like_it(shop):
    rows = [{**GOOD, "Odd": "Ida"}]
    shop.run(rows, mapping={"Odd": "product.brand"})
    again = shop.bring([{**row, "Handle": "cup", "SKU": "C"} for row in rows])
    assert again.mapping["Odd"] == "product.brand"


@pytest.fixture
def hook(catalog, person):
    made, _ = webhook_create(
        catalog=catalog, address="https://shop.example/", events=["import.done"], actor=person
    )
    return made


def test_webhook_is_told_of_the_end(shop, hook):
    source = shop.run([GOOD])
    (delivery,) = WebhookDelivery.objects.filter(webhook=hook)
    assert delivery.payload["data"]["import"] == source.pk
    assert delivery.payload["data"]["state"] == ImportState.DONE


def test_files_of_an_import_are_removed_in_the_end(shop, data_dir):
    source = shop.run([GOOD])
    purge()
    assert not Upload.objects.exists()
    assert Import.objects.get(pk=source.pk).state == ImportState.DONE


def test_import_that_nobody_carried_out_is_removed_in_the_end(shop):
    shop.preview([GOOD])
    purge()
    assert not Import.objects.exists()
    assert not Upload.objects.exists()


def test_word_of_a_person_is_still_known_when_its_import_was_long_ago(shop, person):
    shop.run([GOOD])
    product_update(product=Product.objects.get(), actor=person, fields={"title": "Crimson mug"})
    purge()
    again = shop.run([{**GOOD, "Title": "Cup"}])
    assert Product.objects.get().title == "Crimson mug"
    assert again.items.get().state == ItemState.UNCHANGED


def test_word_of_an_import_long_ago_gives_way_to_the_next(shop):
    shop.run([GOOD])
    purge()
    shop.run([{**GOOD, "Title": "Cup"}])
    assert Product.objects.get().title == "Cup"
