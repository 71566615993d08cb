"""Fixtures of the vision runner and a model that answers by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.describe import queue
from catalog.describe import vocabulary as vocabularies
from catalog.ingest import vision, vision_flights, vision_plans
from catalog.ingest.vision import VisionDescriber
from catalog.models import VisionTask
from tests.catalog.ingest.asked import FakeGateway, said


@pytest.fixture(autouse=True)
def _fresh_vocabulary(vocabulary):
    vocabularies.current(max_age=0)


@pytest.fixture
def model(monkeypatch) -> FakeGateway:
    fake = FakeGateway(lambda _asked: said())
    for module in (vision, vision_flights, vision_plans, queue):
        monkeypatch.setattr(module, "gateway", lambda: fake)
    return fake


@pytest.fixture
def describer(model):
    made = VisionDescriber(owner="test/1")
    yield made
    made.close()


@pytest.fixture
def describe(describer):
    """Runs the vision runner until it finds nothing to do, as if every delay were over."""

    def run() -> int:
        VisionTask.objects.filter(state="pending").update(
            next_try_at=timezone.now() - timedelta(seconds=1)
        )
        describer._slots.wait(0)
        return describer.step()

    return run
