"""The tool: looks at the photos, then writes the report and the suggestions at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from pydantic import BaseModel

from catalog import selectors
from catalog.models import Product
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, LanguageModelError, Message
from tools.evidence import product_facts, sent_photos
from tools.kinds.analysis import draft, gathering, presenting, prompting
from tools.kinds.analysis.answers import Report, seen_of, suggestions_of
from tools.kinds.analysis.options import Options, OptionsForm
from tools.kinds.base import FAILED, Block, Data, Evidence, Run, Tool

SEEN = Block("seen", "points", "What the photos show")
REPORT = Block("report", "analysis_report", "Analysis")
SUGGESTIONS = Block("suggestions", "fields", "Suggestions for the listing")
LEFT_OUT = Block("left_out", "points", "Left out of the suggestions")
NOTHING_TO_SUGGEST = "There is nothing to suggest: no photo was looked at, or nothing is missing."
SEEN_TOKENS, REPORT_TOKENS, SUGGESTIONS_TOKENS = 1500, 2500, 3000


class Output(BaseModel):
    """`suggestions` are fields as the block has them, `left_out` says which values did not fit."""

    seen: dict[str, Any] = {}
    report: dict[str, Any] = {}
    suggestions: dict[str, Any] = {}
    left_out: dict[str, Any] = {}


class Analysis(Tool):
    """What a product is, how it stands among its neighbours, and what would make it better."""

    key = "analysis"
    title = "Product analysis"
    summary = (
        "What the product is, whom it suits, how it stands among similar ones, what its listing and "
        "its photos lack, and texts for it."
    )
    icon = "analysis"
    options = Options
    output = Output
    prompt_version = prompting.PROMPT_VERSION
    max_calls = 3
    tokens_a_run = 12_000

    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> forms.Form:
        del product
        return OptionsForm(data, initial)

    def gather(self, product: Product, options: Options) -> Evidence:
        del options
        try:
            return gathering.gather(product)
        except Product.DoesNotExist as error:
            raise ValidationError("The product was deleted. Bring it back first.") from error

    async def perform(self, run: Run) -> None:
        if not run.has_model:
            await _draft(run)
            return
        # First: it says little, and both others rest on it.
        (seen,) = await run.together(_look(run))
        wanted = [_suggest(run, seen)] if run.options.suggest else []
        await run.together(_report(run, seen), *wanted)

    def table(self, output: Data) -> list[list[Any]] | None:
        fields = output.get("suggestions", {}).get("fields", [])
        rows = [
            [each["label"], each["field"], each.get("photo", ""), each["value"]] for each in fields
        ]
        shown = [
            [*row[:3], "; ".join(row[3]) if isinstance(row[3], list) else row[3]] for row in rows
        ]
        return [["Suggestion", "Field", "Photo", "Value"], *shown] if shown else None


async def _look(run: Run) -> Data | None:
    """What the photos show; None where there is none that can be sent."""
    known = run.finished(SEEN.id)
    if known is not None:
        return known
    messages, keys = await run.in_thread(_look_messages, run)
    if not keys:
        return None
    try:
        seen = await run.ask(messages, seen_of(keys), max_tokens=SEEN_TOKENS, vision=True)
    except LanguageModelError as error:
        text = f"The photos could not be looked at, and the rest goes without them. {error}"
        data = {"level": "warning", "text": text}
        await run.show(replace(SEEN, kind="notice", data=data, state=FAILED))
        raise
    data = presenting.seen_data(seen.model_dump(), run.evidence.facts["cites"])
    await run.show(replace(SEEN, data=data))
    run.put(seen=data)
    return data


def _look_messages(run: Run) -> tuple[list[Message], list[str]]:
    """What is said of the photos that can be sent in one call, and their keys; none without any."""
    found = selectors.products_by_ids(run.catalog, [run.product_id])
    if not found:
        return [], []
    most = max(gateway().facts(Ability.VISION).images_per_call, 1)
    facts, photos = product_facts(found[0]), sent_photos(found[0], most)
    by_placement = {each.placement: each.key for each in facts.photos}
    keyed = {by_placement[each.placement.pk]: each for each in photos}
    return prompting.look_messages(run.catalog, facts, keyed), list(keyed)


async def _report(run: Run, seen: Data | None) -> None:
    if run.finished(REPORT.id) is not None:
        return
    evidence = run.evidence.facts
    messages = prompting.report_messages(run.catalog, evidence, seen, run.options)
    answer = await run.fill(
        REPORT, messages, Report, max_tokens=REPORT_TOKENS, shown=presenting.growing_sections
    )
    cites = presenting.citable(evidence["cites"], seen)
    await _show(run, REPORT, presenting.sections_of(answer.model_dump(), cites))


async def _suggest(run: Run, seen: Data | None) -> None:
    if run.finished(SUGGESTIONS.id) is not None:
        return
    evidence = run.evidence.facts
    cites = presenting.citable(evidence["cites"], seen)
    offered = []
    if "attributes" in run.options.suggest:
        offered = await run.in_thread(prompting.offered_attributes, evidence, run.catalog.language)
    schema = suggestions_of(
        run.options.suggest,
        [each["photo"] for each in (seen or {}).get("photos", [])],
        [each["attribute"] for each in offered],
    )
    if not schema.model_fields:
        data = {"level": "info", "text": NOTHING_TO_SUGGEST}
        await run.show(replace(SUGGESTIONS, kind="notice", data=data))
        return
    messages = prompting.suggest_messages(run.catalog, evidence, seen, run.options, offered)

    def growing(partial: Data) -> Data:
        return {"fields": presenting.fields_of(partial, evidence, cites, final=False)}

    answer = await run.fill(
        SUGGESTIONS,
        messages,
        schema,
        max_tokens=SUGGESTIONS_TOKENS,
        shown=growing,
    )
    said = answer.model_dump()
    attributes, left_out = await run.in_thread(
        presenting.attribute_fields,
        said.get("attributes") or [],
        evidence,
        cites,
        run.catalog.language,
    )
    texts = presenting.fields_of(said, evidence, cites, final=True)
    await _show(run, SUGGESTIONS, {"fields": texts + attributes})
    if left_out:
        await _show(run, LEFT_OUT, {"items": [{"text": text} for text in left_out]})


async def _draft(run: Run) -> None:
    """By rules, from the evidence; what cannot be had that way is said."""
    evidence = run.evidence.facts
    await run.show(Block("by_rules", "notice", data={"level": "info", "text": draft.MODEL_ONLY}))
    sections = presenting.sections_of(draft.report(evidence), evidence["cites"])
    await _show(run, replace(REPORT, title="Draft by rules"), sections)
    said = draft.suggestions(evidence, run.options)
    fields = presenting.fields_of(said, evidence, evidence["cites"], final=True)
    if fields:
        await _show(run, SUGGESTIONS, {"fields": fields})


async def _show(run: Run, block: Block, data: Data) -> None:
    await run.show(replace(block, data=data))
    run.put(**{block.id: data})
