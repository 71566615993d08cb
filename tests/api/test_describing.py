"""Describing over the API: what it takes, runs, and how far the work is."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import DescribeRun, TrialResult, VisionTask
from prodintel.llm.models import Call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _key(settings):
    """A key for language models; nobody answers at the address."""
    settings.GROQ_API_KEY = "gsk_test"
    settings.GROQ_BASE_URL = "http://127.0.0.1:9"


@pytest.fixture
def products(make_product, vocabulary):
    return [make_product(title, attributes={"color": [c]}) for title, c in COLORS]


COLORS = (("Mug", "red"), ("Cup", "blue"), ("Bowl", "red"))


def test_dry_run_says_what_it_takes_and_starts_nothing(api, catalog, products):
    body = {"dry_run": True, "filters": {"color": ["red"]}}
    status, answer = api.send("POST", f"/catalogs/{catalog.slug}/describe", body)
    assert status == 200
    assert (answer["products"], answer["calls"], answer["configured"]) == (2, 2, True)
    assert answer["days"] == 1
    assert float(answer["usd"]) > 0
    assert not DescribeRun.objects.exists()


def test_run_is_started_stopped_and_gone_on_with(api, catalog, products):
    ids = [product.pk for product in products[:2]]
    path = f"/catalogs/{catalog.slug}/describe"
    status, run = api.send("POST", path, {"products": ids})
    assert status == 202
    assert (run["state"], run["progress"]["waiting"]) == ("running", 2)
    _, run = api.send("POST", f"/describe-runs/{run['id']}/stop")
    assert (run["state"], run["progress"]["left_out"]) == ("stopped", 2)
    _, run = api.send("POST", f"/describe-runs/{run['id']}/reopen")
    assert (run["state"], run["progress"]["waiting"]) == ("running", 2)


def test_trial_is_accepted(api, catalog, products):
    path = f"/catalogs/{catalog.slug}/describe"
    _, run = api.send("POST", path, {"trial": True})
    assert (run["state"], run["batch"]) == ("trial", None)
    TrialResult.objects.create(run_id=run["id"], product=products[0], model="m")
    VisionTask.objects.filter(product=products[0]).update(state="done")
    status, run = api.send("POST", f"/describe-runs/{run['id']}/accept", {"rest": False})
    assert status == 200
    assert run["state"] == "stopped"
    assert run["batch"] is not None
    status, answer = api.send("POST", f"/describe-runs/{run['id']}/discard")
    assert status == 422
    assert "Somebody else" in answer["error"]["message"]


def test_without_a_key_nothing_is_started(api, catalog, products, settings):
    settings.GROQ_API_KEY = ""
    status, answer = api.send("POST", f"/catalogs/{catalog.slug}/describe", {})
    assert status == 409
    assert answer["error"]["code"] == "not_configured"
    assert not DescribeRun.objects.exists()
    _, activity = api.get(f"/catalogs/{catalog.slug}/activity")
    assert activity["vision_state"] == "not configured"


def test_unknown_filter_and_part_are_refused_with_their_names(api, catalog, products):
    path = f"/catalogs/{catalog.slug}/describe"
    status, answer = api.send("POST", path, {"filters": {"smell": ["x"]}})
    assert status == 422
    assert "smell" in answer["error"]["message"]
    assert api.send("POST", path, {"only": "some"})[0] == 422


def test_activity_says_how_far_it_is_and_who_waits(api, catalog, products):
    VisionTask.objects.filter(product=products[0]).update(state="failed", error="No.")
    _, activity = api.send("POST", f"/catalogs/{catalog.slug}/activity/pause")
    assert activity["vision_state"] == "paused"
    assert (activity["vision"]["waiting"], activity["vision"]["failed"]) == (2, 1)
    _, activity = api.send("POST", f"/catalogs/{catalog.slug}/activity/resume")
    assert activity["vision_state"] == "ok"
    assert api.send("POST", f"/catalogs/{catalog.slug}/activity/retry")[1] == {"retried": 1}
    _, activity = api.get(f"/catalogs/{catalog.slug}/activity")
    assert activity["vision"]["failed"] == 0


def test_chosen_fields_cost_less_and_are_asked_about_alone(api, catalog, products):
    path = f"/catalogs/{catalog.slug}/describe"
    _, whole = api.send("POST", path, {"dry_run": True})
    _, part = api.send("POST", path, {"dry_run": True, "fields": ["alt_text"]})
    assert part["tokens_a_call"] < whole["tokens_a_call"]
    status, run = api.send("POST", path, {"fields": ["alt_text", "title"]})
    assert (status, run["fields"]) == (202, ["title", "alt_text"])


def test_unknown_field_is_refused_with_its_name(api, catalog, products):
    path = f"/catalogs/{catalog.slug}/describe"
    status, answer = api.send("POST", path, {"fields": ["smell"], "dry_run": True})
    assert status == 422
    assert "smell" in str(answer["error"]["fields"])


def test_activity_says_what_the_catalogue_spent_and_the_site_s_spend_to_superusers(
    api, catalog, products, person
):
    for scope in (f"catalog:{catalog.pk}", "catalog:0"):
        Call.objects.create(
            purpose="describe",
            model="m",
            account="a",
            scope=scope,
            day=timezone.localdate(),
            tokens=1000,
            cost_usd="0.25",
        )
    path = f"/catalogs/{catalog.slug}/activity"
    _, activity = api.get(path)
    assert activity["spent_today"] == {"usd": "0.2500", "tokens": 1000, "calls": 1}
    assert activity["left_today"] == {"usd": "5.0000", "tokens": 5_000_000}
    assert activity["site_spent_today"] is None
    person.is_superuser = True
    person.save()
    _, activity = api.get(path)
    assert activity["site_spent_today"]["calls"] == 2
