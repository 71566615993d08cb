"""A tool run over three mugs, and a worker that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.ingest.jobs import LONG_KINDS, job_step
from catalog.models import Job, Product
from tools.bulk import performing
from tools.services.bulk import tool_runs_start


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performing, "TICK_SECONDS", 0.02)
    performing._take_over.cache_clear()


@pytest.fixture
def products(make_product: Any, vocabulary: Any) -> list[Product]:
    return [make_product(f"Mug {number}", color=None) for number in range(3)]


@pytest.fixture
def start(
    catalog: Any, products: list[Product], suggesting: Any, person: Any
) -> Callable[..., Job]:
    def begin(actor: Any = person, **options: Any) -> Job:
        ids = [product.pk for product in products]
        return tool_runs_start(
            catalog=catalog, tool=suggesting, options=options, product_ids=ids, actor=actor
        )

    return begin


@pytest.fixture
def work() -> Callable[..., None]:
    """Does what waits, as the worker's runner of long jobs."""

    def go(stopping: Any = lambda: False) -> None:
        while job_step(LONG_KINDS, owner="test/1", stopping=stopping):
            pass

    return go


@pytest.fixture
def fresh() -> Callable[[Job], Job]:
    return lambda job: Job.objects.get(pk=job.pk)
