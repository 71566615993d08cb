"""Acts on many products by a job, on the pages: begun, watched, stopped, undone."""

from __future__ import annotations

import json

import pytest
from django.core.cache import caches
from django.urls import reverse

from catalog.ingest.jobs import Jobber
from catalog.models import Job, Membership, Product
from catalog.services import bulk
from catalog.services.statuses import MOVE_ACT
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_is_few(monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "STEP", 1)


class Pages:
    """A browser of the shop's, and the worker that runs when it is told to."""

    def __init__(self, client, catalog) -> None:
        self.client, self.slug = client, catalog.slug

    def url(self, name, *args):
        return reverse(f"catalog:{name}", args=[self.slug, *args])

    def approve_all(self, count: int = 3):
        form = {"action": "status:approved", "all": "1", "matching": str(count), "query": ""}
        return self.client.post(self.url("products_bulk"), form, follow=True)

    def work(self) -> None:
        while Jobber(owner="test/1")._one_job():
            pass


@pytest.fixture
def pages(client, catalog, person, make_product):
    for _ in range(3):
        make_product(color=None)
    client.force_login(person)
    return Pages(client, catalog)


def approved() -> int:
    return Product.objects.filter(status="approved").count()


def test_large_act_is_begun_and_watched_on_the_list(pages):
    page = pages.approve_all()
    job = Job.objects.get()
    text = page.content.decode()
    assert "Approve, 3 products: begun. It goes on in the background." in text
    assert f'hx-get="{pages.url("jobs")}?open={job.pk}"' in text
    assert '<progress class="progress" max="3" value="0"' in text
    assert approved() == 0


def test_end_is_told_with_a_way_back(pages):
    pages.approve_all()
    job = Job.objects.get()
    pages.work()
    answer = pages.client.get(f"{pages.url('jobs')}?open={job.pk}")
    undo = pages.url("job_undo", job.pk)
    assert json.loads(answer["HX-Trigger"])["toast"] == {
        "message": "3 products now approved.",
        "level": "success",
        "undo_url": undo,
    }
    assert "hx-trigger" not in answer.content.decode()
    pages.client.post(undo)
    pages.work()
    assert approved() == 0
    (undone, act) = pages.client.get(pages.url("products")).context["acts"]
    assert (undone["words"], act["undone"]) == ("3 products back where they were.", True)


def test_stopped_act_is_undone_as_far_as_it_came(pages):
    pages.approve_all()
    job = Job.objects.get()
    (row,) = Job.objects.claim(owner="test/1", limit=1).rows
    bulk.bulk_step(act=MOVE_ACT, job=row)
    page = pages.client.post(pages.url("job_stop", job.pk), follow=True)
    assert "1 product now approved. Stopped by ada." in page.content.decode()
    (message,) = page.context["messages"]
    page = pages.client.post(message.extra_tags, follow=True)
    assert "1 product back where they were." in page.content.decode()
    assert approved() == 0


def test_activity_shows_it_and_is_busy(pages):
    pages.approve_all()
    page = pages.client.get(pages.url("activity"))
    assert page.context["activity"].busy
    text = page.content.decode()
    assert "Approve, 3 products" in text
    assert pages.url("job_stop", Job.objects.get().pk) in text


def test_who_may_only_look_sees_no_buttons(pages, catalog, make_user):
    pages.approve_all()
    viewer = make_user("vera")
    Membership.objects.create(user=viewer, catalog=catalog, role="viewer")
    caches["default"].clear()
    pages.client.force_login(viewer)
    page = pages.client.get(pages.url("products"))
    (act,) = page.context["acts"]
    assert (act["stop_url"], act["undo_url"]) == ("", "")


def test_failed_act_says_why_and_can_be_ended(pages):
    pages.approve_all()
    Job.objects.update(state=WorkState.FAILED, error="It was interrupted.")
    text = pages.client.get(pages.url("products")).content.decode()
    assert "It came no further: It was interrupted." in text
    assert "Give up<" in text
    page = pages.client.post(pages.url("job_stop", Job.objects.get().pk), follow=True)
    assert "Nothing was changed. Stopped by ada." in page.content.decode()


