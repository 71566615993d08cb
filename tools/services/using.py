"""Values of a run's result handed to the ledger, where they wait for review."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import Batch, LedgerEntry
from catalog.services.errors import conflict
from catalog.services.suggesting import (
    Suggested,
    ToolValue,
    tool_value_suggest,
    tool_value_withdraw,
)
from tools.models import ToolRun, Writer
from tools.registry import tools
from tools.using import FieldItem, fields_of, firsts, used_of

GONE = "There is no such value in this run, or it is still being written."
COPY_ONLY = "The catalogue has no field for this: {label} can be copied, but not suggested."


def field_suggest(*, run: ToolRun, block_id: str, key: str, actor: Any) -> Suggested:
    """Suggest a value of the run for its field; the same again is the same suggestion.

    Raises ValidationError, for people, when there is no such value, it does not fit its field, it
    was rejected before, or it is what the product says already.
    """
    wanted = [item for item in fields_of(run) if (item.block_id, item.key) == (block_id, key)]
    if not wanted:
        raise conflict("key", GONE)
    if not wanted[0].suggested.field:
        raise conflict("key", COPY_ONLY.format(label=wanted[0].suggested.label))
    said = _said(run, wanted[0])
    return tool_value_suggest(product=run.product, said=said, actor=actor)


def field_withdraw(*, run: ToolRun, block_id: str, key: str, actor: Any) -> LedgerEntry:
    """Take back the suggestion of a value; what it had taken the place of waits again.

    Raises ValidationError when it is not suggested, or was decided on.
    """
    entry = used_of(run).get((block_id, key))
    if entry is None:
        raise conflict("key", "This is not suggested.")
    tool_value_withdraw(entry=entry, actor=actor)
    return entry


@transaction.atomic
def fields_suggest_all(*, run: ToolRun, actor: Any, batch: Batch) -> dict[str, Any]:
    """Suggest all that the run says, the first for each field, as part of a batch.

    Returns how many were `suggested`, and in `refused` why others were not, as JSON.
    """
    suggested, refused = 0, []
    for item in firsts(fields_of(run)):
        try:
            said = _said(run, item)
            made = tool_value_suggest(product=run.product, said=said, actor=actor, batch=batch)
        except ValidationError as error:
            refused.append({"field": item.suggested.field, "message": " ".join(error.messages)})
        else:
            suggested += made.is_new
    return {"suggested": suggested, "refused": refused}


def _said(run: ToolRun, item: FieldItem) -> ToolValue:
    one, tool = item.suggested, tools().get(run.tool)
    return ToolValue(
        field=one.field,
        value=one.value,
        locale=one.locale,
        photo_id=one.photo,
        variant_id=one.variant,
        model=run.model if run.writer == Writer.GROQ else "",
        prompt_version=run.prompt_version,
        evidence={
            "run": run.pk,
            "tool": run.tool,
            "title": tool.title if tool else run.tool,
            "block": item.block_id,
            "key": item.key,
            **({"edited": True} if item.is_edited else {}),
        },
    )
