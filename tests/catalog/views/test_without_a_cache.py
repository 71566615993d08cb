"""Pages of a site whose cache is away."""

from __future__ import annotations

import pytest
from django.core.cache.backends.redis import RedisCache
from django.urls import reverse

from prodintel.lib import optional_cache
from tests.access.conftest import catalog, people, shop  # noqa: F401 -- fixtures
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [{}, {"q": "mug"}, {"q": "mug", "offset": "30"}])
def test_search_page_does_without_the_cache(shop, people, client, monkeypatch, asked):  # noqa: F811
    away = RedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(optional_cache, "caches", {"default": away, "rankings": away})
    monkeypatch.setattr(optional_cache.CACHE, "_rests_until", 0.0)
    monkeypatch.setattr(optional_cache.RANKINGS, "_rests_until", 0.0)
    client.force_login(people["owner"])
    assert client.get(reverse("catalog:search", args=[shop.slug]), asked).status_code == 200
