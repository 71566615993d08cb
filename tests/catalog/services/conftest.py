"""A product of whom people and machines say something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import LedgerEntry, Product, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record


@pytest.fixture
def product(make_product: Any, vocabulary: Any) -> Product:
    return make_product("Mug", color=None)


@pytest.fixture
def says(product: Product, person: Any) -> Callable[..., LedgerEntry]:
    """A person's word on a field."""

    def say(field: str, value: Any, **options: Any) -> LedgerEntry:
        return attribute_set(product=product, field=field, value=value, actor=person, **options)

    return say


@pytest.fixture
def guess(product: Product) -> Callable[..., LedgerEntry]:
    """A machine's word on a field."""

    def record(
        field: str, value: list, source: str = Source.ZERO_SHOT, confidence: float = 0.6
    ) -> LedgerEntry:
        said = MachineValue(field, value, confidence)
        machine_values_record(said={product: [said]}, source=source, model="m")
        return LedgerEntry.objects.latest("pk")

    return record
