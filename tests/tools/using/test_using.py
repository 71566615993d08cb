"""Values of a run handed to the ledger: by the service, the page and the API."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from catalog.models import LedgerEntry, Source
from catalog.services.catalogs import token_create
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.suggestions import suggestion_decide
from tools.blocks import render_block
from tools.models import RunState, ToolRun, Writer
from tools.services.runs import run_edit
from tools.services.using import field_suggest, field_withdraw
from tools.using import fields_of, firsts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("suggesting")]

TEXTS = {
    "id": "texts",
    "kind": "fields",
    "title": "To use",
    "state": "done",
    "part": "result",
    "number": 1,
    "since": 1,
    "error": "",
    "data": {
        "fields": [
            {"key": "title", "field": "title", "value": "Fine mug", "locale": "en"},
            {"key": "second", "field": "title", "value": "Finer mug", "locale": "en"},
            {"key": "color", "field": "color", "value": ["red"]},
            {"key": "long", "field": "title", "value": "x" * 400, "locale": "en"},
            {"key": "", "field": "title", "value": "Nameless"},
        ]
    },
}


@pytest.fixture
def run(make_product, person, vocabulary) -> ToolRun:
    product = make_product("Mug", color=None)
    return ToolRun.objects.create(
        catalog=product.catalog,
        product=product,
        tool="suggesting",
        state=RunState.DONE,
        writer=Writer.GROQ,
        model="openai/gpt-oss-120b",
        prompt_version="suggesting/1",
        blocks=[TEXTS],
        last_event=1,
        created_by=person,
    )


@pytest.fixture
def use(run, person):
    return lambda key: field_suggest(run=run, block_id="texts", key=key, actor=person)


def entry_of(run: ToolRun, key: str) -> LedgerEntry:
    return LedgerEntry.objects.get(source=Source.TOOL, evidence__key=key, product=run.product)


def test_value_keeps_where_it_comes_from(run, use):
    entry = use("title").entry
    assert entry.evidence == {
        "run": run.pk,
        "tool": "suggesting",
        "title": "Suggesting",
        "block": "texts",
        "key": "title",
    }
    assert (entry.model, entry.prompt_version) == ("openai/gpt-oss-120b", "suggesting/1")


def test_draft_by_rules_names_no_model(run, use):
    run.writer = Writer.DRAFT
    assert use("title").entry.model == ""


def test_edited_text_is_what_is_suggested(run, use):
    run_edit(run=run, block="texts", place="fields.0.value", text="My mug")
    run.refresh_from_db()
    entry = use("title").entry
    assert (entry.value, entry.evidence["edited"]) == (["My mug"], True)


def test_second_click_is_the_same_suggestion(use):
    first, second = use("title"), use("title")
    assert (first.entry, first.is_new, second.is_new) == (second.entry, True, False)


@pytest.mark.parametrize("key", ["nothing", ""])
def test_value_that_there_is_not_is_refused(use, key):
    with pytest.raises(ValidationError, match="no such value"):
        use(key)


def test_value_that_is_still_being_written_is_refused(run, use):
    run.blocks[0] = {**TEXTS, "state": "running"}
    with pytest.raises(ValidationError, match="still being written"):
        use("title")


@pytest.fixture
def copied(run):
    """The run with a text that the catalogue has no field for."""
    text = {"key": "meta", "field": "", "label": "Meta description", "value": "Red."}
    run.blocks = [TEXTS | {"data": {"fields": [text, *TEXTS["data"]["fields"]]}}]
    run.save()
    return run


def test_what_no_field_is_for_is_refused_in_words(copied, use):
    with pytest.raises(ValidationError, match="Meta description can be copied, but not suggested"):
        use("meta")


def test_what_no_field_is_for_is_not_suggested_with_the_rest(copied):
    assert [item.key for item in firsts(fields_of(copied))] == ["title", "color"]


def test_what_no_field_is_for_is_offered_to_copy_only(copied):
    text = {**copied.blocks[0], "part": "result", "error": ""}
    text["data"] = {"fields": text["data"]["fields"][:1]}
    html = render_block(text, copied, may_edit=True)
    assert "Use this" not in html
    assert "has no field for it" in html
    assert "data-copy" in html


def test_value_that_does_not_fit_is_refused_in_words(use):
    with pytest.raises(ValidationError, match="at most"):
        use("long")


def test_withdrawn_suggestion_gives_way_to_the_one_before(run, use, person):
    use("title")
    use("second")
    field_withdraw(run=run, block_id="texts", key="second", actor=person)
    assert entry_of(run, "title").awaits_review


def test_accepted_suggestion_is_not_withdrawn(run, use, person):
    suggestion_decide(entry=use("title").entry, accept=True, actor=person)
    with pytest.raises(ValidationError, match="accepted"):
        field_withdraw(run=run, block_id="texts", key="title", actor=person)


def test_values_of_another_shape_are_left_out(run):
    run.blocks = [TEXTS | {"data": {"fields": ["hostile", {"key": []}, *TEXTS["data"]["fields"]]}}]
    assert [item.key for item in fields_of(run)] == ["title", "second", "color", "long"]


def test_of_several_of_one_place_the_first_is_taken_where_nobody_chooses(run):
    assert [item.key for item in firsts(fields_of(run))] == ["title", "color"]


# --- The page ---------------------------------------------------------------------------------


def test_page_suggests_and_offers_to_take_it_back(run, client, person):
    client.force_login(person)
    address = reverse("tools:use", args=[run.catalog.slug, run.pk])
    form = {"block": "texts", "key": "title"}
    response = client.post(address, form, headers={"HX-Request": "true"})
    assert "Suggested" in response.content.decode()
    assert "Accept now" in response.content.decode()
    undo = reverse("tools:use_undo", args=[run.catalog.slug, run.pk, entry_of(run, "title").pk])
    assert undo in response["HX-Trigger"]
    client.post(undo)
    assert entry_of(run, "title").retracted_at is not None


def test_page_of_the_run_shows_what_was_used(run, use, client, person):
    use("title")
    client.force_login(person)
    page = client.get(run.get_absolute_url()).content.decode()
    assert page.count("<span>Suggested</span>") == 1
    assert page.count("Use this<") == 4


def test_page_says_why_a_value_does_not_fit(run, client, person):
    client.force_login(person)
    address = reverse("tools:use", args=[run.catalog.slug, run.pk])
    form = {"block": "texts", "key": "long"}
    response = client.post(address, form, headers={"HX-Request": "true"})
    assert response.status_code == 400
    assert "at most 300 characters" in response.content.decode()


def test_review_queue_and_product_page_lead_to_the_run(run, use, client, person):
    use("title")
    client.force_login(person)
    address = run.get_absolute_url()
    slug = run.catalog.slug
    queue = client.get(reverse("catalog:review", args=[slug]), {"source": "tool"})
    assert f'<a href="{address}">Tool: Suggesting</a>' in queue.content.decode()
    product = client.get(run.product.get_absolute_url())
    assert f'<a href="{address}">The run that suggested it' in product.content.decode()


def test_accepted_value_is_shown_as_written_by_the_tool(run, use, client, person):
    suggestion_decide(entry=use("color").entry, accept=True, actor=person)
    client.force_login(person)
    page = client.get(run.product.get_absolute_url()).content.decode()
    assert "Tool: Suggesting, accepted by ada" in page
    assert "Written by openai/gpt-oss-120b." in page


def test_vision_model_s_page_of_differences_stands_beside_a_tool_s_word(run, use):
    use("color")
    said = {run.product: [MachineValue("color", ["blue"], 0.9)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="v")
    assert entry_of(run, "color").awaits_review


# --- The API ----------------------------------------------------------------------------------


@pytest.fixture
def api(person):
    return Client(headers={"Authorization": f"Bearer {token_create(user=person)[1]}"})


def call(api: Client, address: str, key: str):
    body = {"block": "texts", "key": key}
    return api.post(f"/api/v1/{address}", body, content_type="application/json")


def test_api_suggests_and_takes_back(run, api):
    used = call(api, f"runs/{run.pk}/use", "title").json()
    entry = entry_of(run, "title")
    assert used == {
        "suggestion": entry.pk,
        "product": run.product_id,
        "field": "title",
        "locale": "en",
        "variant": None,
        "photo": None,
        "value": ["Fine mug"],
        "state": "waiting",
        "new": True,
        "review_url": f"/c/{run.catalog.slug}/review/",
    }
    assert call(api, f"runs/{run.pk}/use", "title").json()["new"] is False
    assert call(api, f"runs/{run.pk}/use/undo", "title").json() == {"withdrawn": entry.pk}
    assert call(api, f"runs/{run.pk}/use/undo", "title").status_code == 422


@pytest.mark.parametrize(
    ("role", "status"), [("editor", 200), ("reviewer", 403), ("viewer", 403), ("stranger", 404)]
)
def test_editors_suggest(run, make_user, make_catalog, role, status):
    user = make_user(role)
    if role != "stranger":
        run.catalog.memberships.create(user=user, role=role)
    api = Client(headers={"Authorization": f"Bearer {token_create(user=user)[1]}"})
    assert call(api, f"runs/{run.pk}/use", "title").status_code == status
    page = Client()
    page.force_login(user)
    address = reverse("tools:use", args=[run.catalog.slug, run.pk])
    answer = page.post(address, {"block": "texts", "key": "title"}).status_code
    assert answer == {200: 302}.get(status, status)
