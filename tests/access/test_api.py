"""Who may make which call. Every operation of the API has its line here."""

from __future__ import annotations

import json
import re

import pytest
from django.db import transaction
from django.test import Client

from catalog.api import ROUTERS
from catalog.services.catalogs import token_create

pytestmark = pytest.mark.django_db

OPEN = {("GET", "/health"), ("HEAD", "/health")}
# Of no catalogue: for everybody with a token.
SITE = {("GET", "/vocabulary"), ("GET", "/vocabulary.toml")}
OWN = {("GET", "/catalogs"), ("POST", "/catalogs"), *SITE}
READ = {
    ("GET", "/catalogs/{slug}/products"),
    ("GET", "/catalogs/{slug}/search"),
    ("POST", "/catalogs/{slug}/search"),
    ("GET", "/products/{pk}"),
    ("GET", "/products/{pk}/versions"),
    ("GET", "/products/{pk}/versions/{number}"),
    ("GET", "/products/{pk}/changes"),
    ("GET", "/catalogs/{slug}/insights"),
    ("GET", "/catalogs/{slug}/channels"),
    ("GET", "/products/{pk}/channels"),
    ("GET", "/catalogs/{slug}/export"),
    ("GET", "/catalogs/{slug}/export-formats"),
    ("GET", "/catalogs/{slug}/exports"),
    ("GET", "/catalogs/{slug}/activity"),
    ("GET", "/catalogs/{slug}/batches"),
    ("GET", "/products/{pk}/suggestions"),
    ("GET", "/products/{pk}/history"),
    ("GET", "/describe-runs/{pk}"),
    ("GET", "/catalogs/{slug}/jobs"),
    ("GET", "/jobs/{pk}"),
    ("GET", "/catalogs/{slug}/grid/columns"),
    ("GET", "/catalogs/{slug}/imports"),
    ("GET", "/imports/{pk}"),
    ("GET", "/imports/{pk}/report"),
}
WRITE = {
    ("POST", "/catalogs/{slug}/channels"),
    ("DELETE", "/catalogs/{slug}/channels/{pk}"),
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
    ("POST", "/catalogs/{slug}/exports"),
    ("PUT", "/catalogs/{slug}/exports/{pk}"),
    ("DELETE", "/catalogs/{slug}/exports/{pk}"),
    ("DELETE", "/products/{pk}/attributes/{field}/lock"),
    ("DELETE", "/products/{pk}"),
    ("POST", "/batches/{pk}/undo"),
    ("POST", "/batches/{pk}/restore"),
    ("POST", "/catalogs/{slug}/grid/plans"),
    ("GET", "/grid/plans/{pk}"),
    ("POST", "/grid/plans/{pk}/apply"),
    ("POST", "/grid/plans/{pk}/undo"),
    ("POST", "/catalogs/{slug}/imports"),
    ("POST", "/imports/{pk}/columns"),
    ("POST", "/imports/{pk}/start"),
    ("POST", "/imports/{pk}/stop"),
    ("POST", "/imports/{pk}/undo"),
    ("POST", "/imports/{pk}/retry-photos"),
    ("DELETE", "/imports/{pk}"),
}
READ |= {
    ("GET", "/catalogs/{slug}/published"),
    ("GET", "/products/{pk}/published"),
    ("GET", "/catalogs/{slug}/feeds"),
}
WRITE |= {
    ("POST", "/catalogs/{slug}/published"),
    ("DELETE", "/catalogs/{slug}/published"),
    ("DELETE", "/products/{pk}/published"),
    ("POST", "/catalogs/{slug}/feeds"),
    ("POST", "/feeds/{pk}/rotate"),
    ("DELETE", "/feeds/{pk}"),
}
# What owners alone may do, and see.
MANAGE = {
    ("GET", "/catalogs/{slug}/webhooks"),
    ("POST", "/catalogs/{slug}/webhooks"),
    ("GET", "/webhooks/{pk}"),
    ("PATCH", "/webhooks/{pk}"),
    ("DELETE", "/webhooks/{pk}"),
    ("POST", "/webhooks/{pk}/rotate"),
    ("POST", "/webhooks/{pk}/ping"),
    ("GET", "/webhooks/{pk}/deliveries"),
    ("POST", "/webhooks/{pk}/deliveries/{delivery}/retry"),
}
# What reviewers may do and editors may not.
DECIDE = {
    ("POST", "/suggestions/{pk}/accept"),
    ("POST", "/suggestions/{pk}/reject"),
    ("POST", "/suggestions/{pk}/undo"),
    ("POST", "/catalogs/{slug}/suggestions/decide"),
    ("POST", "/catalogs/{slug}/review/samples"),
    ("POST", "/review/samples/{pk}/accept-rest"),
}
MOVE = {
    ("POST", "/jobs/{pk}/stop"),
    ("POST", "/jobs/{pk}/undo"),
    ("POST", "/catalogs/{slug}/products/status"),
    ("GET", "/catalogs/{slug}/review"),
    ("POST", "/catalogs/{slug}/review/decisions"),
    ("GET", "/review/samples/{pk}"),
    ("POST", "/review/samples/{pk}/verdicts"),
}
# Bodies of calls that take JSON.
BODIES = {
    "/catalogs/{slug}/channels": {"channel": "meta", "country": "DE"},
    "/catalogs/{slug}/exports": {"name": "All", "format": "csv"},
    "/catalogs/{slug}/products/status": {"status": "in_review", "ids": []},
    "/catalogs/{slug}/describe": {"dry_run": True},
    "/catalogs/{slug}/published": {"ids": []},
    "/catalogs/{slug}/feeds": {"profile": 0},
    "/catalogs/{slug}/webhooks": {"address": "https://a.example/", "events": ["import.done"]},
    "/catalogs/{slug}/review/decisions": {"decisions": [{"entry": 0, "decision": "undo"}]},
    "/catalogs/{slug}/review/samples": {"field": "material"},
    "/review/samples/{pk}/verdicts": {"decisions": [{"entry": 0, "decision": "undo"}]},
    "/review/samples/{pk}/accept-rest": {},
    "/describe-runs/{pk}/accept": {},
    "/catalogs/{slug}/grid/plans": {"act": "clear", "columns": ["product.brand"], "query": ""},
    "/imports/{pk}/columns": {},
    "/catalogs/{slug}/suggestions/decide": {"ids": [1], "accept": True},
}
REPLACED = {"name": "All", "format": "csv"}
CHANGES = {"PATCH", "PUT"}
# The run that there is runs: who may decide on a trial is told that it is none.
NO_TRIAL = {f"/describe-runs/{{pk}}/{act}" for act in ("accept", "discard", "reopen")}
# Nobody has decided on the suggestion that there is, the batch stands, the job goes on, and the
# plan of the grid was not applied.
NOTHING_TO_UNDO = {
    "/suggestions/{pk}/undo",
    "/batches/{pk}/restore",
    "/jobs/{pk}/undo",
    "/grid/plans/{pk}/undo",
}
# There is nothing to draw from, and the sample that there is was not judged.
NO_SAMPLE = {"/catalogs/{slug}/review/samples", "/review/samples/{pk}/accept-rest"}
# The message that there is waits to be sent, and no saved export has the id 0.
WAITS = {"/webhooks/{pk}/deliveries/{delivery}/retry", "/catalogs/{slug}/feeds"}
# Nothing came with the call; and the import that there is waits to be carried out.
NO_IMPORT = {"/catalogs/{slug}/imports"} | {
    f"/imports/{{pk}}/{act}" for act in ("stop", "undo", "retry-photos")
}
UPLOAD = ("POST", "/catalogs/{slug}/products")
# Calls of the tus protocol, which first of all want its header; the second kind is whose it is.
BEGIN = {(method, "/catalogs/{slug}/uploads") for method in ("POST", "OPTIONS")}
CONTINUE = {
    (method, "/catalogs/{slug}/uploads/{pk}")
    for method in ("HEAD", "PATCH", "DELETE", "POST", "OPTIONS")
}
TABLE = sorted(READ | WRITE | MOVE | DECIDE | MANAGE | BEGIN | CONTINUE)


