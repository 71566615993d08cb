"""Conversations about an item on its pages and over the API."""

from __future__ import annotations

import json
import time

import pytest
from django.urls import reverse

from catalog.models import Role
from catalog.services.catalogs import token_create
from tests.tools.kinds.conftest import alba  # noqa: F401 -- a fixture
from tools.models import RunState, ToolRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def url(alba):  # noqa: F811
    return reverse("tools:questions", args=[alba.catalog.slug, alba.pk])


@pytest.fixture
def site(client, person):
    client.force_login(person)
    return client


def ended(run_pk):
    """The run once it has ended, which a draft does at once."""
    until = time.monotonic() + 10
    while True:
        run = ToolRun.objects.get(pk=run_pk)
        if run.state not in {RunState.QUEUED, RunState.RUNNING} or time.monotonic() > until:
            return run
        time.sleep(0.02)


def asked(site, url, question="What is it made of?", **data):
    answer = site.post(url, {"question": question, **data})
    assert answer.status_code == 302
    pk = int(answer.url.partition("run=")[2].partition("#")[0])
    assert answer.url == f"{url}?run={pk}#turn-{pk}"
    return ended(pk)


def test_question_is_asked_and_its_answer_shown_with_what_it_rests_on(site, url):
    run = asked(site, url)
    assert run.state == "done"
    page = site.get(f"{url}?run={run.pk}").content.decode()
    assert '<h3 class="turn__question">What is it made of?</h3>' in page
    assert "Material: steel</a>" in page
    assert "Draft by rules" in page
    assert 'id="run-result"' in page


def test_question_on_follows_the_one_before_and_both_are_shown(site, url):
    first = asked(site, url)
    second = asked(site, url, "Is it red?", follows=first.pk)
    assert second.follows == first
    page = site.get(f"{url}?run={second.pk}").content.decode()
    assert f'id="block-answer-{first.pk}"' in page
    assert page.count('id="block-answer"') == 1
    assert f'name="follows" value="{second.pk}"' in page
    assert "2 questions" in page


def test_new_conversation_follows_nothing(site, url):
    first = asked(site, url)
    page = site.get(f"{url}?new=1").content.decode()
    assert 'name="follows"' not in page
    assert f"?run={first.pk}" in page


def test_suggested_question_is_asked_with_one_press(site, url):
    suggested = site.get(url).context["suggested"]
    run = asked(site, url, "", suggested=suggested[0])
    assert run.options["question"] == suggested[0]
    assert suggested[0] not in site.get(f"{url}?run={run.pk}").context["suggested"]


@pytest.mark.parametrize("question", ["", "   ", "x" * 501])
def test_question_that_cannot_be_asked_comes_back_with_why(site, url, question):
    answer = site.post(url, {"question": question})
    assert answer.status_code == 422
    assert b'aria-invalid="true"' in answer.content
    assert not ToolRun.objects.exists()


def test_hostile_question_and_answer_are_text(site, url, groq):
    bad = '<script>alert(1)</script> [a](javascript:alert(2)) <img src=x onerror="alert(3)">'
    groq().script("say", text=bad, times=None)
    run = asked(site, url, "<script>alert(0)</script>")
    page = site.get(f"{url}?run={run.pk}").content.decode()
    for said in ("<script>alert", "<img src=x", 'href="javascript'):
        assert said not in page
    assert "not from the catalogue" in page


def test_run_that_is_done_again_follows_what_the_first_one_followed(site, url):
    first = asked(site, url)
    second = asked(site, url, "Is it red?", follows=first.pk)
    again = asked(site, url, "Is it blue?", again=second.pk)
    assert (again.follows, again.redone_from) == (first, second)


def test_turn_of_another_product_is_not_followed(site, url, make_product, no_engine):
    other = make_product("Other", color=None)
    stray = ToolRun.objects.create(catalog=other.catalog, product=other, tool="question")
    assert asked(site, url, follows=stray.pk).follows is None
    assert site.get(f"{url}?run={stray.pk}").context["last"].product_id != other.pk


def test_box_for_the_product_page_asks_and_names_what_was_asked(site, url, alba):  # noqa: F811
    page = site.get(alba.get_absolute_url()).content.decode()
    assert f'hx-get="{url}?box=1"' in page
    assert f'<a href="{url}">Ask about this item</a>' in page
    asked(site, url)
    box = site.get(f"{url}?box=1", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in box
    assert f'action="{url}"' in box
    assert "What is it made of?" in box


def test_tab_of_the_tool_leads_to_the_conversations(alba):  # noqa: F811
    where = [alba.catalog.slug, alba.pk]
    assert reverse("tools:tool", args=[*where, "question"]) == reverse(
        "tools:questions", args=where
    )


def test_live_turn_listens_to_its_socket(site, url, alba):  # noqa: F811
    run = ToolRun.objects.create(
        catalog=alba.catalog, product=alba, tool="question", options={"question": "Is it red?"}
    )
    page = site.get(f"{url}?run={run.pk}").content.decode()
    assert f'ws-connect="/ws/runs/{run.pk}/?after=0"' in page
    assert "js/run.js" in page


@pytest.mark.parametrize(
    ("role", "read", "ask"),
    [("editor", 200, 302), ("reviewer", 200, 302), ("viewer", 200, 403), ("stranger", 404, 404)],
)
def test_who_may_read_and_who_may_ask(client, url, alba, make_user, role, read, ask):  # noqa: F811
    user = make_user(role)
    if role != "stranger":
        alba.catalog.memberships.create(user=user, role=Role(role))
    client.force_login(user)
    assert client.get(url).status_code == read
    assert client.post(url, {"question": "Is it red?"}).status_code == ask
    box = client.get(f"{url}?box=1", headers={"HX-Request": "true"})
    assert box.status_code == read
    assert (b"<textarea" in box.content) == (ask == 302)


# --- API ------------------------------------------------------------------------------------------


@pytest.fixture
def api(client, person):
    _, token = token_create(user=person)

    def call(method, path, body=None):
        answer = getattr(client, method)(
            f"/api/v1{path}",
            data=None if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.status_code, json.loads(answer.content)

    return call


def test_conversation_over_the_api(api, alba):  # noqa: F811
    body = {"tool": "question", "options": {"question": "What is it made of?"}}
    status, first = api("post", f"/products/{alba.pk}/runs", body)
    assert status == 202
    ended(first["id"])
    on = {"tool": "question", "options": {"question": "Is it red?"}, "follows": first["id"]}
    _, second = api("post", f"/products/{alba.pk}/runs", on)
    ended(second["id"])
    status, told = api("get", f"/products/{alba.pk}/questions")
    assert status == 200
    [one] = told["conversations"]
    assert (one["last"], one["title"], one["turns"]) == (second["id"], "What is it made of?", 2)
    assert "What is it made of?" not in told["suggested"]
    _, turns = api("get", f"/products/{alba.pk}/questions/{one['last']}")
    assert [turn["question"] for turn in turns] == ["What is it made of?", "Is it red?"]
    assert "**Material:** steel" in turns[0]["answer"]
    assert turns[0]["grounded"]
    assert turns[0]["cites"][0]["label"] == "Material: steel"
    assert api("get", f"/products/{alba.pk}/questions/999999")[0] == 404


def test_stranger_has_no_conversations_over_the_api(client, alba, make_user):  # noqa: F811
    _, token = token_create(user=make_user("stranger"))
    for path in ("questions", "questions/1"):
        answer = client.get(
            f"/api/v1/products/{alba.pk}/{path}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 404