def test_stop_leads_back_to_the_page_that_it_stands_on(pages):
    pages.approve_all()
    job = Job.objects.get()
    page = pages.client.get(pages.url("batches"))
    watched = pages.client.get(page.context["acts_url"]).content.decode()
    assert '<input type="hidden" name="from" value="batches">' in watched
    answer = pages.client.post(pages.url("job_stop", job.pk), {"from": "batches"})
    assert answer.url == pages.url("batches")


def test_page_that_acts_do_not_stand_on_is_not_led_to(pages):
    pages.approve_all()
    answer = pages.client.post(pages.url("job_stop", Job.objects.get().pk), {"from": "settings"})
    assert answer.url == pages.url("products")


def test_second_undo_is_refused(pages):
    pages.approve_all()
    pages.work()
    job = Job.objects.get()
    pages.client.post(pages.url("job_undo", job.pk))
    page = pages.client.post(pages.url("job_undo", job.pk), follow=True)
    assert "This was undone already." in page.content.decode()


def test_ended_act_of_another_person_is_not_shown_on_the_list(pages, catalog, make_user):
    pages.approve_all()
    pages.work()
    other = make_user("otto")
    Membership.objects.create(user=other, catalog=catalog, role="owner")
    pages.client.force_login(other)
    assert pages.client.get(pages.url("products")).context["acts"] == []


def delete_all(pages, count: int = 3):
    form = {"action": "delete", "all": "1", "matching": str(count), "query": ""}
    return pages.client.post(pages.url("products_bulk"), form, follow=True)


def test_all_that_match_are_deleted_and_the_undo_brings_them_back(pages):
    assert "Delete, 3 products: begun." in delete_all(pages).content.decode()
    pages.work()
    assert Product.objects.alive().count() == 0
    job = Job.objects.get()
    page = pages.client.get(pages.url("products"))
    assert "3 products deleted." in page.content.decode()
    pages.client.post(pages.url("job_undo", job.pk))
    pages.work()
    assert Product.objects.alive().count() == 3
    assert "3 products restored." in pages.client.get(pages.url("products")).content.decode()


def test_all_are_not_deleted_when_more_match_than_were_seen(pages):
    page = delete_all(pages, 2)
    assert "The list has changed: 3 products match now." in page.content.decode()
    assert not Job.objects.exists()


def test_all_that_are_deleted_are_restored(pages):
    delete_all(pages)
    pages.work()
    form = {"action": "restore", "all": "1", "matching": "3"}
    page = pages.client.post(pages.url("products_restore"), form, follow=True)
    assert page.redirect_chain[-1][0] == pages.url("products_deleted")
    assert "Restore, 3 products: begun." in page.content.decode()
    pages.work()
    assert Product.objects.alive().count() == 3
    answer = pages.client.get(pages.url("products_deleted"))
    assert "3 products restored." in answer.content.decode()


def test_all_are_not_restored_when_more_are_deleted_than_were_seen(pages):
    delete_all(pages)
    pages.work()
    form = {"action": "restore", "all": "1", "matching": "2"}
    page = pages.client.post(pages.url("products_restore"), form, follow=True)
    assert "The list has changed: 3 products match now." in page.content.decode()
    assert Product.objects.alive().count() == 0


def test_chosen_product_is_deleted_at_once_with_a_way_back(pages):
    product = Product.objects.first()
    form = {"action": "delete", "product": [product.pk]}
    page = pages.client.post(pages.url("products_bulk"), form, follow=True)
    (message,) = page.context["messages"]
    assert str(message) == "1 product deleted."
    page = pages.client.post(message.extra_tags, follow=True)
    assert "1 product restored." in page.content.decode()
    assert Product.objects.alive().count() == 3
