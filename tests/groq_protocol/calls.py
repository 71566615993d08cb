"""What is asked of the server: a call, the model it names, and what is wrong with it."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.groq_protocol.answers import UnreadableImageError, look
from tests.groq_protocol.faults import HttpError

MAX_BASE64 = 4 * 1024 * 1024
MAX_PIXELS = 33_177_600
PIXELS_A_TOKEN = 750
RESERVED = 1024  # tokens reserved for an answer whose length the call does not bound


@dataclass(frozen=True)
class ServedModel:
    """What a model can do. `strict`: schemas that are kept to; `json_schema`: any at all."""

    id: str
    images_per_call: int = 0
    strict: bool = False
    json_schema: bool = True
    json_object: bool = True
    reasoning: bool = False
    retired: bool = False
    web_search: bool = False
    context_window: int = 131_072


@dataclass
class Call:
    """One request for a completion, and what became of it. `at` is on the clock of time.monotonic."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)
    number: int = 0
    text: str = ""
    images: tuple[bytes, ...] = ()
    image_count: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    status: int | None = None
    fault: str = ""
    over_limit: bool = False
    cancelled: bool = False
    took: float | None = None

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def stream(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def format(self) -> str:
        return str((self.body.get("response_format") or {}).get("type", "text"))

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The schema that the call itself carries."""
        if self.format != "json_schema":
            return None
        found = self.body["response_format"]["json_schema"].get("schema")
        return found if isinstance(found, dict) else None

    @property
    def reserved(self) -> int:
        """Tokens that count against the limit before anything was said."""
        most = self.body.get("max_completion_tokens") or self.body.get("max_tokens") or RESERVED
        return self.prompt_tokens + int(most)


def read_messages(call: Call) -> HttpError | None:
    """Fill in the call's text, photos and prompt tokens; what is wrong with them, if anything."""
    messages = call.body.get("messages")
    if not isinstance(messages, list) or not messages:
        return HttpError(400, "'messages' : minimum number of items is 1")
    texts, images = [], []
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if part.get("type") == "text":
                texts.append(str(part.get("text") or ""))
            elif part.get("type") == "image_url":
                images.append(str(part["image_url"]["url"]))
            else:
                return HttpError(400, f"content part of unknown type {part.get('type')!r}")
    call.text = "\n".join(texts)
    call.image_count = len(images)
    call.prompt_tokens = max(len(call.text) // 4, 1)
    decoded = []
    for url in images:
        found = _image(url)
        if isinstance(found, HttpError):
            return found
        decoded.append(found)
        (width, height), _ = look(found)
        call.prompt_tokens += max(width * height // PIXELS_A_TOKEN, 1)
    call.images = tuple(decoded)
    return None


def _image(url: str) -> bytes | HttpError:
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:image/") or not head.endswith(";base64"):
        return HttpError(400, "invalid image URL: this server fetches nothing")
    if len(data) > MAX_BASE64:
        return HttpError(413, "Request Entity Too Large", code="request_too_large")
    try:
        image = base64.b64decode(data, validate=True)
        (width, height), _ = look(image)
    except (binascii.Error, UnreadableImageError):
        return HttpError(400, "invalid image data")
    if width * height > MAX_PIXELS:
        return HttpError(400, f"Image has {width * height} pixels; at most {MAX_PIXELS} allowed")
    return image


def objection(call: Call, model: ServedModel) -> HttpError | None:
    """What the model does not do of what the call asks, as the server says it."""
    wrong = _image_objection(call, model)
    if not wrong and "reasoning_format" in call.body and "include_reasoning" in call.body:
        wrong = "reasoning_format and include_reasoning cannot be used together"
    if not wrong and call.format != "text":
        wrong = _format_objection(call, model)
    return HttpError(400, wrong) if wrong else None


def _image_objection(call: Call, model: ServedModel) -> str:
    if call.image_count and not model.images_per_call:
        return "messages[0].content must be a string"
    if call.image_count > model.images_per_call:
        return f"Too many images provided. This model supports up to {model.images_per_call} images"
    return ""


def _format_objection(call: Call, model: ServedModel) -> str:
    if call.body.get("tools"):
        return "json mode cannot be combined with tool/function calling"
    if call.body.get("reasoning_format") == "raw":
        return "reasoning_format `raw` is not supported with json mode"
    if call.format == "json_schema":
        return _schema_objection(call, model)
    if call.format != "json_object" or not model.json_object:
        return f"This model does not support response format `{call.format}`"
    if "json" not in call.text.lower():
        return "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
    return ""


def _schema_objection(call: Call, model: ServedModel) -> str:
    if call.stream:
        return "response_format `json_schema` does not support streaming"
    asked = call.body["response_format"].get("json_schema") or {}
    if not asked.get("name") or call.schema is None:
        return "'response_format.json_schema' needs a name and a schema"
    if not model.json_schema:
        return "This model does not support response format `json_schema`"
    if not asked.get("strict"):
        return ""
    if not model.strict:
        return "This model does not support `strict` structured outputs"
    wrong = _not_strict(call.schema, "#")
    return f"invalid JSON schema for response_format: {wrong}" if wrong else ""


def _not_strict(schema: Any, where: str) -> str:
    """The first place where a schema is not as strict mode wants it, "" if there is none."""
    if isinstance(schema, list):
        places = ((f"{where}/{number}", one) for number, one in enumerate(schema))
    elif isinstance(schema, dict):
        names = schema.get("properties")
        if isinstance(names, dict):
            if sorted(schema.get("required", [])) != sorted(names):
                return f"{where}: `required` must include every key in `properties`"
            if schema.get("additionalProperties") is not False:
                return f"{where}: `additionalProperties:false` must be set"
        parts = [key for key in schema if key not in {"enum", "const", "default", "examples"}]
        places = ((f"{where}/{key}", schema[key]) for key in parts)
    else:
        return ""
    return next((wrong for place, one in places if (wrong := _not_strict(one, place))), "")


def schema_in_prompt(text: str) -> Mapping[str, Any] | None:
    """A JSON schema that stands in a prompt, as callers put it there who cannot pass it apart."""
    decoder = json.JSONDecoder()
    best: Mapping[str, Any] | None = None
    start = text.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
        except ValueError:
            start = text.find("{", start + 1)
            continue
        if isinstance(found, dict) and ("properties" in found or "$defs" in found):
            best = found
        start = text.find("{", end)
    return best
