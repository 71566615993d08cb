"""Who may open which page and call which address of the tools. Every one has its line here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from catalog.models import Job, LedgerEntry, Source
from catalog.services.catalogs import token_create
from prodintel.api import api
from tests.access.test_views import ANY, EDIT, MOVE
from tests.tools.conftest import _runs_end, sample  # noqa: F401
from tools.bulk.act import KIND
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow, Panel, ToolRun
from tools.urls import urlpatterns

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample", "no_start")]


@dataclass(frozen=True)
class Line:
    """One way to call an address, and whom it lets in."""

    name: str
    args: tuple[str, ...]
    method: str
    allowed: tuple[str, ...]
    query: str = ""


RUN, LIST, PANEL = ("slug", "tool_run"), ("slug", "list"), ("slug", "panel")
LINES = [
    Line("panels", ("slug",), "get", ANY),
    Line("panels", ("slug",), "post", EDIT),
    Line("panel", PANEL, "get", ANY),
    Line("panel", PANEL, "post", EDIT),
    Line("panel_delete", PANEL, "post", EDIT),
    Line("tool", ("slug", "product", "=sample"), "get", ANY),
    Line("tool", ("slug", "product", "=sample"), "post", MOVE),
    Line("questions", ("slug", "product"), "get", ANY),
    Line("questions", ("slug", "product"), "post", MOVE),
    Line("runs", ("slug",), "get", ANY),
    Line("run", RUN, "get", ANY),
    Line("stop", RUN, "post", MOVE),
    Line("resume", RUN, "post", MOVE),
    Line("edit", RUN, "post", MOVE),
    Line("compare", RUN, "get", ANY, query="with"),
    Line("download", (*RUN, "=md"), "get", ANY),
    Line("use", RUN, "post", EDIT),
    Line("use_undo", (*RUN, "entry"), "post", EDIT),
    Line("bulk", ("slug",), "get", EDIT),
    Line("bulk", ("slug",), "post", EDIT),
    Line("bulk_run", ("slug", "job"), "get", ANY),
    Line("bulk_run_stop", ("slug", "job"), "post", EDIT),
    Line("bulk_run_undo", ("slug", "job"), "post", EDIT),
    Line("bulk_run_retry", ("slug", "job"), "post", EDIT),
    Line("pricing_recompute", ("slug", "pricing_run"), "post", MOVE),
    Line("pricing_again", ("slug", "pricing_run"), "post", MOVE),
    Line("competitor_lists", ("slug",), "get", ANY),
    Line("competitor_list_new", ("slug",), "get", EDIT),
    Line("competitor_list_new", ("slug",), "post", EDIT),
    Line("competitor_list", LIST, "get", ANY),
    Line("competitor_list_delete", LIST, "post", EDIT),
    Line("competitor_list_restore", LIST, "post", EDIT),
    Line("competitor_list_match", LIST, "post", EDIT),
    Line("competitor_row", ("slug", "row"), "post", MOVE),
    Line("competitor_match_undo", ("slug", "match"), "post", MOVE),
]


@pytest.fixture
def no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody performs what is begun here."""
    monkeypatch.setattr("tools.runs.running.start", lambda _run: None)


@pytest.fixture
def named(shop: Any, person: Any) -> dict[str, Any]:
    """What addresses can name, by the word that lines have for it."""
    run = ToolRun.objects.create(
        catalog=shop.catalog, product=shop.product, tool="sample", state="done", created_by=person
    )
    pricing = ToolRun.objects.create(
        catalog=shop.catalog, product=shop.product, tool="pricing", state="done", created_by=person
    )
    made = {"catalog": shop.catalog, "name": "Spring", "source": "x", "currency": "EUR"}
    offers = CompetitorList.objects.create(as_of="2026-05-31", **made)
    row = CompetitorRow.objects.create(list=offers, number=2, title="Mug", currency="EUR")
    match = CompetitorMatch.objects.create(
        row=row, product=shop.product, found="similar", decision="confirmed"
    )
    entry = LedgerEntry.objects.create(
        product=shop.product,
        field="title",
        value=["Fine mug"],
        source=Source.TOOL,
        evidence={"run": run.pk, "block": "texts", "key": "title"},
    )
    arguments = {"tool": "sample", "options": {}, "batch": shop.batch.pk, "writer": "draft"}
    job = Job.objects.create(
        kind=KIND, catalog=shop.catalog, arguments={**arguments, "label": "Sample"}
    )
    question = ToolRun.objects.create(
        catalog=shop.catalog, product=shop.product, tool="question", state="done", created_by=person
    )
    panel = Panel.objects.create(catalog=shop.catalog, name="Regulars", personas=[{"name": "Kai"}])
    return {
        "panel": panel.pk,
        "entry": entry.pk,
        "job": job.pk,
        "slug": shop.slug,
        "product": shop.product.pk,
        "tool_run": run.pk,
        "pricing_run": pricing.pk,
        "list": offers.pk,
        "row": row.pk,
        "match": match.pk,
        "question_run": question.pk,
    }


