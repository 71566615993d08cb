"""What tools have of a product, a catalogue or a person goes with it, and keeps nobody from going."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.ingest.jobs import KINDS, PURGE
from catalog.models import Catalog, Job, JobStep, LedgerEntry, Source
from catalog.services.catalogs import catalog_delete
from catalog.services.products import products_delete
from prodintel.llm.models import Call
from tools.bulk.act import KIND
from tools.models import (
    CompetitorList,
    CompetitorMatch,
    CompetitorRow,
    Panel,
    RunEvent,
    ToolRun,
)
from tools.services.runs import run_create

pytestmark = pytest.mark.django_db
MINE = (ToolRun, RunEvent, CompetitorList, CompetitorRow, CompetitorMatch, Panel)


@pytest.fixture
def product(make_product):
    return make_product("Mug", color=None)


@pytest.fixture
def used(catalog, product, person):
    """All that tools can have of a product: its runs, a job's among them, and all around these."""
    job = Job.objects.create(kind=KIND, catalog=catalog, created_by=person, arguments={})
    JobStep.objects.create(job=job, number=1, product_ids=[product.pk])
    about = {"product": product, "tool": "question", "options": {}, "prompt_version": "1"}
    first = run_create(**about, actor=person, job=job)
    again = run_create(**about, actor=person, follows=first, redone_from=first)
    RunEvent.objects.create(run=first, number=1, kind="state", data={})
    offers = CompetitorList.objects.create(
        catalog=catalog, name="Spring", source="x", as_of="2026-05-31", uploaded_by=person
    )
    row = CompetitorRow.objects.create(list=offers, number=2, title="Mug", currency="EUR")
    CompetitorMatch.objects.create(row=row, product=product, found="similar", decided_by=person)
    Panel.objects.create(catalog=catalog, name="Parents", created_by=person)
    LedgerEntry.objects.create(
        product=product,
        field="title",
        value=["Fine mug"],
        source=Source.TOOL,
        evidence={"run": first.pk},
    )
    return again


def long_ago(row) -> None:
    deleted_at = timezone.now() - timedelta(days=31)
    type(row).objects.filter(pk=row.pk).update(deleted_at=deleted_at)


def left() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MINE}


def test_product_goes_with_its_runs_and_matches(used, product, person):
    products_delete(products=[product], actor=person)
    long_ago(product)
    KINDS[PURGE](Job(kind=PURGE))
    assert left() == {
        "ToolRun": 0,
        "RunEvent": 0,
        "CompetitorList": 1,
        "CompetitorRow": 1,
        "CompetitorMatch": 0,
        "Panel": 1,
    }
    assert not LedgerEntry.objects.filter(source=Source.TOOL).exists()


def test_catalogue_goes_with_all_that_tools_have_of_it(used, catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    long_ago(catalog)
    KINDS[PURGE](Job(kind=PURGE))
    assert not Catalog.objects.filter(pk=catalog.pk).exists()
    assert set(left().values()) == {0}


def test_list_goes_thirty_days_after_it_was_deleted(used):
    offers = CompetitorList.objects.get()
    CompetitorList.objects.update(deleted_at=timezone.now() - timedelta(days=29))
    KINDS[PURGE](Job(kind=PURGE))
    assert CompetitorList.objects.exists()
    long_ago(offers)
    KINDS[PURGE](Job(kind=PURGE))
    assert not CompetitorRow.objects.exists()


def test_person_who_goes_leaves_the_work(used, catalog, person, make_user):
    catalog.memberships.create(user=make_user("heir"), role="owner")
    Call.objects.create(
        user=person, account="a", model="m", day="2026-05-31", tokens=1, ref="run:1"
    )
    person.delete()
    used.refresh_from_db()
    assert used.created_by is None
    assert Call.objects.exists()
    assert Panel.objects.get().created_by is None
    assert CompetitorMatch.objects.get().decided_by is None
    assert CompetitorList.objects.get().uploaded_by is None


def test_run_that_goes_leaves_those_that_followed_it(used):
    used.follows.delete()
    used.refresh_from_db()
    assert (used.follows, used.redone_from) == (None, None)
