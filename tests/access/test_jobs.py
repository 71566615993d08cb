"""Who may stop and undo acts on many products that jobs do: those who may do the act itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Job
from catalog.models.job import MOVE, QUEUE, RETRACT
from catalog.services.batches import batch_decide
from catalog.services.catalogs import token_create

pytestmark = pytest.mark.django_db

ROLES = ("owner", "editor", "reviewer", "viewer", "stranger")


@pytest.fixture
def job_of(shop: Any):
    """A job of the shop's that waits."""

    def make(kind: str, **arguments: Any) -> Job:
        return Job.objects.create(
            kind=kind, catalog=shop.catalog, arguments={"label": "Act", **arguments}
        )

    return make


def on_the_page(user: Any, job: Job, act: str) -> int:
    client = Client()
    client.force_login(user)
    return client.post(reverse(f"catalog:job_{act}", args=[job.catalog.slug, job.pk])).status_code


def through_the_api(user: Any, job: Job, act: str) -> int:
    client = Client(headers={"Authorization": f"Bearer {token_create(user=user)[1]}"})
    return client.post(f"/api/v1/jobs/{job.pk}/{act}").status_code


def who_is_let_in(people: Any, job: Job, way: Any, act: str) -> set[str]:
    answers = {role: way(people[role], job, act) for role in ROLES}
    assert answers["stranger"] == 404
    return {role for role, answer in answers.items() if answer not in {403, 404}}


@pytest.mark.parametrize("act", ["stop", "undo"])
@pytest.mark.parametrize("way", [on_the_page, through_the_api])
def test_approving_is_stopped_and_undone_by_approvers(people, job_of, way, act):
    job = job_of(MOVE, **{"status": "approved", "from": ["in_review"]})
    assert who_is_let_in(people, job, way, act) == {"owner", "reviewer"}


@pytest.mark.parametrize("way", [on_the_page, through_the_api])
def test_archiving_drafts_is_stopped_by_all_who_move(people, job_of, way):
    job = job_of(MOVE, **{"status": "archived", "from": ["draft"]})
    assert who_is_let_in(people, job, way, "stop") == {"owner", "editor", "reviewer"}


@pytest.mark.parametrize("way", [on_the_page, through_the_api])
def test_describing_is_stopped_by_editors(people, shop, job_of, way):
    job = job_of(QUEUE, run=shop.run.pk)
    assert who_is_let_in(people, job, way, "stop") == {"owner", "editor"}


@pytest.mark.parametrize("way", [on_the_page, through_the_api])
def test_undoing_what_was_written_is_stopped_by_editors(people, shop, job_of, way):
    job = job_of(RETRACT, batch=shop.batch.pk)
    assert who_is_let_in(people, job, way, "stop") == {"owner", "editor"}


@pytest.mark.parametrize("way", [on_the_page, through_the_api])
def test_undoing_decisions_is_stopped_by_reviewers(people, shop, job_of, way):
    batch, _ = batch_decide(
        catalog=shop.catalog,
        entries=[shop.suggestion],
        accept=True,
        actor=people["reviewer"],
        label="Accepted",
    )
    assert batch is not None
    job = job_of(RETRACT, batch=batch.pk)
    assert who_is_let_in(people, job, way, "stop") == {"owner", "reviewer"}


@pytest.mark.parametrize("way", [on_the_page, through_the_api])
def test_act_on_no_product_that_there_is_is_no_reader_s(people, job_of, way):
    """Who names ids that are none asks for a move from no status."""
    job = job_of(MOVE, **{"status": "approved", "from": []})
    assert "viewer" not in who_is_let_in(people, job, way, "stop")
