"""What of a run's result can be used: values that it suggests for fields of its product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from catalog.models import Decision, LedgerEntry, Source
from tools.block_data import SuggestedField
from tools.kinds.base import DONE
from tools.models import ToolRun
from tools.selectors import course_of, with_edits

FIELDS = "fields"


@dataclass(frozen=True)
class FieldItem:
    """One value of a `fields` block, with what people made of it."""

    block_id: str
    suggested: SuggestedField
    is_edited: bool = False

    @property
    def key(self) -> str:
        return self.suggested.key

    @property
    def place(self) -> tuple:
        """Of what it says something; two of one place take each other's."""
        one = self.suggested
        return one.field, one.locale, one.variant, one.photo


def fields_of(run: ToolRun) -> list[FieldItem]:
    """The values that finished parts of the run suggest, with edits, in their order."""
    blocks = with_edits(course_of(run).blocks.values(), run.edits)
    return [item for block in blocks for item in items_of(block)]


def with_used(blocks: Iterable[Mapping[str, Any]], run: ToolRun) -> list[dict[str, Any]]:
    """The blocks; those with values to use say in `used` which keys are suggested already."""
    found = [dict(block) for block in blocks]
    if not any(block["kind"] == FIELDS for block in found):
        return found
    used = used_of(run)
    for block in found:
        block["used"] = [key for owner, key in used if owner == block["id"]]
    return found


def items_of(block: Mapping[str, Any]) -> list[FieldItem]:
    """The values that a block suggests; what has not the shape of one is left out."""
    if block["kind"] != FIELDS or block["state"] != DONE:
        return []
    edited = block.get("edited", {})
    found = []
    for number, one in enumerate(block["data"].get("fields", [])):
        try:
            suggested = SuggestedField.model_validate(one)
        except ValidationError:
            continue
        if suggested.key:
            place = f"fields.{number}.value"
            changed = any(each == place or each.startswith(f"{place}.") for each in edited)
            found.append(FieldItem(block["id"], suggested, changed))
    return found


def firsts(items: Iterable[FieldItem]) -> list[FieldItem]:
    """Of several that say something of the same, the first: where nobody chooses among them. What
    is of no field of the catalogue is left out.
    """
    found: dict[tuple, FieldItem] = {}
    for item in items:
        if item.suggested.field:
            found.setdefault(item.place, item)
    return list(found.values())


def used_of(run: ToolRun) -> dict[tuple[str, str], LedgerEntry]:
    """The suggestions that stand of those made from the run, by block and key of the value."""
    rows = LedgerEntry.objects.filter(
        product=run.product_id, source=Source.TOOL, retracted_at=None, evidence__run=run.pk
    ).exclude(decision=Decision.REJECTED)
    return {
        (str(row.evidence.get("block")), str(row.evidence.get("key"))): row
        for row in rows.order_by("pk")
    }
