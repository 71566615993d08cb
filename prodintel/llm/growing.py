"""An answer of a given shape, read while it is written.

Structured output does not stream, so the schema goes into the prompt, the text is read as the
beginning of a JSON object, and what it is at its end is validated here.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from pydantic_core import from_json

from prodintel.llm import streaming, structured
from prodintel.llm.structured import NotValidError, Way
from prodintel.llm.types import Ability, Account, Growth, LanguageModelError, M, Message

# An answer that does not fit is asked for once more.
TRIES = 2
# All of the text is read anew each time: so often is enough for whoever watches it grow, and the
# longer that takes, the less often it is done.
PAUSE_SECONDS, PAUSE_SHARE = 0.1, 4


async def grow(
    ability: Ability,
    messages: Sequence[Message],
    schema: type[M],
    *,
    account: Account,
    max_tokens: int,
) -> AsyncGenerator[Growth[M], None]:
    """What there is of the answer now and then, if there is more; the last one has the value.

    Closing the iterator ends the call at the provider. Raises LanguageModelError.
    """
    asked = structured.asked(Way.PROMPT, messages, schema)
    for attempt in range(TRIES):
        text, finish, model, due = "", "", "", 0.0
        stream = streaming.stream(ability, asked, account=account, max_tokens=max_tokens)
        async with aclosing(stream) as deltas:
            async for delta in deltas:
                text += delta.text
                model, finish = delta.model, delta.data.get("finish", "")
                if len(text) > structured.LONGEST_ANSWER:
                    # Nobody pays for the rest, whoever sends it: it will not be read.
                    break
                began = time.monotonic()
                if not delta.text or began < due:
                    continue
                partial = beginning(text)
                if partial is not None:
                    yield Growth(partial, model=model)
                took = time.monotonic() - began
                due = began + max(PAUSE_SECONDS, PAUSE_SHARE * took)
        try:
            yield Growth(value=structured.read(text, schema), model=model)
        except NotValidError as problem:
            if attempt == TRIES - 1:
                raise _bad(finish, str(problem)) from None
            max_tokens, asked = _otherwise(finish, max_tokens, asked, text, str(problem))
            yield Growth(model=model, again=True)
        else:
            return


def beginning(text: str) -> dict[str, Any] | None:
    """The object that the text is the beginning of; None as long as there is none."""
    text = structured.without_thoughts(text)
    start = text.find("{")
    if start < 0:
        return None
    try:
        found = from_json(text[start:], allow_partial="trailing-strings", allow_inf_nan=False)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _otherwise(
    finish: str, max_tokens: int, asked: list[Message], text: str, problem: str
) -> tuple[int, list[Message]]:
    """How to ask again: with more room after an answer that was cut off, else quoting its faults."""
    if finish == "length":
        return max_tokens * 2, asked
    return max_tokens, structured.repairing(asked, text, problem)


def _bad(finish: str, problem: str) -> LanguageModelError:
    if finish == "length":
        message = "The language model's answer was cut off, twice."
    else:
        message = f"The language model's answer does not fit: {problem}"
    return LanguageModelError(message[:500], code="bad_answer")
