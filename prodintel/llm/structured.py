"""Getting an answer of a given shape: how it is asked for, read, and asked for again.

Four ways, each for models that cannot do the one before: held to a JSON schema by the provider, a
schema that the provider only tries to keep, JSON of any shape with the schema in the prompt, and the
prompt alone. Whatever the way, the answer is validated here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from prodintel.llm.schemas import schema_text, strict_schema
from prodintel.llm.types import M, Message, ModelFacts

LONGEST_ANSWER = 400_000
QUOTED_ANSWER = 6_000
QUOTED_ERRORS = 12
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_HINTS = ("response_format", "response format", "json_schema", "json schema", "json mode", "strict")


class Way(StrEnum):
    STRICT = "strict"
    SCHEMA = "schema"
    OBJECT = "object"
    PROMPT = "prompt"


class NotValidError(Exception):
    """The answer does not fit; the message says how, for the model to read."""


def best_way(facts: ModelFacts) -> Way:
    if facts.strict_schema:
        return Way.STRICT
    if facts.json_schema:
        return Way.SCHEMA
    return Way.OBJECT if facts.json_object else Way.PROMPT


def way_down(way: Way) -> Way | None:
    """The way for a model that cannot do this one; None after the last."""
    ways = list(Way)
    after = ways.index(way) + 1
    return ways[after] if after < len(ways) else None


def is_about_format(provider_code: str, said: str) -> bool:
    """Whether a refusal is of the way of asking rather than of what was asked."""
    said = said.lower()
    return provider_code == "json_validate_failed" or any(hint in said for hint in _HINTS)


def response_format(way: Way, schema: type[BaseModel]) -> dict[str, Any] | None:
    if way is Way.PROMPT:
        return None
    if way is Way.OBJECT:
        return {"type": "json_object"}
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", schema.__name__)[:64] or "answer"
    inner: dict[str, Any] = {"name": name, "schema": strict_schema(schema)}
    if way is Way.STRICT:
        inner["strict"] = True
    return {"type": "json_schema", "json_schema": inner}


def asked(way: Way, messages: Sequence[Message], schema: type[BaseModel]) -> list[Message]:
    """The messages, with the schema where the request itself does not carry it."""
    if way in {Way.STRICT, Way.SCHEMA}:
        return list(messages)
    text = (
        "Answer with one JSON object and nothing else. It must fit this JSON schema:\n"
        f"{schema_text(schema)}"
    )
    first, *others = messages
    if first.role == "system":
        return [Message("system", f"{first.text}\n\n{text}", first.images), *others]
    return [Message("system", text), *messages]


def repairing(messages: Sequence[Message], answer: str, problems: str) -> list[Message]:
    """The conversation that asks for the same once more, quoting what was wrong."""
    return [
        *messages,
        Message("assistant", answer[:QUOTED_ANSWER] or "{}"),
        Message(
            "user",
            f"That answer does not fit:\n{problems}\n"
            "Answer again with the whole corrected JSON object and nothing else.",
        ),
    ]


def read(text: str, schema: type[M]) -> M:
    """The answer as an instance. Raises NotValidError."""
    if len(text) > LONGEST_ANSWER:
        raise NotValidError("It is far too long.")
    text = _json_in(text)
    try:
        # Pydantic lets NaN and infinities pass, which no database takes.
        from_json(text, allow_inf_nan=False)
        return schema.model_validate_json(text)
    except ValidationError as error:
        raise NotValidError(_problems(error)) from None
    except ValueError as error:
        raise NotValidError(f"It is no JSON: {str(error)[:200]}") from None


def without_thoughts(text: str) -> str:
    """An answer without what its model thought aloud, finished or not."""
    return _THOUGHTS.sub("", text)


def _json_in(text: str) -> str:
    """The JSON object in an answer that may have thoughts and words around it."""
    text = without_thoughts(text).strip()
    if text.startswith("{") and text.endswith("}"):
        return text
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"- {'.'.join(str(part)[:60] for part in one['loc']) or 'the whole'}: {one['msg'][:200]}"
        for one in found[:QUOTED_ERRORS]
    ]
    if len(found) > QUOTED_ERRORS:
        lines.append(f"- and {len(found) - QUOTED_ERRORS} more")
    return "\n".join(lines)
