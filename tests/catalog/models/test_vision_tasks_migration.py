"""What was there before the vision model came waits for it, however often the migration was cut off."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import VisionTask

pytestmark = pytest.mark.django_db
migration = import_module("catalog.migrations.0004_vision_tasks")


@pytest.fixture
def products(make_product, monkeypatch):
    """Three, of which two go into a step, as they were before."""
    monkeypatch.setattr(migration, "CHUNK", 2)
    made = [make_product() for _ in range(3)]
    VisionTask.objects.all().delete()
    return made


def test_each_product_with_a_photo_waits_once(products, make_product):
    make_product(color=None)
    migration.make_tasks(apps, None)
    migration.make_tasks(apps, None)
    waiting = VisionTask.objects.order_by("product").values_list("product", flat=True)
    assert list(waiting) == [product.pk for product in products]


def test_steps_are_no_single_transaction(products):
    assert migration.Migration.atomic is False
    with CaptureQueriesContext(connection) as captured:
        migration.make_tasks(apps, None)
    inserted = [query for query in captured if query["sql"].startswith("INSERT")]
    assert len(inserted) == 2


def test_what_was_done_before_it_was_cut_off_stays(products):
    VisionTask.objects.create(product=products[0], state="done")
    migration.make_tasks(apps, None)
    assert VisionTask.objects.count() == 3
    assert VisionTask.objects.get(product=products[0]).state == "done"
