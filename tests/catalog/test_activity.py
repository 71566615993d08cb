"""How far the work of a catalogue is, counted on a real database."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.activity import activity_of, is_busy, queue_totals
from catalog.models import (
    Catalog,
    DescribeTask,
    EmbeddingSpace,
    EmbedTask,
    FileRemoval,
    Import,
    IndexChange,
    Job,
)
from catalog.models.job import IMPORT_RUN, PURGE
from catalog.models.outbox import record_index_changes
from catalog.services.describe_runs import describe_run_start
from catalog.services.describing_pause import describing_pause
from catalog.services.products import product_create, products_delete
from catalog.views import activity as view
from prodintel.llm import credentials, pacing
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(make_product, ingest, catalog):
    """Two products whose work is done."""
    products = [make_product(), make_product()]
    ingest()
    DescribeTask.objects.update(state="done")
    return products


@pytest.fixture
def counted(monkeypatch):
    """How often a catalogue was counted."""
    calls = []

    def count(catalog: Catalog):
        calls.append(catalog)
        return activity_of(catalog)

    monkeypatch.setattr(view, "activity_of", count)
    return calls


def test_photos_without_a_model_wait(make_product, catalog):
    make_product()
    found = activity_of(catalog)
    assert (found.photos, found.embed.pending, found.searchable) == (1, 1, 0)
    assert is_busy(catalog)


def test_catalogue_whose_work_is_done_is_not_busy(done, catalog):
    found = activity_of(catalog)
    assert (found.photos, found.searchable, found.describe.done) == (2, 2, 2)
    assert not found.busy
    assert not is_busy(catalog)


def test_photo_on_two_products_counts_once(done, catalog, person, ingest):
    for title in ("One", "Two"):
        product_create(
            catalog=catalog,
            actor=person,
            photos=[staged("blue", mark=90)],
            title=title,
            allow_duplicate=True,
        )
    ingest()
    assert activity_of(catalog).photos == 3


def test_deleted_products_do_not_count(done, catalog, person, ingest):
    products_delete(products=done[:1], actor=person)
    ingest()
    found = activity_of(catalog)
    assert (found.photos, found.embed.total, found.describe.total) == (1, 1, 1)


def test_work_of_another_catalogue_does_not_make_this_one_busy(done, catalog, make_catalog, person):
    other = make_catalog("Other", owner=person)
    product_create(catalog=other, actor=person, photos=[staged("blue", mark=91)], title="There")
    assert is_busy(other)
    assert not is_busy(catalog)


def test_change_that_the_index_refused_is_a_failure_and_not_under_way(done, catalog):
    record_index_changes([done[0].placements.get().pk], vector=True)
    IndexChange.objects.update(state="failed", error="This payload is too large.")
    found = activity_of(catalog)
    assert not found.busy
    assert [(one["kind"], one["error"]) for one in found.failures] == [
        ("index", "This payload is too large.")
    ]
    assert found.failed == 1


def test_job_and_file_that_failed_are_shown_and_tried_again(
    done, catalog, make_catalog, client, person
):
    elsewhere = make_catalog("Other", owner=person)
    Job.objects.create(kind=PURGE, state="failed", error="It was interrupted.")
    Job.objects.create(kind="import", catalog=elsewhere, state="failed", error="Of others.")
    for shop in (catalog, elsewhere):
        name = f"photos/{shop.pk}/ab/abc.png"
        FileRemoval.objects.create(name=name, state="failed", error="Access denied.")
    found = activity_of(catalog)
    assert [(one["name"], one["error"]) for one in found.failures] == [
        ("Removing what was deleted", "It was interrupted."),
        (f"photos/{catalog.pk}/ab/abc.png", "Access denied."),
    ]
    assert found.failed == 2
    client.force_login(person)
    page = client.get(f"/c/{catalog.slug}/activity/").content.decode()
    assert "Access denied." in page
    client.post(f"/c/{catalog.slug}/activity/retry/")
    assert activity_of(catalog).failed == 0
    assert activity_of(elsewhere).failed == 2


def test_index_that_is_being_filled_makes_no_photo_searchable(done, catalog, client, person):
    EmbeddingSpace.objects.update(filled_index="")
    found = activity_of(catalog)
    assert (found.searchable, found.photos, found.filling) == (0, 2, True)
    assert found.arriving
    assert is_busy(catalog)
    client.force_login(person)
    for page in ("activity", "search_state"):
        shown = client.get(reverse(f"catalog:{page}", args=[catalog.slug])).content.decode()
        assert "All done" not in shown
        assert "All 2 photos" not in shown


def test_index_that_is_another_than_the_filled_one_is_being_filled(done, catalog):
    EmbeddingSpace.objects.update(filled_index="server-1")
    assert activity_of(catalog).filling


def test_change_that_waits_for_the_index_is_shown_with_its_reason(done, catalog, client, person):
    record_index_changes([done[0].placements.get().pk], vector=True)
    IndexChange.objects.update(error="The disk is full.")
    assert activity_of(catalog).index_error == "The disk is full."
    client.force_login(person)
    page = client.get(reverse("catalog:activity", args=[catalog.slug])).content.decode()
    assert "The disk is full." in page


def test_idle_catalogue_is_not_counted_at_every_look(done, catalog, counted):
    for _ in range(3):
        view.current_activity(catalog)
    assert len(counted) == 1


def test_search_page_of_an_idle_catalogue_counts_nothing(done, catalog, counted, client, person):
    client.force_login(person)
    assert client.get(f"/c/{catalog.slug}/").status_code == 200
    assert counted == []


def test_new_work_is_seen_at_once_after_idling(done, catalog, counted):
    view.current_activity(catalog)
    EmbedTask.objects.update(state="pending")
    assert view.current_activity(catalog).busy
    assert len(counted) == 2


def test_whoever_looks_while_somebody_counts_gets_the_count_before(done, catalog, counted):
    view.current_activity(catalog)
    EmbedTask.objects.update(state="pending")
    with view._COUNTING[catalog.pk]:
        assert not view.current_activity(catalog).busy


def test_health_reads_the_queues_once_a_second(done):
    queue_totals()
    with CaptureQueriesContext(connection) as queries:
        queue_totals()
    assert len(queries) == 0


def test_page_says_what_waits_when_the_model_cannot_be_reached(
    done, catalog, client, person, settings
):
    settings.GROQ_API_KEY, settings.GROQ_BASE_URL = "gsk_test", "http://127.0.0.1:9"
    run = describe_run_start(
        catalog=catalog, product_ids=[product.pk for product in done], actor=person
    )
    lane = pacing.Lane(credentials.current().account, settings.GROQ_VISION_MODEL)
    # So often that it is held up for longer than this test takes.
    for _ in range(12):
        pacing.failed(lane, 0.0, code="unavailable", reason="It cannot be reached.")
    client.force_login(person)
    shown = client.get(f"/c/{catalog.slug}/activity/").content.decode()
    assert "On hold.</strong> 2 photos searchable; 2 products wait for the vision model." in shown
    assert "It cannot be reached. It goes on by itself in" in shown
    assert "left</p>" not in shown
    shown = client.get(f"/c/{catalog.slug}/describe/{run.pk}/").content.decode()
    assert "It cannot be reached." in shown


def test_page_says_what_waits_while_describing_is_paused(done, catalog, client, person, settings):
    settings.GROQ_API_KEY, settings.GROQ_BASE_URL = "gsk_test", "http://127.0.0.1:9"
    describing_pause(catalog=catalog, actor=person)
    client.force_login(person)
    shown = client.get(f"/c/{catalog.slug}/activity/").content.decode()
    assert "Paused.</strong> 2 photos searchable; 2 products wait for the vision model." in shown
    assert "All done" not in shown


def test_imports_that_go_on_are_shown_with_how_far_they_are(catalog, client, person):
    job = Job.objects.create(kind=IMPORT_RUN, catalog=catalog, error="The disk is full.")
    pace = {"phase": "products", "done": 40, "total": 100}
    Import.objects.create(
        catalog=catalog, name="spring.csv", state="running", job=job, counts={"pace": pace}
    )
    client.force_login(person)

    page = client.get(reverse("catalog:activity", args=[catalog.slug])).content.decode()

    assert is_busy(catalog)
    assert "spring.csv" in page
    assert "Writing products: 40 of 100" in page
    assert "The disk is full." in page
