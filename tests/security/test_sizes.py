"""Texts that are part of every answer have a length that an answer can bear."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalog.models.catalog import MAX_PROSE
from catalog.services.catalogs import catalog_update, token_create
from catalog.services.products import product_create
from tests.access.conftest import catalog, people, shop  # noqa: F401 -- fixtures
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401

pytestmark = pytest.mark.django_db

FITS, TOO_LONG = "x" * MAX_PROSE, "x" * (MAX_PROSE + 1)


@pytest.fixture
def owner(client, people):  # noqa: F811
    client.force_login(people["owner"])
    return client


def test_new_product_has_no_endless_description(shop, people):  # noqa: F811
    made = product_create(catalog=shop.catalog, actor=people["owner"], description=FITS)
    assert made.product.description == FITS
    with pytest.raises(ValidationError, match="20000 characters") as refused:
        product_create(catalog=shop.catalog, actor=people["owner"], description=TOO_LONG)
    assert list(refused.value.message_dict) == ["description"]


def test_api_takes_no_endless_description(client, shop, people):  # noqa: F811
    bearer = {"Authorization": f"Bearer {token_create(user=people['owner'])[1]}"}
    response = client.patch(
        f"/api/v1/products/{shop.product.pk}",
        json.dumps({"description": TOO_LONG}),
        content_type="application/json",
        headers=bearer,
    )
    assert response.status_code == 422
    assert list(response.json()["error"]["fields"]) == ["description"]


def test_product_s_page_takes_no_endless_description(owner, shop):  # noqa: F811
    address = reverse("catalog:product_edit", args=[shop.slug, shop.product.pk])
    form = {"title": "Mug", "status": "draft", "handle": "mug", "description": TOO_LONG}
    response = owner.post(address, form)
    assert response.status_code == 422
    assert "at most 20000 characters" in response.text


def test_admin_takes_no_endless_description(client, make_user, shop):  # noqa: F811
    client.force_login(make_user("root", superuser=True))
    address = reverse("admin:catalog_product_change", args=[shop.product.pk])
    response = client.post(address, {"description": TOO_LONG})
    assert "at most 20000 characters" in response.text


def test_catalogue_has_no_endless_brand_voice(owner, shop, people):  # noqa: F811
    catalog_update(catalog=shop.catalog, actor=people["owner"], brand_voice=FITS)
    with pytest.raises(ValidationError, match="20000 characters"):
        catalog_update(catalog=shop.catalog, actor=people["owner"], brand_voice=TOO_LONG)
    address = reverse("catalog:settings", args=[shop.slug])
    form = {"name": "Shop", "currency": "EUR", "language": "en", "brand_voice": TOO_LONG}
    assert "at most 20000 characters" in owner.post(address, form).text