def address(line: Line, named: dict[str, Any]) -> str:
    args = [part[1:] if part.startswith("=") else named[part] for part in line.args]
    query = f"?{line.query}={named['tool_run']}" if line.query else ""
    return reverse(f"tools:{line.name}", args=args) + query


def statuses(client: Any, named: dict[str, Any], lines: Iterable[Line] = LINES) -> dict[Line, int]:
    """What each address answers; each finds everything as it was."""
    found = {}
    for line in lines:
        with transaction.atomic():
            found[line] = getattr(client, line.method)(address(line, named)).status_code
            transaction.set_rollback(True)
    return found


def by_name(found: dict[Line, int]) -> dict[str, int]:
    return {f"{line.method} {line.name}": code for line, code in found.items()}


def test_every_address_of_the_tools_has_a_line():
    assert {pattern.name for pattern in urlpatterns} == {line.name for line in LINES}


def test_stranger_finds_nothing(named, people, client):
    client.force_login(people["stranger"])
    found = by_name(statuses(client, named))
    assert found == dict.fromkeys(found, 404)


def test_visitor_is_sent_to_the_login(named, client):
    for line in LINES:
        response = getattr(client, line.method)(address(line, named))
        assert (response.status_code, response.url[:7]) == (302, "/login/"), line.name


@pytest.mark.parametrize("role", ANY)
def test_members_are_let_in_by_their_roles(role, named, people, client):
    client.force_login(people[role])
    found = statuses(client, named)
    refused = {line: code for line, code in found.items() if role not in line.allowed}
    assert by_name(refused) == dict.fromkeys(by_name(refused), 403)
    allowed = {line: code for line, code in found.items() if role in line.allowed}
    assert by_name({k: v for k, v in allowed.items() if v in {403, 404} or v > 499}) == {}


def test_nothing_is_found_through_another_catalogue(named, people, make_catalog, client):
    client.force_login(people["owner"])
    other = make_catalog("Other", owner=people["owner"])
    elsewhere = named | {"slug": other.slug}
    lines = [line for line in LINES if line.args != ("slug",)]
    found = by_name(statuses(client, elsewhere, lines))
    assert found == dict.fromkeys(found, 404)


def test_row_is_not_matched_with_a_product_of_another_catalogue(
    named, people, make_catalog, make_product, client
):
    client.force_login(people["owner"])
    other = make_catalog("Other", owner=people["owner"])
    product = make_product(catalog=other, color=None)
    url = reverse("tools:competitor_row", args=[named["slug"], named["row"]])
    client.post(url, {"product": product.pk})
    assert not product.competitor_matches.exists()


@pytest.mark.parametrize(
    ("role", "expected"), [("stranger", 404), ("reviewer", 403), ("viewer", 403), ("editor", 201)]
)
def test_lists_are_brought_by_editors(role, expected, named, people, client):
    headers = {"Authorization": f"Bearer {token_create(user=people[role], label='')[1]}"}
    file = SimpleUploadedFile("list.csv", b"title,price\nMug,5\n")
    body = {"file": file, "name": "Spring", "source": "x", "as_of": "2026-05-31"}
    url = f"/api/v1/catalogs/{named['slug']}/competitors"
    assert client.post(url, body, headers=headers).status_code == expected


def test_run_of_a_deleted_product_is_there_for_nobody(named, shop, people, client):
    client.force_login(people["owner"])
    type(shop.product).objects.filter(pk=shop.product.pk).update(deleted_at=shop.product.created_at)
    lines = [line for line in LINES if "tool_run" in line.args]
    found = by_name(statuses(client, named, lines))
    assert found == dict.fromkeys(found, 404)


