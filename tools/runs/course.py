"""What the events of a run add up to."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tools.kinds.base import FAILED, RUNNING, Block
from tools.models import UNFINISHED, RunState, ToolRun

BLOCK, TEXT, DATA, STATE = "block", "text", "data", "state"
BROKEN_OFF = "This part was not finished."
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Step:
    """One event: a block as a whole, text added to one, some of its data, or the run's state."""

    number: int
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Course:
    """A run after so many events. Blocks are in their order, by id; they are never changed in place.

    A block as JSON has id, kind, title, data, state, part and error; beside these `since`, the event
    that it came with, and `number`, the last one that changed it.
    """

    number: int = 0
    state: str = RunState.QUEUED
    error: str = ""
    blocks: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, run: ToolRun, steps: Iterable[Step] = ()) -> Course:
        """From a run's row and the events after it."""
        blocks = {block["id"]: block for block in run.blocks}
        course = cls(run.last_event, run.state, run.error, blocks)
        for step in steps:
            course = course.after(step)
        return course

    @property
    def is_over(self) -> bool:
        return self.state not in UNFINISHED

    def after(self, step: Step) -> Course:
        """With one more event."""
        if step.kind == STATE:
            state, blocks = step.data["state"], self.blocks
            if state not in UNFINISHED:
                blocks = {key: _ended(block, step.number) for key, block in blocks.items()}
            return Course(step.number, state, step.data["error"], blocks)
        block = self._changed(step) | {"number": step.number}
        return replace(self, number=step.number, blocks={**self.blocks, block["id"]: block})

    def changed_since(self, number: int) -> list[dict[str, Any]]:
        """The blocks that events after this number changed, in their order."""
        return [block for block in self.blocks.values() if block["number"] > number]

    def _changed(self, step: Step) -> dict[str, Any]:
        if step.kind == BLOCK:
            known = self.blocks.get(step.data["id"])
            return {**step.data, "since": known["since"] if known else step.number}
        block = self.blocks[step.data["block"]]
        if step.kind == TEXT:
            text = block["data"].get("text", "") + step.data["text"]
            return {**block, "data": {**block["data"], "text": text}}
        return {**block, "data": {**block["data"], **step.data["data"]}}


def _ended(block: dict[str, Any], number: int) -> dict[str, Any]:
    """Nothing is being written any more once a run has ended."""
    if block["state"] != RUNNING:
        return block
    return {**block, "state": FAILED, "error": BROKEN_OFF, "number": number}


def as_json(block: Block, error: str = "") -> dict[str, Any]:
    """A block as events and rows have it."""
    return {
        "id": block.id,
        "kind": block.kind,
        "title": block.title,
        "data": dict(block.data),
        "state": block.state,
        "part": block.part,
        "error": error,
    }


def storable(value: Any) -> Any:
    """JSON without what PostgreSQL refuses and models may say: NUL, halves of characters, numbers
    that are none.
    """
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {storable(key): storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value
