from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.catalog.conftest import (  # noqa: F401
    catalog,
    make_product,
    no_engine,
    person,
    vocabulary,
)
from tools.competitors.services import Imported, competitors_import

DAY = date(2026, 5, 31)


@pytest.fixture
def bring(catalog: Any, person: Any, no_engine: None) -> Callable[..., Imported]:  # noqa: F811
    """Brings a file of competitors' offers."""

    def bring(text: str, name: str = "Spring", **fields: Any) -> Imported:
        chosen: dict[str, Any] = {"catalog": catalog, "actor": person, "source": "Price crawl"}
        chosen |= {"as_of": DAY, **fields}
        return competitors_import(name=name, data=text.encode(), **chosen)

    return bring
