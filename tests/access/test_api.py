"""Who may make which call. Every operation of the API has its line here."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from catalog.services.catalogs import token_create
from prodintel.api import api

pytestmark = pytest.mark.django_db

OPEN = {("GET", "/health"), ("HEAD", "/health")}
OWN = {("GET", "/catalogs"), ("POST", "/catalogs")}
READ = {
    ("GET", "/catalogs/{slug}/products"),
    ("GET", "/catalogs/{slug}/search"),
    ("POST", "/catalogs/{slug}/search"),
    ("GET", "/products/{pk}"),
    ("GET", "/products/{pk}/versions"),
    ("GET", "/products/{pk}/versions/{number}"),
    ("GET", "/products/{pk}/changes"),
    ("GET", "/catalogs/{slug}/activity"),
    ("GET", "/describe-runs/{pk}"),
}
WRITE = {
    ("POST", "/catalogs/{slug}/describe"),
    ("POST", "/catalogs/{slug}/activity/pause"),
    ("POST", "/catalogs/{slug}/activity/resume"),
    ("POST", "/catalogs/{slug}/activity/retry"),
    ("POST", "/describe-runs/{pk}/accept"),
    ("POST", "/describe-runs/{pk}/discard"),
    ("POST", "/describe-runs/{pk}/stop"),
    ("POST", "/describe-runs/{pk}/reopen"),
    ("POST", "/catalogs/{slug}/products"),
    ("PATCH", "/products/{pk}"),
    ("DELETE", "/products/{pk}/attributes/{field}/lock"),
    ("DELETE", "/products/{pk}"),
}
MOVE = {("POST", "/catalogs/{slug}/products/status")}
# Bodies of calls that take JSON.
BODIES = {
    "/catalogs/{slug}/products/status": {"status": "in_review", "ids": []},
    "/catalogs/{slug}/describe": {"dry_run": True},
    "/describe-runs/{pk}/accept": {},
}
# The run that there is runs: who may decide on a trial is told that it is none.
NO_TRIAL = {f"/describe-runs/{{pk}}/{act}" for act in ("accept", "discard", "reopen")}
TABLE = sorted(READ | WRITE | MOVE)


def operations() -> set[tuple[str, str]]:
    return {
        (method, re.sub(r"{\w+:", "{", path))
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }


@pytest.fixture
def call(shop):
    def send(user, method: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {token_create(user=user)[1]}"} if user else {}
        known = (
            path.replace("{slug}", shop.slug).replace("{field}", "color").replace("{number}", "1")
        )
        named = shop.run if path.startswith("/describe-runs/") else shop.product
        url = "/api/v1" + known.replace("{pk}", str(named.pk))
        client = Client(headers=headers)
        if path in BODIES:
            return client.post(url, BODIES[path], content_type="application/json").status_code
        if method == "POST":
            return client.post(url, {"title": "x"}).status_code
        body = json.dumps({}) if method == "PATCH" else ""
        return client.generic(method, url, body, content_type="application/json").status_code

    return send


def test_every_operation_has_a_line():
    assert operations() == OPEN | OWN | READ | WRITE | MOVE


@pytest.mark.parametrize(("method", "path"), [*TABLE, *sorted(OWN)])
def test_nobody_gets_in_without_a_token(call, method, path):
    assert call(None, method, path) == 401


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_stranger_finds_nothing(call, people, method, path):
    # An upload without photos is refused as such before anybody looks whose catalogue it is.
    expected = 422 if (method, path) == ("POST", "/catalogs/{slug}/products") else 404
    assert call(people["stranger"], method, path) == expected


@pytest.mark.parametrize(("method", "path"), TABLE)
@pytest.mark.parametrize("role", ["owner", "editor", "reviewer", "viewer"])
def test_members_are_let_in_by_their_roles(call, people, role, method, path):
    answer = call(people[role], method, path)
    if (method, path) == ("POST", "/catalogs/{slug}/products") or (
        path in NO_TRIAL and role in {"owner", "editor"}
    ):
        assert answer == 422
    elif (
        (method, path) in READ
        or role in {"owner", "editor"}
        or ((method, path) in MOVE and role == "reviewer")
    ):
        assert answer in {200, 204}
    else:
        assert answer == 403


@pytest.mark.parametrize(
    ("role", "expected"), [("stranger", 404), ("viewer", 403), ("editor", 201)]
)
def test_upload_is_for_editors(shop, people, role, expected):
    from tests.api.conftest import Api, photo_file
    from tests.catalog.colours import picture

    caller = Api(token_create(user=people[role])[1])
    photo = photo_file(picture("blue"))
    assert caller.post(f"/catalogs/{shop.slug}/products", image=photo)[0] == expected


def test_health_is_for_everybody(shop, client):
    assert client.get("/api/v1/health").status_code == 200


def test_catalogues_of_others_are_not_listed(shop, people):
    from tests.api.conftest import Api

    _, listed = Api(token_create(user=people["stranger"])[1]).get("/catalogs")
    assert [each["name"] for each in listed] == ["Elsewhere"]
