"""The tool itself: form, evidence, and the text about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from django import forms
from pydantic import BaseModel

from catalog.models import Product
from tools.kinds.base import RUNNING, Data, Evidence, Run, Tool
from tools.kinds.pricing import prompts
from tools.kinds.pricing.blocks import (
    TEXT,
    comparables_block,
    evidence_blocks,
    suggestion_block,
    text_block,
    written_block,
)
from tools.kinds.pricing.checking import known_of
from tools.kinds.pricing.drafting import draft
from tools.kinds.pricing.figures import flagged, unsupported
from tools.kinds.pricing.gathering import case_of
from tools.kinds.pricing.options import PricingForm, PricingOptions
from tools.kinds.pricing.result import Case, Result, compute
from tools.kinds.pricing.tables import table_of


class Text(BaseModel):
    """Markdown; `unsupported` are figures in it that nobody computed."""

    text: str = ""
    unsupported: list[str] = []


class PricingOutput(BaseModel):
    """`numbers` are the result for the comparables that count now; `text` was written for those
    whose keys are in `written_for`. `suggestion` is what can be used, as its block has it.
    """

    numbers: Result
    suggestion: Data = {}
    text: Text = Text()
    written_for: list[str] = []
    written_by: Literal["model", "rules"] = "rules"


class Pricing(Tool):
    key = "pricing"
    title = "Pricing strategy"
    summary = "What comparables cost, what a price leaves, and which price follows from both."
    icon = "price"
    options = PricingOptions
    output = PricingOutput
    prompt_version = prompts.VERSION
    one_products = frozenset({"variant", "excluded"})
    max_calls = 2
    tokens_a_run = 4_500

    def form(
        self, product: Product, data: Any = None, initial: Mapping[str, Any] | None = None
    ) -> forms.Form:
        return PricingForm(product, data, initial=dict(initial or {}))

    def gather(self, product: Product, options: PricingOptions) -> Evidence:
        case = case_of(product, options)
        result = compute(case, options.excluded)
        facts = {
            "case": case.model_dump(mode="json"),
            "numbers": result.model_dump(mode="json"),
        }
        return Evidence(facts, evidence_blocks(case, result))

    async def perform(self, run: Run) -> None:
        case = Case.model_validate(run.evidence.facts["case"])
        result = Result.model_validate(run.evidence.facts["numbers"])
        written_for = [each.key for each in result.sifted.counted]
        suggestion = suggestion_block(case, result)
        run.put(
            numbers=result.model_dump(mode="json"),
            suggestion=suggestion.data,
            written_for=written_for,
        )
        await run.show(suggestion)
        await run.show(written_block(written_for, result))
        if not run.has_model:
            text = text_block(draft(case, result))
            await run.show(text)
            await run.show(comparables_block(case, result))
            run.put(text=text.data, written_by="rules")
            return
        data = run.finished(TEXT)
        if data is None or not data["checked"]:
            # Takes the text's place: what can be used at once stands below it.
            await run.show(replace(text_block(""), state=RUNNING, data={"checked": False}))
            await run.show(comparables_block(case, result))
            data = await _written(run, case, result)
        run.put(text=data, written_by="model")

    def table(self, output: Data) -> list[list[Any]] | None:
        """The comparables and the ladder, with a column that says which a row is of."""
        return table_of(Result.model_validate(output["numbers"])) if "numbers" in output else None


async def _written(run: Run, case: Case, result: Result) -> Data:
    """The model's text with what it made up marked, after one round of repair. Its block's data."""
    messages = prompts.messages_for(run.catalog, case, result)
    known = known_of(case, result)
    block = replace(text_block(""), data={"checked": False})
    text = await run.say(block, messages, max_tokens=prompts.MAX_TOKENS)
    if made_up := unsupported(text, known):
        again = prompts.repair(messages, text, made_up)
        text = await run.say(block, again, max_tokens=prompts.MAX_TOKENS)
        made_up = unsupported(text, known)
    done = text_block(flagged(text, made_up), [figure.text.strip() for figure in made_up])
    await run.show(done)
    return done.data
