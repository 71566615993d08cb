"""Products of before there was a vision model wait for it like new ones."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from catalog.models import VisionTask

pytestmark = pytest.mark.django_db
migration = import_module("catalog.migrations.0004_vision_tasks")


def test_products_with_photos_get_a_task_each_however_often_it_runs(make_product, monkeypatch):
    monkeypatch.setattr(migration, "CHUNK", 2)
    with_photos = [make_product() for _ in range(5)]
    make_product(color=None)
    VisionTask.objects.all().delete()
    for _ in range(2):
        migration.make_tasks(apps, None)
    found = VisionTask.objects.order_by("pk").values_list("product", "state")
    assert list(found) == [(product.pk, "pending") for product in with_photos]
