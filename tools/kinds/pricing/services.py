"""A finished run worked out anew, with other comparables."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.services.errors import conflict
from tools.kinds.base import Block
from tools.kinds.pricing.blocks import (
    COMPARABLES,
    SUGGESTION,
    TEXT,
    computed_blocks,
    suggestion_block,
    text_block,
    written_block,
)
from tools.kinds.pricing.drafting import draft
from tools.kinds.pricing.result import Case, compute
from tools.models import RunEvent, RunState, ToolRun
from tools.runs.course import BLOCK, Course, Step, as_json
from tools.selectors import course_of

EXCLUDED, TRY_PRICE = "excluded", "try_price"
BY_RULES = "rules"


@transaction.atomic
def pricing_recompute(
    *, run: ToolRun, excluded: Collection[str], try_price: Decimal | None = None
) -> tuple[ToolRun, Course]:
    """Work everything out without the excluded comparables, asking no model.

    A model's text stays, and so does one that a person edited; a draft by rules is written anew.
    What was chosen is kept as an edit of the run, what came of it as its newest events. The
    evidence stays what it was when the run began. Raises ValidationError for a run that is not done.
    """
    row = ToolRun.objects.select_for_update().get(pk=run.pk)
    if row.state != RunState.DONE or "case" not in row.evidence:
        # What is resumed starts from its options, and would leave the choice behind.
        raise conflict(EXCLUDED, "This run is not done. Choose when it is.")
    case = Case.model_validate(row.evidence["case"])
    chosen = sorted(set(excluded) & {each.key for each in case.comparables})
    result = compute(case, chosen, try_price)
    before = course_of(row)
    blocks = computed_blocks(case, result, try_price)
    numbers = result.model_dump(mode="json")
    output = {**row.output, "numbers": numbers, SUGGESTION: suggestion_block(case, result).data}
    if output["written_by"] == BY_RULES and TEXT not in row.edits:
        blocks.append(text_block(draft(case, result)))
        output[TEXT] = blocks[-1].data
        output["written_for"] = [each.key for each in result.sifted.counted]
    blocks.append(written_block(output["written_for"], result))
    course = _told(row, before, blocks)
    row.blocks, row.last_event, row.output = list(course.blocks.values()), course.number, output
    kept = {key: places for key, places in row.edits.items() if not _changed(key, before, course)}
    row.edits = kept | _edits(row, chosen, try_price)
    row.save(update_fields=["blocks", "last_event", "output", "edits"])
    return row, course


def excluded_from(run: ToolRun) -> list[str]:
    """The keys that do not count now: as people left them, else as the run began."""
    chosen: str | None = run.edits.get(COMPARABLES, {}).get(EXCLUDED)
    return list(run.options.get(EXCLUDED, [])) if chosen is None else chosen.split()


def _told(run: ToolRun, course: Course, blocks: Iterable[Block]) -> Course:
    """The course with an event for each of its blocks that is another now."""
    steps = []
    for block in blocks:
        known, wanted = course.blocks.get(block.id), as_json(block)
        if known is not None and any(known[name] != wanted[name] for name in wanted):
            step = Step(course.number + 1, BLOCK, wanted)
            course = course.after(step)
            steps.append(step)
    RunEvent.objects.bulk_create(
        RunEvent(run=run, number=step.number, kind=step.kind, data=step.data) for step in steps
    )
    return course


def _changed(block: str, before: Course, after: Course) -> bool:
    """Whether a block is another now: what people made of its texts was of those before."""
    return before.blocks.get(block) != after.blocks.get(block) or block == COMPARABLES


def _edits(run: ToolRun, excluded: list[str], try_price: Decimal | None) -> dict[str, Any]:
    """What differs from how the run began, as an edit of the comparables."""
    places = {}
    if set(excluded) != set(run.options.get(EXCLUDED, [])):
        places[EXCLUDED] = " ".join(excluded)
    if try_price is not None:
        places[TRY_PRICE] = f"{try_price:f}"
    return {COMPARABLES: places} if places else {}
