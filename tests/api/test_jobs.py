"""Acts on many products over the API: begun, watched, stopped, undone."""

from __future__ import annotations

import pytest

from catalog.ingest.jobs import Jobber
from catalog.models import Product
from catalog.services import bulk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_is_few(monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "STEP", 1)


@pytest.fixture
def job(api, catalog, make_product):
    """Approves two products; returns the answer."""
    for _ in range(2):
        make_product(color=None)
    path = f"/catalogs/{catalog.slug}/products/status"
    status, answer = api.send("POST", path, {"status": "approved", "filter": {}})
    assert status == 202
    return answer


def work() -> None:
    while Jobber(owner="test/1")._one_job():
        pass


def test_large_act_is_a_job(api, catalog, job):
    assert (job["state"], job["done"], job["total"]) == ("pending", 0, 2)
    assert (job["label"], job["undoable"]) == ("Approve, 2 products", False)
    assert api.get(f"/catalogs/{catalog.slug}/jobs") == (200, [job])
    work()
    _, done = api.get(f"/jobs/{job['id']}")
    assert (done["state"], done["done"], done["undoable"]) == ("done", 2, True)
    assert done["message"] == "2 products now approved."


def test_job_is_stopped(api, job):
    status, stopped = api.send("POST", f"/jobs/{job['id']}/stop")
    assert (status, stopped["state"]) == (200, "stopped")
    assert api.send("POST", f"/jobs/{job['id']}/stop")[0] == 422


def test_job_is_undone(api, job):
    work()
    status, undo = api.send("POST", f"/jobs/{job['id']}/undo")
    assert (status, undo["kind"]) == (202, "products-status-undo")
    work()
    assert not Product.objects.filter(status="approved").exists()
    assert api.get(f"/jobs/{job['id']}")[1]["undoable"] is False


def test_few_are_undone_at_once(api, job, monkeypatch):
    work()
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    answer = api.send("POST", f"/jobs/{job['id']}/undo")
    assert answer == (200, {"changed": 2, "left": 0})
