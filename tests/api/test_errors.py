"""Every error of the API has one form, whoever noticed it."""

from __future__ import annotations

import pytest
from django.core.signals import request_finished
from django.test import Client

from catalog import selectors
from catalog.models import AuditEvent

pytestmark = pytest.mark.django_db

MULTIPART = "multipart/form-data; boundary=x"


def error(response, status: int) -> dict:
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    answer = response.json()
    assert list(answer) == ["error"]
    assert set(answer["error"]) == {"code", "message", "fields"}
    assert answer["error"]["message"]
    return answer["error"]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/none", "/api/v2/catalogs", "/api/v1/products/x"]
)
@pytest.mark.parametrize("debug", [True, False])
def test_unknown_address(api, settings, path, debug):
    settings.DEBUG = debug
    assert error(api.client.get(path), 404)["code"] == "not_found"


def test_method_that_is_not_offered(api):
    response = api.client.put("/api/v1/catalogs")
    assert error(response, 405)["code"] == "method_not_allowed"
    assert set(response["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize("call", ["products", "search"])
@pytest.mark.parametrize("body", [b"no parts", b"--x\r\nContent-Disposition: form-data\r\n"])
def test_multipart_without_a_boundary_or_parts(api, catalog, call, body):
    address = f"/api/v1/catalogs/{catalog.slug}/{call}"
    response = api.client.generic("POST", address, body, content_type="multipart/form-data")
    assert error(response, 400)["code"] == "bad_request"


def test_too_many_files(api, catalog, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    part = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\nx\r\n'
    address = f"/api/v1/catalogs/{catalog.slug}/products"
    response = api.client.generic("POST", address, part * 3 + b"--x--\r\n", content_type=MULTIPART)
    refusal = error(response, 400)
    assert refusal["code"] == "too_many_files"
    assert "2" in refusal["message"]


def test_too_many_fields(api, catalog, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    address = f"/api/v1/catalogs/{catalog.slug}/products"
    response = api.client.generic("POST", address, part * 3 + b"--x--\r\n", content_type=MULTIPART)
    assert error(response, 400)["code"] == "too_many_fields"


def test_body_over_the_limit(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = api.client.post(
        "/api/v1/catalogs", {"name": "x" * 100}, content_type="application/json"
    )
    assert error(response, 413)["code"] == "too_large"


@pytest.mark.parametrize("debug", [True, False])
def test_defect_is_said_without_its_inside(api, settings, monkeypatch, debug):
    def broken(_user):
        raise RuntimeError("inside")

    settings.DEBUG = debug
    monkeypatch.setattr(selectors, "catalogs_for", broken)
    refusal = error(api.client.get("/api/v1/catalogs"), 500)
    assert refusal["code"] == "internal"
    assert "inside" not in refusal["message"]


def test_request_that_is_refused_before_any_call(db):
    client = Client(headers={"Host": "evil.example"})
    assert error(client.get("/api/v1/health"), 400)["code"] == "bad_request"


def test_error_in_the_api_s_form_ends_its_request_once(api):
    ended = []

    def note(**_options):
        ended.append(1)

    request_finished.connect(note)
    api.client.get("/api/v1/none")
    request_finished.disconnect(note)
    assert ended == [1]


def test_pages_keep_their_own_errors(client):
    assert client.get("/none/")["Content-Type"].startswith("text/html")


def test_unlocking_what_is_no_attribute_is_refused_and_leaves_no_trace(api, make_product):
    product = make_product()
    before = AuditEvent.objects.count()
    response = api.client.delete(f"/api/v1/products/{product.pk}/attributes/flavour/lock")
    assert error(response, 404)["fields"]
    assert AuditEvent.objects.count() == before


def test_search_in_json_is_refused_with_what_to_send(api, catalog):
    body = {"q": "mug"}
    address = f"/api/v1/catalogs/{catalog.slug}/search"
    response = api.client.post(address, body, content_type="application/json")
    refusal = error(response, 415)
    assert refusal["code"] == "unsupported_media_type"
    assert "multipart/form-data" in refusal["message"]


@pytest.mark.usefixtures("no_engine")
def test_search_without_a_body_browses(api, catalog):
    address = f"/api/v1/catalogs/{catalog.slug}/search"
    assert api.client.generic("POST", address, content_type="").status_code == 200
