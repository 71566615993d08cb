from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from catalog.models import Catalog, Webhook
from catalog.webhooks.events import EVENTS
from catalog.webhooks.services import webhook_create
from tests.catalog.conftest import catalog, make_product, person, vocabulary  # noqa: F401
from tests.catalog.webhooks.receiver import Receiver


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A receiver on this machine, which the operator allows to be told."""
    with Receiver() as receiver:
        settings.FETCH_ALLOWED_HOSTS = [receiver.host]
        yield receiver


@pytest.fixture
def make_hook(catalog: Catalog, person: Any) -> Callable[..., tuple[Webhook, str]]:  # noqa: F811
    """Makes a webhook of the catalogue; the second value is its secret."""

    def make(
        address: str = "https://shop.example/hooks",
        events: Any = tuple(EVENTS),
        catalog: Catalog = catalog,
    ) -> tuple[Webhook, str]:
        return webhook_create(catalog=catalog, address=address, events=events, actor=person)

    return make
