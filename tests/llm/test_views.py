"""The page of language models: who sees it, and what it does with a key."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from prodintel.llm import adapter, budgets, credentials, facts, pacing, waiting
from prodintel.llm.models import Call, Credential
from prodintel.llm.types import Ability, Account
from prodintel.llm.waiting import Waiting
from tests.groq_server import GroqServer

pytestmark = pytest.mark.django_db
KEY = "gsk_secret_of_ours_4321"
PAGE = "/settings/models/"
POSTS = ["key_set", "key_test", "key_remove"]


@pytest.fixture(autouse=True)
def _no_key(settings):
    settings.GROQ_API_KEY = ""
    # Nothing listens here: whoever asks without being told to fails at once.
    settings.GROQ_BASE_URL = "http://127.0.0.1:9"


@pytest.fixture
def root(client, make_user):
    client.force_login(make_user("root", superuser=True))
    return client


@pytest.fixture
def server(settings):
    with GroqServer(api_key=KEY) as running:
        settings.GROQ_BASE_URL = running.url
        yield running
        adapter.close()


def texts(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_page_is_for_superusers_alone(client, make_user):
    assert client.get(PAGE).status_code == 302
    client.force_login(make_user("ada", is_staff=True))
    assert client.get(PAGE).status_code == 404
    for name in POSTS:
        assert client.post(reverse(f"llm:{name}"), {"key": KEY}).status_code == 404
    assert not Credential.objects.exists()
    assert "Language models" not in client.get("/").content.decode()


def test_account_menu_of_superusers_leads_there(root):
    assert f'href="{PAGE}"' in root.get("/").content.decode()


def test_without_a_key_the_page_says_what_that_means(root):
    text = root.get(PAGE).content.decode()
    assert "No key yet." in text
    assert "Use this key" in text


def test_key_that_is_entered_is_tried_and_used_at_once(root, server, gateway):
    response = root.post(reverse("llm:key_set"), {"key": f" {KEY} "}, follow=True)
    assert "The key works: the account has 6 models." in texts(response)
    assert gateway.is_configured()
    text = response.content.decode()
    assert "4321" in text
    assert KEY not in text
    assert "by root" in text
    assert text.count(">Yes<") == 2 or text.count("Yes</span>") == 2


def test_key_that_the_provider_refuses_is_stored_and_said_so(root, server):
    response = root.post(reverse("llm:key_set"), {"key": "gsk_wrong_key"}, follow=True)
    assert "refuses the key" in texts(response)
    assert credentials.current() is not None


@pytest.mark.parametrize("key", ["", "tiny-k", "with a space in it", "ключ-ключ-ключ", "x" * 501])
def test_what_is_no_key_is_refused_and_not_shown_again(root, key):
    response = root.post(reverse("llm:key_set"), {"key": key})
    assert response.status_code == 422
    assert not key or key not in response.content.decode()
    assert not Credential.objects.exists()


def test_key_is_removed_and_brought_back(root, server, gateway):
    root.post(reverse("llm:key_set"), {"key": KEY}, follow=True)
    response = root.post(reverse("llm:key_remove"), follow=True)
    assert not gateway.is_configured()
    (message,) = response.context["messages"]
    assert root.post(message.extra_tags, follow=True).status_code == 200
    assert gateway.is_configured()


def test_key_of_the_environment_is_shown_as_such_and_cannot_be_replaced_here(
    root, server, settings
):
    settings.GROQ_API_KEY = KEY
    text = root.get(PAGE).content.decode()
    assert "GROQ_API_KEY" in text
    assert 'name="key"' not in text


def test_testing_the_key_closes_the_breaker(root, server, gateway, settings):
    settings.GROQ_API_KEY = KEY
    lane = pacing.Lane(credentials.current().account, settings.GROQ_TEXT_MODEL)
    for _ in range(5):
        pacing.failed(lane, 0.0, code="unavailable", reason="It is down.")
    assert "It is down." in root.get(PAGE).content.decode()
    root.post(reverse("llm:key_test"))
    assert gateway.acquire(Ability.TEXT, tokens=1) == 0


def test_model_that_the_account_lacks_is_named(root, server, settings):
    settings.GROQ_API_KEY = KEY
    settings.GROQ_VISION_MODEL = "somebody/gone"
    text = root.get(PAGE).content.decode()
    assert "does not have the model that GROQ_VISION_MODEL names" in text
    assert "unknown to this version" in text


def test_provider_that_does_not_answer_holds_the_page_up_for_two_seconds_at_most(
    root, settings, monkeypatch
):
    settings.GROQ_API_KEY = KEY
    asked = []
    monkeypatch.setattr(
        adapter, "model_ids", lambda _active, *, seconds: asked.append(seconds) or []
    )
    root.get(PAGE)
    root.get(PAGE)
    assert asked == [2.0]


def test_spend_by_purpose_and_budgets_are_shown(root, settings):
    known = facts.facts_of(settings.GROQ_VISION_MODEL, Ability.VISION)
    budgets.call_open(
        account=Account("describe"),
        lane_account="a",
        facts=known,
        prompt=100_000,
        completion=10_000,
    )
    text = root.get(PAGE).content.decode()
    assert "Describe" in text
    assert "$0.12 of $10.00" in text
    assert "110,000 of 10,000,000" in text


def test_waiting_work_and_its_cost_are_shown(root, monkeypatch):
    monkeypatch.setattr(waiting, "_sources", [])
    waiting.register(lambda: Waiting("products to describe", Ability.VISION, 120, 6000))
    text = root.get(PAGE).content.decode()
    assert "120 products to describe, $0.92" in text


class TestAdmin:
    def test_shows_calls_and_keys_to_superusers_without_the_secret(self, root):
        credential = credentials.credential_set(key=KEY, user=None)
        Call.objects.create(purpose="describe", account="a", model="m", day="2026-11-26", tokens=10)
        for name in ("call", "credential"):
            assert root.get(f"/admin/llm/{name}/").status_code == 200
            pk = credential.pk if name == "credential" else Call.objects.get().pk
            text = root.get(f"/admin/llm/{name}/{pk}/change/").content.decode()
            assert credential.secret not in text
            assert KEY not in text
            assert root.get(f"/admin/llm/{name}/add/").status_code == 403

    def test_is_closed_to_others(self, client, make_user):
        staff = make_user("staff", is_staff=True)
        staff.user_permissions.set(Permission.objects.all())
        client.force_login(staff)
        for name in ("call", "credential"):
            assert client.get(f"/admin/llm/{name}/").status_code == 403
