from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.grid.edits import grid_plan
from catalog.grid.operations import Act, CellText, Operation
from catalog.models import GridEdit, Membership, Product, Role
from catalog.services.ledger import attribute_set


@pytest.fixture(autouse=True)
def _stand_alone(no_engine: None, vocabulary: Any) -> None:
    """No engine, and a small vocabulary."""


@pytest.fixture
def plan(catalog: Any, person: Any) -> Callable[..., GridEdit]:
    """Plans an operation on rows, on these products, or on cells."""

    def make(act: str = "cells", *, ids: Any = None, **fields: Any) -> GridEdit:
        cells = tuple(CellText(*each) for each in fields.pop("cells", ()))
        there = fields.pop("catalog", catalog)
        operation = Operation(Act(act), cells=cells, **fields)
        return grid_plan(
            catalog=there, operation=operation, actor=person, label="Edit", product_ids=ids
        ).edit

    return make


@pytest.fixture
def say(person: Any) -> Callable[..., Any]:
    def set_(product: Product, field: str, value: Any, **more: Any) -> Any:
        return attribute_set(product=product, field=field, value=value, actor=person, **more)

    return set_


@pytest.fixture
def editor(catalog: Any, make_user: Any) -> Any:
    """Somebody who edits this catalogue, and does not approve."""
    user = make_user("ed")
    Membership.objects.create(catalog=catalog, user=user, role=Role.EDITOR)
    return user
