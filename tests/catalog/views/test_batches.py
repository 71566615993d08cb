"""Acts on many products: listed, looked at, undone and restored."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Batch, CurrentAttribute, LedgerEntry, Source
from catalog.services.ledger import (
    MachineValue,
    attribute_set,
    attributes_set,
    machine_values_record,
)
from catalog.services.suggestions import suggestions_decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def browse(client, person):
    client.force_login(person)
    return client


@pytest.fixture
def act(catalog, make_product, vocabulary, person):
    """Gives so many products one value, as an act of its own."""

    def do(count: int, label: str = "Make it wood") -> Batch:
        batch = Batch.objects.create(catalog=catalog, label=label, created_by=person)
        products = [make_product(color=None) for _ in range(count)]
        attributes_set(products=products, field="material", value="wood", actor=person, batch=batch)
        return batch

    return do


def url(name: str, batch: Batch) -> str:
    return reverse(f"catalog:{name}", args=[batch.catalog.slug, batch.pk])


def test_list_says_who_did_what_to_how_much(browse, act, catalog, person):
    batch = act(2)
    said = {row.product: [MachineValue("color", ["red"], 0.9)] for row in batch.entries.all()}
    machine_values_record(said=said, source=Source.VISION_LLM, model="m")
    suggestions_decide(
        entries=LedgerEntry.objects.filter(field="color"), accept=True, actor=person, batch=batch
    )
    answer = browse.get(reverse("catalog:batches", args=[catalog.slug]))
    (shown,) = answer.context["batches"]
    assert (shown.values_count, shown.decisions_count, shown.products_count) == (2, 2, 2)
    assert "Make it wood" in answer.content.decode()


def test_list_takes_as_many_queries_for_many_as_for_few(browse, act, catalog):
    browse.get(reverse("catalog:batches", args=[catalog.slug]))  # fills what all pages cache
    counts = []
    for _ in range(2):
        act(1)
        with CaptureQueriesContext(connection) as queries:
            browse.get(reverse("catalog:batches", args=[catalog.slug]))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_page_of_an_act_shows_before_and_after(browse, act, person, make_product, catalog):
    product = make_product("Bowl")
    attribute_set(product=product, field="material", value="steel", actor=person)
    batch = Batch.objects.create(catalog=catalog, label="wood", created_by=person)
    attributes_set(products=[product], field="material", value="wood", actor=person, batch=batch)
    shown = browse.get(url("batch", batch)).content.decode()
    assert "<del>steel</del>" in shown
    assert "<span>wood</span>" in shown


def test_page_of_an_act_takes_as_many_queries_for_many_products_as_for_few(browse, act):
    browse.get(url("batch", act(1)))  # fills what all pages cache
    counts = []
    for count in (2, 6):
        batch = act(count)
        with CaptureQueriesContext(connection) as queries:
            browse.get(url("batch", batch))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_act_is_undone_and_restored(browse, act):
    batch = act(2)
    browse.post(url("batch_undo", batch))
    assert not CurrentAttribute.objects.exists()
    assert "Undone by ada" in browse.get(url("batch", batch)).content.decode()
    browse.post(url("batch_restore", batch))
    assert CurrentAttribute.objects.count() == 2


def test_second_undo_is_refused_with_the_reason(browse, act):
    batch = act(1)
    browse.post(url("batch_undo", batch))
    answer = browse.post(url("batch_undo", batch), follow=True)
    assert "This was undone already." in answer.content.decode()


def test_act_of_another_catalogue_is_not_found(browse, act, make_catalog, person):
    other = make_catalog("Other", owner=person)
    batch = act(1)
    assert browse.get(reverse("catalog:batch", args=[other.slug, batch.pk])).status_code == 404
