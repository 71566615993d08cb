"""Acts on many cells that jobs do: planned, done and undone in steps."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalog.grid import writing
from catalog.grid.edits import grid_apply, grid_plan, grid_plans_purge, grid_undo
from catalog.grid.operations import Act, CellText, Operation
from catalog.ingest import jobs
from catalog.ingest.jobs import Jobber
from catalog.models import GridEdit, Job, Product
from catalog.services import bulk
from catalog.services.bulk import bulk_stop
from catalog.services.bulk_acts import ACTS, bulk_undo, is_undone
from catalog.services.changed_many import products_change
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db
BRAND, MATERIAL = "product.brand", "attribute.material"


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "STEP", 2)
    monkeypatch.setattr(jobs, "BREATH_SECONDS", 0)


@pytest.fixture
def products(make_product):
    return [make_product(color=None, brand="acme") for _ in range(5)]


@pytest.fixture
def work():
    jobber = Jobber(owner="test/1")
    return lambda: [jobber.step() for _ in range(3)]


@pytest.fixture
def planned(catalog, person, products, work):
    """A plan to replace the brand and set the material of five products, made by a job."""

    def make(operation: Operation) -> GridEdit:
        ids = [product.pk for product in products]
        plan = grid_plan(
            catalog=catalog, operation=operation, actor=person, label="Edit", product_ids=ids
        )
        assert plan.job is not None
        assert plan.edit.planned_at is None
        work()
        plan.edit.refresh_from_db()
        return plan.edit

    return make


SET = Operation(Act.SET, columns=(BRAND, MATERIAL), text="wood")


def brands():
    return list(Product.objects.order_by("pk").values_list("brand", flat=True))


class Killed(BaseException):
    """What no code of the worker's handles."""


def edit_entries(edit: GridEdit) -> list[int]:
    """How many rows of the ledger it wrote of each product."""
    edit.refresh_from_db()
    return list(Counter(edit.batch.entries.values_list("product_id", flat=True)).values())


def test_a_job_plans_in_steps_and_changes_nothing(planned):
    edit = planned(Operation(Act.REPLACE, columns=(BRAND,), find="ac", text="Ac"))
    assert (edit.counts["cells"], edit.counts["products"]) == (5, 5)
    assert brands() == ["acme"] * 5


def test_a_job_does_it_and_its_undo_brings_everything_back(planned, person, work):
    edit = planned(SET)
    started = grid_apply(edit=edit, actor=person)
    work()
    assert brands() == ["wood"] * 5
    job = Job.objects.get(pk=started.job.pk)
    assert job.result["changed"] == 10
    bulk_undo(job=job, actor=person)
    assert is_undone(job)
    work()
    assert brands() == ["acme"] * 5
    edit.refresh_from_db()
    assert edit.undone_at is not None
    assert edit.batch.retracted_at is not None
    assert not edit.batch.entries.filter(retracted_at=None).exists()


def test_what_a_stop_has_left_stays_and_the_rest_is_undone(planned, products, person, work):
    edit = planned(SET)
    started = grid_apply(edit=edit, actor=person)
    (job,) = Job.objects.filter(pk=started.job.pk).claim(owner="test/2", limit=1).rows
    bulk.bulk_step(act=ACTS[job.kind], job=job)
    bulk_stop(act=ACTS[job.kind], job=job, actor=person)
    assert brands() == ["wood", "wood", "acme", "acme", "acme"]
    product_update(product=products[0], actor=person, fields={"brand": "Mine"})
    result = grid_undo(edit=edit, actor=person).result
    assert brands() == ["Mine", "acme", "acme", "acme", "acme"]
    assert (result["changed"], result["left"]) == (3, 1)


def test_a_step_in_which_the_worker_is_killed_is_done_again_as_a_whole(
    planned, person, monkeypatch
):
    edit = planned(SET)
    started = grid_apply(edit=edit, actor=person)
    (job,) = Job.objects.filter(pk=started.job.pk).claim(owner="test/2", limit=1).rows
    act = ACTS[job.kind]
    bulk.bulk_step(act=act, job=job)

    def killed(**what):
        products_change(**what)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(writing, "products_change", killed)
        with pytest.raises(Killed):
            bulk.bulk_step(act=act, job=job)
    assert brands() == ["wood", "wood", "acme", "acme", "acme"]
    while bulk.bulk_step(act=act, job=job):
        pass
    job.refresh_from_db()
    assert (job.result["changed"], job.result["left"]) == (10, 0)
    assert brands() == ["wood"] * 5
    assert edit_entries(edit) == [1] * 5


def test_the_page_of_a_plan_says_how_far_it_is(client, catalog, person, products):
    client.force_login(person)
    form = {"act": "clear", "column": BRAND, "all": "1"}
    page = client.post(reverse("catalog:grid_plan", args=[catalog.slug]), form, follow=True)
    assert "Looking what would change" in page.text
    assert "0 of 5" in page.text


def test_the_grid_tells_of_a_plan_until_it_is_carried_out(planned, client, catalog, person):
    client.force_login(person)
    here = reverse("catalog:grid", args=[catalog.slug])
    edit = planned(SET)
    before = [act["job"].kind for act in client.get(here).context["acts"]]

    grid_apply(edit=edit, actor=person)

    after = [act["job"].kind for act in client.get(here).context["acts"]]
    assert (before, after) == (["grid-plan"], ["grid-edit"])


def test_plans_that_nobody_carried_out_are_forgotten(planned, person):
    edit = planned(SET)
    GridEdit.objects.update(created_at="2020-01-01T00:00:00Z")
    kept = planned(SET)
    assert grid_plans_purge() == 1
    assert list(GridEdit.objects.values_list("pk", flat=True)) == [kept.pk]
    assert edit.pk != kept.pk


@pytest.mark.parametrize("text", ["a\x00", "\ud800"])
def test_text_that_no_database_takes_is_refused(text):
    cell = CellText("1", BRAND, "wood", before=text)
    for operation in (
        Operation(Act.SET, columns=(BRAND,), text=text),
        Operation(Act.SET, columns=(text,), text="wood"),
        Operation(Act.CELLS, cells=(cell,)),
    ):
        with pytest.raises(ValidationError):
            operation.checked()
