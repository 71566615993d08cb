"""JSON schemas of Pydantic models as language models take them.

Strict modes know a small part of JSON schema: every property required, none besides, no bounds and
patterns. What is left out is still checked when the answer is validated.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

_KEPT = {
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "type",
}
# What is a limit rather than a shape is said in words, where a model can read it.
_IN_WORDS = {
    "maxItems": "at most {} items",
    "minItems": "at least {} items",
    "maxLength": "at most {} characters",
    "minLength": "at least {} characters",
    "maximum": "at most {}",
    "minimum": "at least {}",
    "exclusiveMaximum": "less than {}",
    "exclusiveMinimum": "more than {}",
    "pattern": "matching {}",
    "format": "a {}",
}


@lru_cache(maxsize=512)
def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema for `response_format`: each object closed, each property required."""
    schema = _closed(model.model_json_schema())
    definitions = schema.pop("$defs", None)
    if definitions:
        schema["$defs"] = definitions
    return schema


@lru_cache(maxsize=512)
def schema_text(model: type[BaseModel]) -> str:
    """The same as text, for a prompt."""
    return json.dumps(strict_schema(model), ensure_ascii=False, separators=(",", ":"))


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(one) for one in node]
    return _closed_object(node) if isinstance(node, dict) else node


def _closed_object(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        # Beside a reference strict modes allow nothing, not even a description.
        return {"$ref": node["$ref"]}
    closed: dict[str, Any] = {}
    for name, value in node.items():
        if name in {"properties", "$defs"}:
            closed[name] = {key: _closed(one) for key, one in value.items()}
        elif name in _KEPT:
            closed[name] = value if name in {"enum", "const", "required"} else _closed(value)
    if "oneOf" in node or "allOf" in node:
        closed["anyOf"] = _closed(node.get("oneOf") or node.get("allOf"))
    if "const" in closed:
        closed["enum"] = [closed.pop("const")]
    words = [text.format(node[name]) for name, text in _IN_WORDS.items() if name in node]
    if words:
        closed["description"] = "; ".join([*filter(None, [node.get("description")]), *words])
    if node.get("type") == "object":
        closed.setdefault("properties", {})
        closed["required"] = list(closed["properties"])
        closed["additionalProperties"] = False
    return closed
