"""How language models are, in a word, for monitors."""

from __future__ import annotations

from prodintel.llm import pacing
from prodintel.llm.facts import abilities

OK, UNAVAILABLE, NOT_CONFIGURED = "ok", "unavailable", "not configured"


def state() -> str:
    """In a word; "unavailable" while calls of a configured model are held because they fail."""
    states = {pacing.limits(ability).state for ability in abilities()}
    if NOT_CONFIGURED in states:
        return NOT_CONFIGURED
    return UNAVAILABLE if UNAVAILABLE in states else OK
