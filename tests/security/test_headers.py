"""What every answer tells the browser to refuse: pages, API, admin, errors."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog import selectors
from catalog.api import health
from tests.access.conftest import catalog, people, shop  # noqa: F401 -- fixtures
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401

pytestmark = pytest.mark.django_db

PAGES = {
    "/login/": 302,
    "/": 200,
    "/c/{slug}/": 200,
    "/c/{slug}/products/{product}/": 200,
    "/c/{slug}/upload/": 200,
    "/photos/{photo}/240.webp": 200,
    "/none/": 404,
    "/api/v1/health": 200,
    "/api/v1/docs": 200,
    "/api/v1/catalogs": 401,
    "/api/v1/none": 404,
}
ADMIN = {"/admin/": 200, "/admin/catalog/product/": 200, "/admin/none/": 404}


@pytest.fixture
def get(shop, make_user):  # noqa: F811
    """The answer of an address of the shop to a superuser."""
    client = Client(raise_request_exception=False)
    client.force_login(make_user("root", superuser=True))
    names = {"slug": shop.slug, "product": shop.product.pk, "photo": shop.photo.pk}
    return lambda address: client.get(address.format(**names))


def directives(response) -> dict[str, str]:
    policy = response["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def test_login_of_a_visitor_has_the_policy(client):
    response = client.get("/login/")
    assert response.status_code == 200
    assert directives(response)["script-src"] == "'self'"


@pytest.mark.parametrize(("address", "status"), PAGES.items())
def test_policy_lets_in_no_inline_code_and_nothing_from_elsewhere(get, address, status):
    response = get(address)
    assert response.status_code == status
    policy = directives(response)
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' blob: data:"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"


@pytest.mark.parametrize(("address", "status"), ADMIN.items())
def test_admin_s_policy_is_looser_for_its_own_scripts_and_styles_alone(get, address, status):
    response = get(address)
    assert response.status_code == status
    policy = directives(response)
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("address", [*PAGES, *ADMIN])
def test_types_are_not_guessed_and_no_page_is_framed(get, address):
    response = get(address)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ["/c/{slug}/", "/api/v1/health"])
def test_defect_s_answer_has_the_headers_too(get, address, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("broken")

    monkeypatch.setattr(selectors, "catalog_for", broken)
    monkeypatch.setattr(health, "queue_totals", broken)
    response = get(address)
    assert response.status_code == 500
    assert "Content-Security-Policy" in response
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ["/", "/api/v1/health"])
def test_refusal_of_an_unknown_host_has_the_headers_too(client, address):
    response = client.get(address, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Content-Security-Policy" in response
    assert response["X-Content-Type-Options"] == "nosniff"
