"""Any number of products deleted and brought back: at once while they are few, else by a job."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.ingest import jobs
from catalog.ingest.jobs import Jobber
from catalog.models import AuditEvent, Job, Membership, Product
from catalog.services import bulk, deleting
from catalog.services.bulk import bulk_step, bulk_stop
from catalog.services.bulk_acts import bulk_undo
from catalog.services.deleting import (
    DELETE_ACT,
    UNDELETE_ACT,
    products_delete_many,
    products_restore_many,
)
from catalog.services.products import products_delete
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch):
    """Two products are few; a step has two."""
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "STEP", 2)
    monkeypatch.setattr(jobs, "BREATH_SECONDS", 0)


@pytest.fixture
def products(make_product):
    return [make_product(f"Mug {n}", sku=f"M-{n}", color=None) for n in range(5)]


@pytest.fixture
def delete(catalog, person):
    """Asks for the deletion of products; returns the job, or the result where they are few."""

    def ask(products, actor=person):
        ids = [product.pk for product in products]
        return products_delete_many(catalog=catalog, ids=ids, actor=actor)

    return ask


def work() -> None:
    while Jobber(owner="test/1")._one_job():
        pass


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def alive() -> int:
    return Product.objects.alive().count()


def test_few_are_deleted_at_once(products, delete):
    started = delete(products[:2])
    event = AuditEvent.objects.get(action="products.delete")
    assert started.result == {"changed": 2, "left": 0, "event": event.pk}
    assert event.data == {"deleted": [product.pk for product in products[:2]]}
    assert alive() == 3


def test_more_are_deleted_by_a_job(products, delete):
    job = delete(products).job
    assert alive() == 5
    work()
    event = AuditEvent.objects.get(action="products.delete")
    assert fresh(job).result == {"changed": 5, "left": 0, "event": event.pk, "why": ""}
    assert alive() == 0
    assert AuditEvent.objects.filter(action="product.delete").count() == 5


def test_what_was_deleted_meanwhile_is_left(products, delete, person):
    job = delete(products).job
    products_delete(products=products[:1], actor=person)
    work()
    result = fresh(job).result
    assert (result["changed"], result["left"]) == (4, 1)
    assert products[0].pk not in AuditEvent.objects.get(pk=result["event"]).data["deleted"]


def test_product_of_another_catalogue_is_not_deleted(delete, make_product, make_catalog):
    elsewhere = make_product("Mug", catalog=make_catalog())
    assert delete([elsewhere]).result == {"changed": 0, "left": 1, "event": None}
    assert alive() == 1


def test_deletion_is_undone_with_the_variants(products, delete, person):
    job = delete(products).job
    work()
    undo = bulk_undo(job=fresh(job), actor=person).job
    work()
    assert fresh(undo).result == {
        "changed": 5,
        "left": 0,
        "refused": 0,
        "why_not": [],
        "why": "",
    }
    assert alive() == 5
    assert products[0].variants.filter(deleted_at=None).count() == 1
    with pytest.raises(ValidationError, match="undone already"):
        bulk_undo(job=fresh(job), actor=person)


def test_stopped_deletion_is_undone_as_far_as_it_came(products, delete, person):
    job = delete(products).job
    (claimed,) = Job.objects.filter(pk=job.pk).claim(owner="test/1", limit=1).rows
    bulk_step(act=DELETE_ACT, job=claimed)
    bulk_stop(act=DELETE_ACT, job=job, actor=person)
    assert alive() == 3
    assert bulk_undo(job=fresh(job), actor=person).result["changed"] == 2
    assert alive() == 5


def test_deletion_of_who_lost_the_right_ends(products, delete, catalog, make_user):
    editor = make_user("edda")
    Membership.objects.create(user=editor, catalog=catalog, role="editor")
    job = delete(products, editor).job
    Membership.objects.filter(user=editor).update(role="reviewer")
    work()
    assert (fresh(job).state, alive()) == (WorkState.DONE, 5)
    assert fresh(job).result["why"] == "edda may not do this here any more."


def test_those_in_whose_way_something_stands_hold_the_others_not_up(
    products, catalog, person, make_product, monkeypatch
):
    products_delete(products=products, actor=person)
    for number in range(2):
        make_product(f"New mug {number}", sku=f"M-{number}", color=None)
    monkeypatch.setattr(deleting, "REASONS", 1)
    ids = [product.pk for product in products]
    job = products_restore_many(catalog=catalog, ids=ids, actor=person).job
    work()
    result = fresh(job).result
    assert (result["changed"], result["left"], result["refused"]) == (3, 2, 2)
    assert result["why_not"] == ["Mug 0: Another product of this catalogue has this SKU."]
    assert [product.title for product in Product.objects.deleted().order_by("pk")] == [
        "Mug 0",
        "Mug 1",
    ]


def test_undo_that_was_stopped_can_be_done_again_for_the_rest(products, delete, person):
    job = delete(products).job
    work()
    undo = bulk_undo(job=fresh(job), actor=person).job
    (claimed,) = Job.objects.filter(pk=undo.pk).claim(owner="test/1", limit=1).rows
    bulk_step(act=UNDELETE_ACT, job=claimed)
    with pytest.raises(ValidationError, match="undone already"):
        bulk_undo(job=fresh(job), actor=person)
    bulk_stop(act=UNDELETE_ACT, job=undo, actor=person)
    assert alive() == 2
    bulk_undo(job=fresh(job), actor=person)
    work()
    assert alive() == 5
