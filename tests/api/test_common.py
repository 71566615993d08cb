"""What holds for every call: tokens, the form of errors, health, the schema."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.backends.postgresql import base as postgresql
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.api import health
from catalog.index import vector_index
from catalog.index.spaces import live_space
from catalog.models import ApiToken, EmbeddingSpace, EmbedTask
from catalog.services.catalogs import token_create, token_revoke
from prodintel.engine import configured
from prodintel.engine.wire import make_key
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db

CALLS = {
    ("get", "/health"),
    ("get", "/catalogs"),
    ("post", "/catalogs"),
    ("get", "/catalogs/{slug}/products"),
    ("post", "/catalogs/{slug}/products"),
    ("get", "/catalogs/{slug}/search"),
    ("post", "/catalogs/{slug}/search"),
    ("get", "/products/{pk}"),
    ("patch", "/products/{pk}"),
    ("delete", "/products/{pk}"),
    ("delete", "/products/{pk}/attributes/{field}/lock"),
}


@pytest.mark.parametrize("token", ["", "pit_unknown", "x" * 5000])
def test_call_without_a_valid_token_is_unauthorized(db, token):
    client = Client(headers={"Authorization": f"Bearer {token}"} if token else {})
    response = client.get("/api/v1/catalogs")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    error = response.json()["error"]
    assert (error["code"], error["fields"]) == ("unauthorized", {})
    assert "Bearer" in error["message"]


def test_revoked_token_is_refused(person):
    token, text = token_create(user=person)
    token_revoke(token=token, actor=person)
    assert Api(text).get("/catalogs")[0] == 401


def test_token_of_an_inactive_user_is_refused(api, person):
    person.is_active = False
    person.save()
    assert api.get("/catalogs")[0] == 401


def test_session_does_not_open_the_api(person, client):
    client.force_login(person)
    assert client.get("/api/v1/catalogs").status_code == 401


def test_use_of_a_token_is_noted(api):
    api.get("/catalogs")
    assert (timezone.now() - ApiToken.objects.get().last_used_at).total_seconds() < 60


def test_reading_asks_for_no_lock_that_only_one_writer_may_have(api):
    api.get("/catalogs")
    with CaptureQueriesContext(connection) as captured:
        assert api.get("/catalogs")[0] == 200
    words = {query["sql"].split()[0] for query in captured}
    assert words <= {"SELECT", "SET"}


@pytest.mark.parametrize(
    "path", ["/catalogs/none/products", "/products/999", f"/products/{'9' * 30}"]
)
def test_what_is_not_there_is_404_in_the_form_of_errors(api, path):
    status, answer = api.get(path)
    assert status == 404
    assert answer["error"] == {
        "code": "not_found",
        "message": "There is nothing here.",
        "fields": {},
    }


def test_database_that_does_not_answer_is_503_with_a_time_to_come_back(api, monkeypatch):
    from catalog import selectors

    def away(user):
        raise OperationalError("database is away")

    monkeypatch.setattr(selectors, "catalogs_for", away)
    response = api.client.get("/api/v1/catalogs")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert response.json()["error"]["code"] == "unavailable"


def test_health_is_ok_when_everything_answers(client, engine):
    response = client.get("/api/v1/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "queue": {"pending": 0, "failed": 0},
        "encoder": "ok",
        "index": "ok",
        "llm": "not configured",
    }


@pytest.mark.parametrize("lost", ["filled_index", "collection"])
def test_health_is_degraded_while_the_index_is_filled(client, make_product, ingest, lost):
    make_product()
    ingest()
    assert client.get("/api/v1/health").json()["index"] == "ok"
    if lost == "collection":
        vector_index().drop(live_space().collection)
    else:
        EmbeddingSpace.objects.update(filled_index="server-1")
    answer = client.get("/api/v1/health").json()
    assert (answer["status"], answer["index"]) == ("degraded", "filling")


def test_health_is_degraded_without_an_engine(client, no_engine, db):
    response = client.get("/api/v1/health")
    assert response.status_code == 200
    answer = response.json()
    assert (answer["status"], answer["encoder"], answer["index"]) == (
        "degraded",
        "unavailable",
        "unavailable",
    )


def test_health_is_503_without_a_database(client, no_engine, monkeypatch):
    def gone():
        raise DatabaseError("gone")

    monkeypatch.setattr(health, "queue_totals", gone)
    response = client.get("/api/v1/health")
    assert response.status_code == 503
    assert response.json()["database"] == "unavailable"


def test_health_may_be_asked_for_the_status_alone(client, no_engine):
    response = client.head("/api/v1/health")
    assert (response.status_code, response.content) == (200, b"")


@pytest.fixture
def silent_engine(no_engine, data_dir):
    """Takes connections on the engine's socket and says nothing; counts them."""
    config = configured.config()
    make_key(config.key_file)
    taken = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(config.socket))
        listener.listen()

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=take)
        thread.start()
        yield taken
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for each in taken:
        each.close()


def test_health_asks_an_engine_that_says_nothing_once(client, silent_engine, db):
    answer = client.get("/api/v1/health").json()
    assert (answer["encoder"], answer["index"]) == ("unavailable", "unavailable")
    assert len(silent_engine) == 1


@pytest.fixture
def silent_address():
    """An address that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


@pytest.fixture
def closed_address():
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()


@pytest.mark.parametrize("address", ["closed_address", "silent_address"])
def test_health_waits_for_a_database_a_second_and_not_as_long_as_its_pool(
    client, no_engine, monkeypatch, request, address
):
    host, port = request.getfixturevalue(address)
    options = {"pool": {"min_size": 1, "timeout": 20}, "connect_timeout": 2}
    described = {**connections["default"].settings_dict, "HOST": host, "PORT": port}
    away = postgresql.DatabaseWrapper({**described, "NAME": "x", "OPTIONS": options}, alias="away")
    monkeypatch.setattr(health, "connection", away)
    response = client.get("/api/v1/health")
    assert (response.status_code, response.json()["database"]) == (503, "unavailable")
    with pytest.raises(OperationalError, match=r"after 1\.00 sec"):
        health._reach_database()
    away.close_pool()


def test_health_counts_what_waits_and_what_failed(client, make_product, embedder):
    embedder.step()
    make_product()
    make_product()
    EmbedTask.objects.filter(pk=EmbedTask.objects.first().pk).update(state="failed")
    queue = client.get("/api/v1/health").json()["queue"]
    assert queue["failed"] == 1
    assert queue["pending"] >= 3


def test_health_does_not_count_what_nobody_will_do(client, make_product, embedder):
    from catalog.models import DescribeTask, EmbeddingSpace, IndexChange

    embedder.step()
    make_product()
    DescribeTask.objects.all().delete()
    IndexChange.objects.all().delete()
    EmbeddingSpace.objects.update(state="retired")
    assert client.get("/api/v1/health").json()["queue"] == {"pending": 0, "failed": 0}


def test_schema_lists_the_calls(client):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    listed = {(method, path.removeprefix("/api/v1")) for path in paths for method in paths[path]}
    assert listed >= CALLS


def test_documentation_page_is_served(client):
    assert client.get("/api/v1/docs").status_code == 200
