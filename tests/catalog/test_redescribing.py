"""From photos to attributes and back: described twice by a server that speaks the protocol, with
people's decisions between, and undone. The real client, the real runner, nothing stands in for them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.describe.queue import UNFINISHED
from catalog.ingest.vision import VisionDescriber
from catalog.models import CurrentAttribute, LedgerEntry, Product, Source, VisionTask
from catalog.services import describe_runs
from catalog.services.batches import batch_retract
from catalog.services.describe_runs import describe_run_accept_trial, describe_run_start
from catalog.services.ledger import attribute_set
from catalog.services.suggestions import suggestion_decide
from tests.groq_protocol import answers
from tests.llm.conftest import _no_connection_left, groq  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def describe():
    """Runs the vision runner until nothing waits, as if every delay were over."""
    describer = VisionDescriber(owner="test/1")

    def run() -> None:
        for _ in range(50):
            waiting = VisionTask.objects.filter(state__in=UNFINISHED)
            if not waiting.exists():
                return
            waiting.update(next_try_at=timezone.now() - timedelta(seconds=1))
            describer.step()
        raise AssertionError(list(waiting.values_list("state", "error")))

    yield run
    describer.close()


@pytest.fixture
def change_of_mind(monkeypatch):
    """From now on the server says something else of the same photos, but for their colours."""

    def change() -> None:
        before = answers._Filler._number
        monkeypatch.setattr(
            answers._Filler, "_number", lambda self, path: before(self, ("again", *path))
        )

    return change


def state_of(products: list[Product]) -> dict[tuple, Any]:
    """What counts: of each field its value and whose it is, and the products' own texts."""
    rows = CurrentAttribute.objects.filter(product__in=products)
    found: dict[tuple, Any] = {
        (row.product_id, row.field, row.locale): (row.value, row.source, row.locked) for row in rows
    }
    for product in Product.objects.filter(pk__in=[p.pk for p in products]):
        found[product.pk, "own"] = (product.title, product.description)
    return found


def said(product: Product, field: str) -> LedgerEntry:
    """What the model says of a field and nobody has decided on."""
    return LedgerEntry.objects.standing().get(
        product=product, field=field, source=Source.VISION_LLM, decision=""
    )


def test_describing_again_loses_no_edit_says_nothing_rejected_and_is_undone_as_one(
    catalog,
    vocabulary,
    make_product,
    person,
    groq,  # noqa: F811
    describe,
    change_of_mind,
    monkeypatch,
):
    server = groq()
    edited, accepted, rejected = (make_product(color=color) for color in ("red", "blue", "green"))
    products = [edited, accepted, rejected]
    describe()
    assert len(server.requests) == 3

    attribute_set(product=edited, field="color", value=["green"], actor=person)
    for field in ("title", "color"):
        suggestion_decide(entry=said(accepted, field), accept=True, actor=person)
    wrong = said(rejected, "color")
    suggestion_decide(entry=wrong, accept=False, actor=person)
    before = state_of(products)
    people = {key: value for key, value in before.items() if key[1] == "own" or value[2]}
    assert {key[1] for key in people} == {"own", "color"}

    change_of_mind()
    monkeypatch.setattr(describe_runs, "TRIAL_SIZE", 2)
    run = describe_run_start(
        catalog=catalog,
        product_ids=[product.pk for product in products],
        actor=person,
        trial=True,
        forced=True,
    )
    describe()
    assert state_of(products) == before
    assert describe_run_accept_trial(run=run, actor=person) == 2
    describe()
    # What the trial was told is written as it was told: nothing was asked twice.
    assert len(server.requests) == 6

    after = state_of(products)
    assert {key: after[key] for key in people} == people
    assert after != before
    assert said(edited, "color").value == ["red"]
    assert said(accepted, "title").batch == run.batch
    again = LedgerEntry.objects.filter(batch=run.batch, product=rejected, field="color")
    assert wrong.value not in [row.value for row in again]

    batch_retract(batch=run.batch, actor=person)
    assert state_of(products) == before
