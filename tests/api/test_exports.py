"""Files and saved exports over the API."""

from __future__ import annotations

import csv
import io

import pytest

from catalog.exporting import FORMATS
from catalog.models import AuditEvent, ExportProfile, ProductStatus
from catalog.services.statuses import products_set_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(make_product, person):
    product = make_product("Mug", price="5", attributes={})
    products_set_status(products=[product], status=ProductStatus.APPROVED, actor=person)
    return product


@pytest.fixture
def get(api, catalog):
    return lambda **query: api.client.get(f"/api/v1/catalogs/{catalog.slug}/export", query)


def table(response) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.getvalue().decode(), newline="")))


def test_approved_products_are_streamed(get, approved, make_product, person):
    make_product("Bowl")
    response = get()
    assert response.streaming
    assert [row["title"] for row in table(response)] == ["Mug"]
    assert AuditEvent.objects.get(action="export.make").actor == person


def test_all_products_are_streamed_on_request(get, approved, make_product):
    make_product("Bowl")
    assert len(table(get(approved_only="false"))) == 2
    assert [row["title"] for row in table(get(approved_only="false", status="draft"))] == ["Bowl"]


def test_columns_are_chosen(get, approved):
    assert table(get(columns="price, title")) == [
        {"handle": "mug", "price": "5.00", "title": "Mug"}
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written(get, approved, name):
    response = get(format=name)
    assert response.status_code == 200
    assert response["Content-Type"] == FORMATS[name].content_type
    assert response.getvalue()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"format": "pdf"}, "format"),
        ({"columns": "title,nothing"}, "columns"),
        ({"format": "shopify", "headers": "ancient"}, "headers"),
        ({"addresses": "mine"}, "addresses"),
    ],
)
def test_what_there_is_not_is_refused(api, catalog, query, field):
    status, answer = api.get(f"/catalogs/{catalog.slug}/export", **query)
    assert status == 422
    assert field in answer["error"]["fields"]


def test_formats_are_told_with_their_columns(api, catalog, approved):
    _, answer = api.get(f"/catalogs/{catalog.slug}/export-formats")
    found = {each["name"]: each for each in answer}
    assert found.keys() == FORMATS.keys()
    assert found["csv"]["columns"][:2] == ["handle", "title"]
    assert found["jsonl"]["columns"] is None
    assert found["shopify"]["options"]["headers"] == ["new", "old"]
    assert "addresses" not in found["zip"]["options"]


def test_saved_export_is_kept_changed_used_and_deleted(api, get, catalog, approved):
    path = f"/catalogs/{catalog.slug}/exports"
    body = {
        "name": "Titles",
        "format": "csv",
        "columns": ["title"],
        "filter": {"status": "approved"},
    }
    status, made = api.send("POST", path, body)
    assert (status, made["filter"]) == (201, {"status": ["approved"]})
    assert table(get(profile=made["id"])) == [{"handle": "mug", "title": "Mug"}]
    changed = {**body, "name": "All", "approved_only": False}
    assert api.send("PUT", f"{path}/{made['id']}", changed)[1]["approved_only"] is False
    assert [each["name"] for each in api.get(path)[1]] == ["All"]
    assert api.send("DELETE", f"{path}/{made['id']}")[0] == 204
    assert not ExportProfile.objects.exists()


def test_name_of_another_saved_export_is_refused(api, catalog):
    path = f"/catalogs/{catalog.slug}/exports"
    assert api.send("POST", path, {"name": "A", "format": "csv"})[0] == 201
    status, answer = api.send("POST", path, {"name": "A", "format": "csv"})
    assert status in {409, 422}
    assert "Another saved export" in answer["error"]["message"]


def test_saved_export_of_another_catalogue_is_not_there(api, get, make_catalog, make_user):
    other = make_catalog("Other", owner=make_user("bob"))
    profile = ExportProfile.objects.create(catalog=other, name="Theirs", format="csv")
    assert get(profile=profile.pk).status_code == 404
