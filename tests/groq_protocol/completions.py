"""The protocol itself: which path, which key, which limit, which fault, and the answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.groq_protocol.answers import fitting
from tests.groq_protocol.calls import (
    Call,
    ServedModel,
    objection,
    read_messages,
    schema_in_prompt,
)
from tests.groq_protocol.faults import ERRORS, TEXTS, TWISTS, Fault, HttpError, changed_whole
from tests.groq_protocol.http import Incoming, Reply
from tests.groq_protocol.limits import Limits, Refusal, Spent
from tests.groq_protocol.prose import prose
from tests.groq_protocol.searches import executed

if TYPE_CHECKING:
    from tests.groq_server import GroqServer

CREATED = 1_780_000_000
SLOW_SECONDS = 5.0
DRAIN_EVERY = 64  # pieces written between two looks at whether the client keeps up
TIMES_A_PARAGRAPH = 40
REFUSAL = "I'm sorry, but I can't help with that."


class Completions:
    def __init__(self, server: GroqServer) -> None:
        self._server = server
        self._limits: dict[str, Limits] = {}

    async def handle(self, incoming: Incoming, reply: Reply) -> None:
        match incoming.method, incoming.path:
            case "GET", "/_state":
                await reply.json(self._server.state())
            case "POST", "/_script":
                self._server.script_from(json.loads(incoming.body))
                await reply.json({})
            case "GET", "/openai/v1/models" if self._may_enter(incoming):
                await reply.json({"object": "list", "data": self._models()})
            case "POST", "/openai/v1/chat/completions" if self._may_enter(incoming):
                await self._complete(incoming, reply)
            case _, "/openai/v1/models" | "/openai/v1/chat/completions":
                await _refuse(reply, ERRORS["401"])
            case _:
                await _refuse(reply, HttpError(404, f"Unknown request URL: {incoming.path}"))

    def _may_enter(self, incoming: Incoming) -> bool:
        key = incoming.headers.get("authorization", "").removeprefix("Bearer ")
        return key == self._server.api_key if self._server.api_key is not None else bool(key)

    def _models(self) -> list[dict[str, Any]]:
        return [
            {
                "id": model.id,
                "object": "model",
                "created": CREATED,
                "owned_by": model.id.partition("/")[0],
                "active": True,
                "context_window": model.context_window,
                "public_apps": None,
                "max_completion_tokens": model.context_window // 4,
            }
            for model in self._server.models.values()
            if not model.retired
        ]

    async def _complete(self, incoming: Incoming, reply: Reply) -> None:
        try:
            body = json.loads(incoming.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            await _refuse(reply, HttpError(400, "could not parse the JSON body of the request"))
            return
        call = Call(body, incoming.headers)
        wrong = read_messages(call)
        self._server.record(call)
        with self._server.counted():
            try:
                await self._answer(call, wrong, reply)
            except asyncio.CancelledError:
                call.cancelled = True
                raise
            finally:
                call.took = time.monotonic() - call.at
                if not self._server.keep_images:
                    call.images, call.body = (), {}

    async def _answer(self, call: Call, wrong: HttpError | None, reply: Reply) -> None:
        model = self._server.models.get(call.model)
        wrong = _unserved(call, model) or wrong
        if wrong or model is None:
            await _refuse(reply, wrong or ERRORS["unknown_model"], call=call)
            return
        limits = self._limits_of(model)
        if limits.too_large(call.reserved):
            # A call that no waiting helps.
            message = f"Request too large for model `{model.id}` on tokens per minute (TPM): Requested {call.reserved}"
            error = HttpError(413, message, kind="tokens", code="rate_limit_exceeded")
            await _refuse(reply, error, call=call)
            return
        granted = limits.admit(time.monotonic(), call.reserved)
        if isinstance(granted, Refusal):
            call.over_limit = True
            await _refuse_over_limit(reply, call, granted, limits)
            return
        wrong = objection(call, model)
        if wrong:
            await _refuse(reply, wrong, call=call)
            return
        fault = self._server.fault_for(call)
        call.fault = fault.name if fault else ""
        await self._play(call, model, fault, reply, limits, granted)

    def _limits_of(self, model: ServedModel) -> Limits:
        server = self._server
        if model.id not in self._limits:
            self._limits[model.id] = Limits(
                requests_per_minute=server.requests_per_minute,
                tokens_per_minute=server.tokens_per_minute,
                requests_per_day=server.requests_per_day,
                minute=server.minute,
                headers_say_minute=server.headers_say_minute,
            )
        return self._limits[model.id]

    async def _play(
        self,
        call: Call,
        model: ServedModel,
        fault: Fault | None,
        reply: Reply,
        limits: Limits,
        spent: Spent,
    ) -> None:
        name = fault.name if fault else ""
        options: Mapping[str, Any] = fault.options if fault else {}
        if name == "stream_error" and not call.stream:
            name = "500"
        if name in ERRORS:
            after = options.get("retry_after", 2 if name == "429" else None)
            headers = limits.headers(time.monotonic())
            headers |= {"retry-after": str(after)} if after is not None else {}
            await _refuse(reply, ERRORS[name], call=call, headers=headers)
            return
        if name == "closed":
            reply.hang_up()
            return
        if name == "hang":
            await asyncio.sleep(options.get("seconds", math.inf))
            reply.hang_up()
            return
        if name == "slow_first_byte":
            await asyncio.sleep(options.get("seconds", SLOW_SECONDS))
        answer = _Answer(call, model, fault, self._server)
        call.completion_tokens = answer.completion_tokens
        used = call.prompt_tokens + call.completion_tokens
        call.status = 200
        if call.stream:
            headers = limits.headers(time.monotonic()) | {"x-request-id": answer.request}
            await _stream(answer, reply, headers, self._server)
            spent.tokens = used
            return
        await asyncio.sleep(self._server.latency)
        spent.tokens = used
        headers = limits.headers(time.monotonic()) | {"x-request-id": answer.request}
        if name in {"cut_body", "cut_stream"}:
            await reply.half(json.dumps(answer.whole()).encode(), headers)
        elif name == "no_json_body":
            await reply.whole(b"<html><h1>It works!</h1></html>", kind="text/html", headers=headers)
        else:
            await reply.json(answer.whole(), headers=headers)


def _unserved(call: Call, model: ServedModel | None) -> HttpError | None:
    if model is None:
        return HttpError(
            404,
            f"The model `{call.model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )
    if model.retired:
        return HttpError(
            400,
            f"The model `{call.model}` has been decommissioned and is no longer supported.",
            code="model_decommissioned",
        )
    return None


async def _refuse(
    reply: Reply,
    error: HttpError,
    *,
    call: Call | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    if call is not None:
        call.status = error.status
    if error.status == 502:
        # What stands in front of the server says this, and not in JSON.
        await reply.whole(b"<html>502 Bad Gateway</html>", 502, kind="text/html", headers=headers)
        return
    await reply.json(error.body(), error.status, headers)


async def _refuse_over_limit(reply: Reply, call: Call, refusal: Refusal, limits: Limits) -> None:
    error = HttpError(
        429,
        f"Rate limit reached for model `{call.model}` in organization `org_tests` service tier "
        f"`on_demand` on {refusal.kind}: Limit {refusal.limit}, Used {refusal.used}. "
        f"Please try again in {refusal.wait:.3f}s.",
        kind=refusal.kind.split()[0],
        code="rate_limit_exceeded",
    )
    headers = limits.headers(time.monotonic()) | {"retry-after": str(math.ceil(refusal.wait))}
    await _refuse(reply, error, call=call, headers=headers)


class _Answer:
    """What is said to one call, whole or in pieces."""

    def __init__(
        self, call: Call, model: ServedModel, fault: Fault | None, server: GroqServer
    ) -> None:
        self._call = call
        self.fault = fault.name if fault else ""
        self._fault = fault
        key = hashlib.sha256(f"{call.number}".encode()).hexdigest()
        self.request = f"req_{key[:26]}"
        self._id = f"chatcmpl-{key[:32]}"
        self.finish = "stop"
        self._schema = call.schema or schema_in_prompt(call.text)
        if self._schema is None and call.format != "text":
            self._schema = {"type": "object"}
        self.tells_time = server.clock and self._schema is None and fault is None
        self.executed = executed(call) if model.web_search else []
        self._thinks_aloud = model.reasoning and not _hides_reasoning(call)
        pieces = self._pieces(server)
        most = call.body.get("max_completion_tokens") or call.body.get("max_tokens")
        # Servers gone wrong forget what they were asked to keep to.
        too_many = most is not None and len(pieces) > most and self.fault not in {"huge", "deep"}
        if self.fault == "truncated" or too_many:
            self.finish = "length"
            pieces = pieces[: len(pieces) // 2 if self.fault == "truncated" else most]
        if self.fault in {"refusal", "empty_content"}:
            pieces = []
        self.pieces = pieces
        self.text = "".join(pieces)
        self.completion_tokens = len(pieces)

    def _pieces(self, server: GroqServer) -> list[str]:
        call = self._call
        thoughts = ["<think>", "Let me see.", "</think>\n\n"] if self._thinks_aloud else []
        if self._schema is None:
            pieces = prose(call.images, call.text, server.answer_tokens)
            text = "".join(pieces)
            said = self._spoilt(text)
            return [*thoughts, *pieces] if said == text else _tokens(said)
        twist = TWISTS.get(self.fault)
        value = fitting(self._schema, call.images, call.text, unsure=server.unsure, twist=twist)
        if self._fault is not None:
            value = changed_whole(self._fault, value)
        pieces = _tokens(self._spoilt(json.dumps(value)))
        return [*thoughts, *pieces] if call.format == "text" else pieces

    def _spoilt(self, text: str) -> str:
        if self._fault is None:
            return text
        if self.fault == "say":
            return str(self._fault.options["text"])
        if self._schema is None and self.fault in TWISTS:
            return str(TWISTS[self.fault]({"type": "string"}, text))
        return TEXTS[self.fault](text) if self.fault in TEXTS else text

    def usage(self) -> dict[str, Any]:
        prompt, completion = self._call.prompt_tokens, self.completion_tokens
        return {
            "queue_time": 0.001,
            "prompt_tokens": prompt,
            "prompt_time": 0.01,
            "completion_tokens": completion,
            "completion_time": completion / 500,
            "total_tokens": prompt + completion,
            "total_time": 0.01 + completion / 500,
        }

    def whole(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.executed:
            message["executed_tools"] = self.executed
        if self.fault == "refusal":
            message |= {"content": None, "refusal": REFUSAL}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish}
        return {
            **self._frame("chat.completion"),
            "choices": [] if self.fault == "empty_choices" else [choice],
            "usage": self.usage(),
            "x_groq": {"id": self.request},
        }

    def chunk(self, delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return json.dumps(
            {**self._frame("chat.completion.chunk"), "choices": [choice], **more}
        ).encode()

    def usage_chunk(self) -> bytes:
        frame = self._frame("chat.completion.chunk")
        return json.dumps({**frame, "choices": [], "usage": self.usage()}).encode()

    @property
    def wants_usage_chunk(self) -> bool:
        return bool((self._call.body.get("stream_options") or {}).get("include_usage"))

    def _frame(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": CREATED,
            "model": self._call.model,
            "system_fingerprint": "fp_tests",
        }


def _hides_reasoning(call: Call) -> bool:
    body = call.body
    shown = body.get("include_reasoning", True) and body.get("reasoning_format", "raw") == "raw"
    return not shown or body.get("reasoning_effort") == "none" or "gpt-oss" in call.model


def _tokens(text: str) -> list[str]:
    """Text in pieces of about a token; of huge texts larger ones."""
    size = max(4, len(text) // 2000)
    return [text[start : start + size] for start in range(0, len(text), size)]


async def _stream(
    answer: _Answer, reply: Reply, headers: Mapping[str, str], server: GroqServer
) -> None:
    first = server.latency if server.first_token is None else server.first_token
    reply.start_events(headers)
    reply.event(answer.chunk({"role": "assistant", "content": ""}, x_groq={"id": answer.request}))
    if answer.fault == "refusal":
        reply.event(answer.chunk({"refusal": REFUSAL}))
    await asyncio.sleep(first)
    if answer.executed:
        reply.event(answer.chunk({"executed_tools": answer.executed}))
    if await _pieces_sent(answer, reply, server):
        return
    x_groq = {"id": answer.request, "usage": answer.usage()}
    if answer.fault != "empty_choices":
        reply.event(answer.chunk({}, answer.finish, x_groq=x_groq))
    if answer.wants_usage_chunk:
        reply.event(answer.usage_chunk())
    reply.event(b"[DONE]")
    await reply.end_events()


async def _pieces_sent(answer: _Answer, reply: Reply, server: GroqServer) -> bool:
    """Send the text at the server's speed; whether that was the end, as a fault has it."""
    rate = server.tokens_per_second
    pieces = [] if answer.fault == "empty_choices" else answer.pieces
    # What is the same in all chunks is written once: two hundred streams share one core.
    before, after = answer.chunk({"content": "\0"}).split(rb'"\u0000"')
    started = time.monotonic()
    for number, piece in enumerate(pieces):
        if number == len(pieces) // 2 and answer.fault in {"cut_stream", "cut_body"}:
            await reply.drained()
            reply.hang_up()
            return True
        if number == len(pieces) // 2 and answer.fault == "stream_error":
            error = {"message": "Internal error", "type": "server_error", "status_code": 500}
            reply.event(json.dumps({"error": error}).encode())
            await reply.end_events()
            return True
        end = " " if number % TIMES_A_PARAGRAPH else "\n\n"
        said = f"{time.time():.4f}{end}" if answer.tells_time else piece
        reply.event(before + json.dumps(said).encode() + after)
        if rate is not None:
            # By the clock, so that the pauses' own lateness does not add up.
            await asyncio.sleep(max(started + (number + 1) / rate - time.monotonic(), 0))
        elif number % DRAIN_EVERY == 0:
            await reply.drained()
    return False
