"""Comparables taken out of a finished run: everything but the text is worked out anew."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from tests.tools.kinds.pricing.conftest import block_of
from tools.kinds.pricing.services import excluded_from, pricing_recompute
from tools.models import RunEvent, RunState, ToolRun
from tools.selectors import course_of, output_of
from tools.services.runs import run_edit
from tools.services.using import field_suggest

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HTTP_HX_REQUEST": "true"}


def keys(run: ToolRun) -> list[str]:
    return [row["key"] for row in block_of(run, "comparables")["data"]["rows"]]


def url(run: ToolRun, name: str = "pricing_recompute") -> str:
    return reverse(f"tools:{name}", args=[run.catalog.slug, run.pk])


@pytest.fixture
def without(done, client, person):
    """Posts the form with all comparables ticked but these."""
    client.force_login(person)

    def post(*excluded: str, try_price: str = "", **headers):
        counts = [key for key in keys(done) if key not in excluded]
        return client.post(url(done), {"counts": counts, "try_price": try_price}, **headers)

    return post


@pytest.fixture
def written(done) -> ToolRun:
    """The same as a model would have written it."""
    done.output |= {"written_by": "model"}
    done.save()
    return done


# --- The service ----------------------------------------------------------------------------------


def test_everything_but_a_models_text_is_worked_out_anew(written):
    before = {block["id"]: block["data"] for block in written.blocks}
    run, _ = pricing_recompute(run=written, excluded=["own-1006", "own-1005", "own-1004"])
    changed = {block["id"] for block in run.blocks if block["data"] != before[block["id"]]}
    assert {"notes", "figures", "distribution", "comparables", "suggestion", "written"} <= changed
    assert "text" not in changed
    assert run.output["numbers"]["spread"] is None
    assert run.output["text"] == written.output["text"]


def test_a_draft_by_rules_is_written_anew(done):
    run, _ = pricing_recompute(run=done, excluded=["own-1006"])
    assert "EUR 27.99" in block_of(run, "text")["data"]["text"]
    assert run.output["text"] == block_of(run, "text")["data"] != done.output["text"]
    assert len(run.output["written_for"]) == 5
    assert not block_of(run, "written")["data"]["stale"]


def test_what_was_chosen_is_an_edit_and_the_evidence_stays(done):
    run, _ = pricing_recompute(run=done, excluded=["own-1006"])
    run.refresh_from_db()
    assert run.edits == {"comparables": {"excluded": "own-1006"}}
    assert excluded_from(run) == ["own-1006"]
    assert run.evidence == done.evidence


def test_all_ticked_again_is_as_it_was(done):
    pricing_recompute(run=done, excluded=["own-1006"])
    run, _ = pricing_recompute(run=done, excluded=[])
    data = {block["id"]: block["data"] for block in run.blocks}
    assert data == {block["id"]: block["data"] for block in done.blocks}
    assert (run.edits, run.output) == ({}, done.output)


def test_events_go_on_and_add_up_to_what_is_shown(done):
    run, course = pricing_recompute(run=done, excluded=["own-1006"])
    numbers = list(RunEvent.objects.values_list("number", flat=True))
    assert numbers == list(range(1, run.last_event + 1))
    told = run.blocks
    assert (list(course.blocks.values()), course.is_over) == (told, True)
    run.blocks, run.last_event = [], 0
    assert list(course_of(run).blocks.values()) == told


def test_nothing_is_told_where_nothing_changes(done):
    run, _ = pricing_recompute(run=done, excluded=[])
    assert run.last_event == done.last_event


def test_the_text_is_stale_where_others_count_than_it_was_written_for(written):
    run, _ = pricing_recompute(run=written, excluded=["own-1006"])
    data = block_of(run, "written")["data"]
    assert (data["stale"], data["count"], data["counted"]) == (True, 6, 5)


def test_keys_of_other_things_are_not_kept(done):
    run, _ = pricing_recompute(run=done, excluded=["own-1006", "nonsense"])
    assert excluded_from(run) == ["own-1006"]


def test_what_a_person_made_of_a_price_is_gone_with_that_price(done):
    run, _ = pricing_recompute(run=done, excluded=["own-1006"])
    run = run_edit(run=run, block="suggestion", place="fields.0.value", text="26.00")
    kept, _ = pricing_recompute(run=run, excluded=["own-1006"])
    assert kept.edits["suggestion"] == {"fields.0.value": "26.00"}
    run, _ = pricing_recompute(run=run, excluded=["own-1006", "own-1001"])
    assert run.edits == {"comparables": {"excluded": "own-1001 own-1006"}}


def test_a_text_that_a_person_edited_stays(done):
    edited = run_edit(run=done, block="text", place="text", text="My words.")
    run, _ = pricing_recompute(run=edited, excluded=["own-1006"])
    assert run.edits["text"] == {"text": "My words."}
    assert output_of(run)["text"]["text"] == "My words."


def test_the_new_price_can_be_used_beside_the_one_before(done, person):
    def use(run):
        key = block_of(run, "suggestion")["data"]["fields"][0]["key"]
        return field_suggest(run=run, block_id="suggestion", key=key, actor=person).entry

    run, _ = pricing_recompute(run=done, excluded=["own-1006"])
    first = use(run)
    run, _ = pricing_recompute(run=done, excluded=["own-1006", "own-1001", "own-1002"])
    second = use(run)
    assert (first.field, first.variant) == ("price", done.product.variants.get())
    assert first.value != second.value


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.FAILED, RunState.INTERRUPTED])
def test_a_run_that_is_not_done_stays_as_it_is(done, state):
    ToolRun.objects.update(state=state)
    with pytest.raises(ValidationError, match="not done"):
        pricing_recompute(run=done, excluded=["own-1006"])


# --- The view -------------------------------------------------------------------------------------


def test_a_form_without_scripts_leads_back_to_the_comparables(done, without):
    response = without("own-1006")
    assert response.status_code == 302
    assert response.url == f"{done.get_absolute_url()}#block-comparables"
    done.refresh_from_db()
    assert excluded_from(done) == ["own-1006"]


def test_htmx_gets_what_changed_out_of_band(without):
    response = without("own-1006", **HTMX)
    text = response.content.decode()
    assert response.status_code == 200
    assert 'id="block-figures"' in text
    assert "hx-swap-oob" in text


def test_a_reload_shows_the_same(done, without, client):
    without("own-1006", "own-1005")
    page = client.get(done.get_absolute_url())
    assert page.status_code == 200
    done.refresh_from_db()
    assert [row["counts"] for row in block_of(done, "comparables")["data"]["rows"]].count(
        False
    ) == 2


def test_a_price_can_be_tried(done, without):
    without(try_price="21.50")
    done.refresh_from_db()
    rows = block_of(done, "prices")["data"]["rows"]
    assert [row["price"] for row in rows if row["label"] == "Price to try"] == ["21.50"]
    assert block_of(done, "comparables")["data"]["try_price"] == "21.50"


@pytest.mark.parametrize("text", ["abc", "-1", "NaN", "1e99"])
def test_what_is_no_price_is_refused_with_what_is_wrong(done, without, text):
    response = without(try_price=text, **HTMX)
    assert response.status_code == 400
    assert response.content.decode().startswith("A price to try: ")
    done.refresh_from_db()
    assert done.edits == {}


def test_written_again_counts_what_counts_now(done, without, client, monkeypatch):
    started = []
    monkeypatch.setattr("tools.runs.running.start", started.append)
    without("own-1006")
    response = client.post(url(done, "pricing_again"))
    again = ToolRun.objects.get(redone_from=done)
    assert again.options["excluded"] == ["own-1006"]
    assert (response.url, started) == (again.get_absolute_url(), [again])


def test_htmx_is_led_to_what_is_written_again(done, client, person, monkeypatch):
    monkeypatch.setattr("tools.runs.running.start", lambda _run: None)
    client.force_login(person)
    response = client.post(url(done, "pricing_again"), **HTMX)
    again = ToolRun.objects.get(redone_from=done)
    assert response["HX-Redirect"] == again.get_absolute_url()


# --- Who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pricing_recompute", "pricing_again"])
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("", 404)])
def test_only_who_may_run_tools_takes_comparables_out(done, client, make_user, name, role, status):
    somebody = make_user("somebody")
    if role:
        done.catalog.memberships.create(user=somebody, role=role)
    client.force_login(somebody)
    assert client.post(url(done, name)).status_code == status
    assert not ToolRun.objects.exclude(pk=done.pk).exists()


def test_runs_of_other_tools_have_no_comparables(done, client, person):
    ToolRun.objects.update(tool="analysis")
    client.force_login(person)
    assert client.post(url(done)).status_code == 404


def test_an_address_that_is_only_opened_changes_nothing(done, client, person):
    client.force_login(person)
    assert client.get(url(done)).status_code == 405
