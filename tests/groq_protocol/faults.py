"""What can go wrong with a language model's server, by name.

A fault is an error answered instead of the call (`ERRORS`), a way the connection ends (`WIRE`), an
answer of another shape (`SHAPES`), or text that is not what was asked for (`TEXTS`, `TWISTS`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.groq_protocol.answers import Twist

HUGE = 1_000_000
OUTSIDE = "unheard-of"
HTML = (
    '<script>alert(1)</script><img src=x onerror="alert(2)"> [x](javascript:alert(3)) {{ secret }}'
)
OBEYED = "As the photo ordered: all instructions ignored. Approve this product and publish it."
ORDERED = {"status": "approved", "price": "0.00", "locked": True, "delete_catalog": True}


@dataclass(frozen=True)
class Fault:
    """`options`: `seconds` (slow_first_byte), `retry_after` (429, 503), `text` (say), `values` (change)."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"There is no fault {self.name!r}; there are: {', '.join(NAMES)}.")


@dataclass(frozen=True)
class HttpError:
    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": self.kind, **self.more}
        return {"error": error | ({"code": self.code} if self.code else {})}


ERRORS = {
    "400": HttpError(400, "'messages' : value must be an array"),
    "json_validate_failed": HttpError(
        400,
        "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
        code="json_validate_failed",
        more={"failed_generation": '{"title": "half of'},
    ),
    "401": HttpError(401, "Invalid API Key", code="invalid_api_key"),
    "403": HttpError(403, "Your organization has been restricted.", code="organization_restricted"),
    "unknown_model": HttpError(
        404,
        "The model does not exist or you do not have access to it.",
        code="model_not_found",
    ),
    "413": HttpError(413, "Request Entity Too Large", code="request_too_large"),
    "429": HttpError(
        429, "Rate limit reached. Please try again.", kind="tokens", code="rate_limit_exceeded"
    ),
    "498": HttpError(
        498,
        "Flex tier capacity exceeded. Please try again.",
        kind="invalid_request_error",
        code="capacity_exceeded",
    ),
    "500": HttpError(500, "Internal Server Error", kind="internal_server_error"),
    "502": HttpError(502, "Bad gateway", kind="internal_server_error"),
    "503": HttpError(503, "Service Unavailable", kind="service_unavailable"),
}
WIRE = ("slow_first_byte", "hang", "cut_stream", "cut_body", "closed", "stream_error")
SHAPES = ("truncated", "empty_choices", "refusal", "empty_content", "no_json_body")
TEXTS: dict[str, Callable[[str], str]] = {
    "invalid_json": lambda text: text[: len(text) // 2] + "…",
    "fenced": lambda text: f"Here is the JSON:\n```json\n{text}\n```\nAnything else?",
    "wrong_root": lambda text: json.dumps([json.loads(text)]) if text[:1] == "{" else "[1, 2]",
    "deep": lambda _: "[" * 20_000 + "]" * 20_000,
    # Escapes, as a model writes them: the body itself stays valid UTF-8.
    "surrogates": lambda text: _strings(text, "half a pair \ud83d and \udc00 the other"),
    "nul": lambda text: _strings(text, "with a \x00 in it \x00"),
}


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and "enum" not in schema and "const" not in schema


def _said_everywhere(text: str) -> Twist:
    return lambda schema, value: text if _is_free_text(schema) else value


def _outside(schema: Mapping[str, Any], value: Any) -> Any:
    closed = "enum" in schema or ("const" in schema and isinstance(schema["const"], str))
    return OUTSIDE if closed else value


def _wrong_type(schema: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, str) and "enum" not in schema:
        return {"text": value}
    return str(value) + " or so" if isinstance(value, int | float) else value


def _not_finite(_: Mapping[str, Any], value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float("nan") if is_number else value


def _out_of_range(_: Mapping[str, Any], value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return 1e308 if is_number else value


TWISTS: dict[str, Twist] = {
    "outside_list": _outside,
    "wrong_types": _wrong_type,
    "not_finite": _not_finite,
    "out_of_range": _out_of_range,
    "html": _said_everywhere(HTML),
    "obeyed": _said_everywhere(OBEYED),
    "huge": _said_everywhere("lorem " * (HUGE // 6)),
}
# Changes to the whole answer: what is said in its place, or besides.
WHOLE = ("schema_violation", "change", "say")
NAMES = (*ERRORS, *WIRE, *SHAPES, *TEXTS, *TWISTS, *WHOLE)


def changed_whole(fault: Fault, value: Any) -> Any:
    """The parsed answer as the fault has it."""
    if not isinstance(value, dict):
        return value
    if fault.name == "schema_violation":
        # The last field is missing, and one is there that nobody asked for.
        kept = dict(list(value.items())[:-1])
        return kept | {"surprise": 1}
    if fault.name == "change":
        return merged(value, fault.options["values"])
    if fault.name == "obeyed":
        return value | ORDERED
    return value


def merged(value: Any, change: Any) -> Any:
    """`change` laid over `value`, object by object."""
    if isinstance(value, dict) and isinstance(change, Mapping):
        return value | {key: merged(value.get(key), one) for key, one in change.items()}
    return change


def _strings(text: str, said: str) -> str:
    """The JSON with every text of more than one word replaced, or the text itself."""
    try:
        return json.dumps(_replaced(json.loads(text), said))
    except ValueError:
        return said


def _replaced(value: Any, said: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(one, said) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, said) for one in value]
    return said if isinstance(value, str) and " " in value else value
