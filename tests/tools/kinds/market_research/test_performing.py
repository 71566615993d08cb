"""The market research as a whole: on lists that people brought, with a model and without."""

from __future__ import annotations

import json

import pytest

from tests.tools.performing import perform_here
from tools.blocks import render_block
from tools.exporting import download
from tools.kinds.market_research import MarketResearch
from tools.runs import running
from tools.services.runs import run_create, run_resume

pytestmark = pytest.mark.django_db(transaction=True)
TOOL = MarketResearch()


@pytest.fixture
def research(mug, person):
    """Performs a market research of the mug to its end."""

    def research(**options):
        run = run_create(
            product=mug,
            tool="market_research",
            options=options,
            actor=person,
            prompt_version=TOOL.prompt_version,
        )
        perform_here(run.pk)
        run.refresh_from_db()
        return run

    return research


def points(run):
    return [point for part in run.output["analysis"]["sections"] for point in part["points"]]


def test_without_a_key_the_evidence_is_put_into_sentences_and_labelled(bring, research):
    bring()
    run = research()
    assert (run.state, run.writer) == ("done", "draft")
    said = points(run)
    assert any("24.90 EUR" in point["text"] for point in said)
    assert [point for point in said if point["tone"]] == []
    assert any("language model" in block["data"].get("text", "") for block in run.blocks)


def test_without_competitors_it_says_own_assortment_only(research):
    run = research()
    assert run.output["basis"] == run.evidence["basis"] == "own assortment only"
    assert "Your own assortment only" in run.blocks[0]["data"]["text"]


def test_a_model_analyses_the_evidence_and_cites_it(bring, research, groq):
    server = groq()
    bring()
    run = research(question="Is it too dear?")
    assert (run.state, run.writer) == ("done", "groq")
    assert points(run)
    (call,) = server.requests
    assert '"r1"' in call.text
    assert "Is it too dear?" in call.text
    assert "cost" not in run.evidence["product"]


def test_figures_that_nothing_supports_are_flagged_in_place(bring, research, groq):
    server = groq()
    bring()
    right = {"text": "North asks 19.90 EUR.", "cites": ["r1"], "basis": "rows"}
    wrong = {"text": "South asks 12.34 EUR.", "cites": ["r2"], "basis": "rows"}
    general = {"text": "Mugs break.", "cites": [], "basis": "general knowledge"}
    answer = {"gaps": [], "opportunities": [], "risks": []}
    answer |= {"situation": [right, wrong], "recommendations": [general]}
    say(server, answer)
    run = research()
    first, second, third = points(run)
    assert [part["why"] for part in first["parts"] if part["why"]] == []
    assert [part["text"] for part in second["parts"] if part["why"]] == ["12.34 EUR"]
    assert "General knowledge" in third["notes"][0]


def say(server, answer):
    server.script("say", text=json.dumps(answer))


def test_a_search_of_the_web_is_listed_and_marked(bring, research, groq, settings):
    server = groq()
    settings.GROQ_SEARCH_MODEL = "groq/compound-mini"
    bring()
    run = research()
    assert run.state == "done"
    assert [call.model for call in server.requests] == [
        "groq/compound-mini",
        settings.GROQ_TEXT_MODEL,
    ]
    sources = run.output["web_sources"]
    assert [source["url"] for source in sources] == [
        "https://offers.example/compared",
        "https://reviews.example/asked",
    ]
    assert sources[0]["found_on"]
    assert '"w1"' in server.requests[1].text
    assert "19.90" not in server.requests[0].text


def test_the_web_is_not_searched_unless_a_model_for_it_is_named_and_it_is_wanted(
    bring, research, groq, settings
):
    server = groq()
    research()
    settings.GROQ_SEARCH_MODEL = "groq/compound"
    research(web=False)
    assert {call.model for call in server.requests} == {settings.GROQ_TEXT_MODEL}


def test_a_search_that_fails_leaves_the_analysis_and_is_resumed(bring, research, groq, settings):
    server = groq()
    settings.GROQ_SEARCH_MODEL = "groq/compound"
    server.script("400", when=lambda call: call.model == "groq/compound")
    run = research()
    assert run.state == "failed"
    assert points(run)
    asked = len(server.requests)
    run_resume(run=run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert run.state == "done"
    assert [call.model for call in server.requests[asked:]] == ["groq/compound"]


def test_a_run_that_was_killed_at_its_end_has_its_whole_output_when_resumed(
    bring, research, groq, settings
):
    server = groq()
    settings.GROQ_SEARCH_MODEL = "groq/compound"
    bring()
    run = research()
    output, asked = run.output, len(server.requests)
    run.state, run.output = "interrupted", {}
    run.save()
    run_resume(run=run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert run.output == output
    assert len(server.requests) == asked


def test_the_position_is_a_table(bring, research):
    bring()
    run = research()
    text = download(run, running.course_of(run.pk), "csv").text
    assert text.splitlines()[1].startswith(",Speckled barrel mug,this product,,24.90")
    assert "r1,Mug no 5,confirmed,North,19.90,EUR,-5.00,2026-05-31" in text


def test_blocks_are_shown_without_links_or_markup_of_others(bring, research):
    hostile = "title,price,claims,url\n<b>Speckled barrel mug</b>,5,<script>x</script>,javascript:alert(1)\n"
    bring(hostile)
    run = research()
    html = "".join(render_block(block, run, may_edit=False) for block in run.blocks)
    assert "&lt;b&gt;Speckled" in html
    assert "<script>" not in html
    assert 'href="javascript' not in html
    assert "cannot be shown" not in html
