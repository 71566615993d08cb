"""The vision runner: what it asks, what it writes, and what it never does twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.describe import vocabulary as vocabularies
from catalog.ingest import vision
from catalog.ingest.vision import VisionDescriber
from catalog.models import (
    CurrentAttribute,
    LedgerEntry,
    Source,
    VisionTask,
)
from prodintel.lib.work import WorkState
from tests.catalog.ingest.asked import FakeGateway, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("vocabulary")]


@pytest.fixture(autouse=True)
def _fresh_vocabulary(vocabulary):
    vocabularies.current(max_age=0)


@pytest.fixture
def model(monkeypatch) -> FakeGateway:
    fake = FakeGateway(lambda _asked: said())
    monkeypatch.setattr(vision, "gateway", lambda: fake)
    return fake


@pytest.fixture
def describer(model):
    made = VisionDescriber(owner="test/1")
    yield made
    made.close()


@pytest.fixture
def describe(describer):
    """Runs the vision runner until it finds nothing to do."""

    def run() -> int:
        VisionTask.objects.filter(state="pending").update(
            next_try_at=timezone.now() - timedelta(seconds=1)
        )
        describer._slot_at = 0
        return describer.step()

    return run


def values(product) -> dict:
    return {row.field: row.value for row in CurrentAttribute.objects.filter(product=product)}


def suggested(product, field) -> list:
    rows = LedgerEntry.objects.standing().filter(product=product, field=field)
    return [row.value for row in rows]


def test_an_answer_becomes_attributes_and_suggestions(describe, make_product):
    product = make_product()
    assert describe() == 1
    assert values(product) == {"category": ["home/kitchen/mugs"], "color": ["red"]}
    assert suggested(product, "title") == [["Red mug"]]
    alt = LedgerEntry.objects.get(product=product, field="alt_text")
    assert (alt.photo, alt.locale) == (product.placements.get().photo, "en")
    task = VisionTask.objects.get()
    assert (task.state, task.cannot_tell) == (WorkState.DONE, ["dimensions"])
    assert alt.source == Source.VISION_LLM
    assert alt.model == "vision-model"
