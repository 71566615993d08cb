"""Work that waits for a language model, as those say who have it: other apps register a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prodintel.llm import estimates
from prodintel.llm.types import Ability, Estimate


@dataclass(frozen=True)
class Waiting:
    """So many of `what` ("products to describe") wait, each for one call of so many tokens."""

    what: str
    ability: Ability
    calls: int
    tokens: int


Source = Callable[[], Waiting]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Have the models page count this work. For `AppConfig.ready`."""
    if source not in _sources:
        _sources.append(source)
    return source


def waiting_work() -> list[tuple[Waiting, Estimate]]:
    """What waits, with how long it takes and what it costs."""
    found = [source() for source in _sources]
    return [
        (one, estimates.estimate(one.ability, calls=one.calls, tokens=one.tokens))
        for one in found
        if one.calls
    ]