CALLS = {
    ("get", "/tools"): None,
    ("post", "/products/{pk}/runs"): MOVE,
    ("get", "/products/{pk}/runs"): ANY,
    ("get", "/products/{pk}/questions"): ANY,
    ("get", "/products/{pk}/questions/{run}"): ANY,
    ("get", "/runs/{pk}"): ANY,
    ("patch", "/runs/{pk}"): MOVE,
    ("post", "/runs/{pk}/stop"): MOVE,
    ("post", "/runs/{pk}/resume"): MOVE,
    ("get", "/runs/{pk}/events"): ANY,
    ("get", "/catalogs/{slug}/panels"): ANY,
    ("post", "/catalogs/{slug}/panels"): EDIT,
    ("get", "/panels/{pk}"): ANY,
    ("patch", "/panels/{pk}"): EDIT,
    ("delete", "/panels/{pk}"): EDIT,
    ("get", "/catalogs/{slug}/competitors"): ANY,
    ("get", "/competitors/{pk}"): ANY,
    ("delete", "/competitors/{pk}"): EDIT,
    ("post", "/competitors/{pk}/restore"): EDIT,
    ("post", "/competitors/rows/{pk}/match"): MOVE,
    ("post", "/runs/{pk}/use"): EDIT,
    ("post", "/runs/{pk}/use/undo"): EDIT,
    ("post", "/catalogs/{slug}/tool-runs"): EDIT,
    ("get", "/tool-runs/{job}"): ANY,
    ("post", "/tool-runs/{job}/retry"): EDIT,
}
# A call that is refused before anybody looks whose catalogue it is: it needs a file.
UPLOAD = ("post", "/catalogs/{slug}/competitors")
BODIES = {
    "/products/{pk}/runs": {"tool": "sample"},
    "/runs/{pk}/use": {"block": "texts", "key": "title"},
    "/runs/{pk}/use/undo": {"block": "texts", "key": "title"},
    "/catalogs/{slug}/tool-runs": {"tool": "sample", "filters": {}},
    "/catalogs/{slug}/panels": {"name": "Parents"},
    "/panels/{pk}": {"name": "Regular ones"},
    "/runs/{pk}": {"block": "text", "place": "text", "value": "x"},
}


def _calls(named: dict[str, Any]) -> dict[tuple[str, str], str]:
    def pk(path: str) -> Any:
        kinds = {
            "/products": "product",
            "/panels": "panel",
            "/competitors/rows": "row",
            "/competitors": "list",
        }
        kind = next((kinds[start] for start in kinds if path.startswith(start)), "tool_run")
        return named[kind]

    names = {"slug": named["slug"], "job": named["job"], "run": named["question_run"]}
    return {call: "/api/v1" + call[1].format(pk=pk(call[1]), **names) for call in CALLS}


def called(client: Any, user: Any, named: dict[str, Any]) -> dict[tuple[str, str], int]:
    headers = {"Authorization": f"Bearer {token_create(user=user, label='')[1]}"} if user else {}
    found = {}
    for (method, path), where in _calls(named).items():
        with transaction.atomic():
            body = BODIES.get(path) if method in {"post", "patch"} else None
            if path == "/competitors/rows/{pk}/match":
                body = {"product": named["product"]}
            response = getattr(client, method)(
                where, body, content_type="application/json", headers=headers
            )
            found[method, path] = response.status_code
            transaction.set_rollback(True)
    return found


def test_every_call_of_the_tools_has_a_line():
    paths = api.get_openapi_schema()["paths"]
    tagged = {
        (method, path.removeprefix("/api/v1"))
        for path, methods in paths.items()
        for method, operation in methods.items()
        if {"tools", "competitors"} & set(operation.get("tags", []))
    }
    assert tagged == {*CALLS, UPLOAD}


def test_calls_need_a_token(named, client):
    found = called(client, None, named)
    assert found == dict.fromkeys(found, 401)


def test_calls_of_a_stranger_find_nothing(named, people, client):
    found = called(client, people["stranger"], named)
    del found["get", "/tools"]
    assert found == dict.fromkeys(found, 404)


@pytest.mark.parametrize("role", ANY)
def test_calls_are_let_in_by_role(role, named, people, client):
    found = called(client, people[role], named)
    for call, allowed in CALLS.items():
        if allowed and role not in allowed:
            assert found[call] == 403, call
        else:
            assert found[call] not in {401, 403, 404}, call
            assert found[call] < 500, call