def operations() -> set[tuple[str, str]]:
    """Those of the catalogue; the tools have lines of their own, in `test_tools`."""
    return {
        (method, re.sub(r"{\w+:", "{", path))
        for router in ROUTERS
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }


def owners(shop):
    """What an id in an address names, by the address's beginning."""
    return [
        ("/catalogs/{slug}/channels/", shop.target),
        ("/describe-runs/", shop.run),
        ("/catalogs/{slug}/exports/", shop.export_profile),
        ("/suggestions/", shop.suggestion),
        ("/batches/", shop.batch),
        ("/jobs/", shop.job),
        ("/grid/plans/", shop.grid_edit),
        ("/imports/", shop.brought),
        ("/review/samples/", shop.sample),
        ("/catalogs/{slug}/uploads/", shop.upload),
        ("/feeds/", shop.feed),
        ("/webhooks/", shop.webhook),
    ]


@pytest.fixture
def call(shop):
    def send(user, method: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {token_create(user=user)[1]}"} if user else {}
        known = (
            path.replace("{slug}", shop.slug).replace("{field}", "color").replace("{number}", "1")
        )
        named = next((row for of, row in owners(shop) if path.startswith(of)), shop.product)
        url = "/api/v1" + known.replace("{pk}", str(named.pk))
        url = url.replace("{delivery}", str(shop.delivery.pk))
        client = Client(headers=headers)
        if method == "POST" and path in BODIES:
            return client.post(url, BODIES[path], content_type="application/json").status_code
        if method == "POST":
            return client.post(url, {"title": "x"}).status_code
        body = json.dumps(REPLACED if method == "PUT" else {}) if method in CHANGES else ""
        return client.generic(method, url, body, content_type="application/json").status_code

    return send


def test_every_operation_has_a_line():
    assert operations() == OPEN | OWN | {*TABLE}


@pytest.fixture
def statuses(call):
    """What each operation answers to somebody; each finds everything as it was."""

    def ask(user, table=TABLE) -> dict[tuple[str, str], int]:
        found = {}
        for method, path in table:
            with transaction.atomic():
                found[method, path] = call(user, method, path)
                transaction.set_rollback(True)
        return found

    return ask


def test_nobody_gets_in_without_a_token(statuses):
    found = statuses(None, [*TABLE, *sorted(OWN)])
    assert found == dict.fromkeys(found, 401)


def test_stranger_finds_nothing(statuses, people):
    found = statuses(people["stranger"])
    # An upload without photos is refused as such before anybody looks whose catalogue it is.
    assert found == dict.fromkeys(TABLE, 404) | {UPLOAD: 422}


def expected(role: str, method: str, path: str) -> set[int]:
    allowed = {"owner", "editor"} | ({"reviewer"} if (method, path) in MOVE else set())
    if (method, path) in CONTINUE:
        allowed = {"owner"}
    if role in allowed and (method, path) in BEGIN | CONTINUE:
        return {204} if method == "OPTIONS" else {412}
    if (method, path) in DECIDE:
        allowed = {"owner", "reviewer"}
    if (method, path) in MANAGE:
        allowed = {"owner"}
    elif (method, path) == UPLOAD:
        return {422}
    if (method, path) in READ:
        return {200}
    if role not in allowed:
        return {403}
    refused = NO_TRIAL | NOTHING_TO_UNDO | NO_SAMPLE | NO_IMPORT
    waits = method == "POST" and path in WAITS
    return {422} if path in refused or waits else {200, 201, 202, 204}


@pytest.mark.parametrize("role", ["owner", "editor", "reviewer", "viewer"])
def test_members_are_let_in_by_their_roles(statuses, people, role):
    found = statuses(people[role])
    assert {key: code for key, code in found.items() if code not in expected(role, *key)} == {}


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
