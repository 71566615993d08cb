"""What the page of language models says of products that wait."""

from __future__ import annotations

import pytest

from catalog.describe.waiting import waiting_products
from catalog.models import VisionTask
from prodintel.lib.work import WorkState
from prodintel.llm import waiting

pytestmark = pytest.mark.django_db


def test_products_wait_also_while_there_is_no_key(make_product):
    for state in (WorkState.PENDING, WorkState.PENDING, WorkState.DONE):
        product = make_product()
        VisionTask.objects.update_or_create(product=product, defaults={"state": state})
    said = waiting_products()
    assert (said.what, said.calls) == ("products to describe", 2)
    ((work, estimate),) = waiting.waiting_work()
    assert work == said
    assert estimate.cost_usd > 0
