"""The server that stands in for Groq, as Groq's own SDK sees it over a socket."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import groq
import httpx
import jsonschema
import pytest
from pydantic import BaseModel, Field

from prodintel.llm.schemas import schema_text
from tests.groq_protocol.faults import NAMES
from tests.groq_protocol.limits import duration
from tests.groq_server import Fault, GroqProcess, GroqServer, ServedModel

VISION, TEXT = "qwen/qwen3.6-27b", "openai/gpt-oss-120b"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "colour", "confidence", "material", "parts", "count", "plain", "year"],
    "properties": {
        "title": {"type": "string", "maxLength": 20},
        "colour": {"type": "string", "enum": ["red", "green", "blue", "white"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "material": {"anyOf": [{"$ref": "#/$defs/Material"}, {"type": "null"}]},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}, "minItems": 1, "maxItems": 3},
        "count": {"type": "integer", "minimum": 2, "maximum": 9},
        "plain": {"type": "boolean"},
        "year": {"const": 2026},
    },
    "$defs": {
        "Material": {"type": "string", "enum": ["wool", "silk", "felt"]},
        "Part": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "parts"],
            "properties": {
                "name": {"type": ["string", "null"]},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            },
        },
    },
}


def client(server: Any, **options: Any) -> groq.Groq:
    options = {"api_key": "any", "max_retries": 0, "timeout": 10} | options
    # Reading the authorities' certificates takes longer than a call, and none is needed.
    plain = groq.DefaultHttpxClient(verify=False)
    return groq.Groq(base_url=server.url, http_client=plain, **options)


def ask(server: Any, *photos: bytes, text: str = "What is it?", **options: Any) -> Any:
    """One call, with photos to the vision model; of a stream the list of its chunks."""
    content: Any = text
    if photos:
        content = [{"type": "text", "text": text}]
        for photo in photos:
            url = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
            content.append({"type": "image_url", "image_url": {"url": url}})
    options = {"model": VISION if photos else TEXT} | options
    with client(server) as sdk:
        answer = sdk.chat.completions.create(
            messages=[{"role": "user", "content": content}], **options
        )
        return list(answer) if options.get("stream") else answer


def structured(schema: Any = SCHEMA, *, strict: bool = False) -> dict[str, Any]:
    shape = {"name": "answer", "schema": schema, "strict": strict}
    return {"response_format": {"type": "json_schema", "json_schema": shape}}


def value(answer: Any) -> Any:
    return json.loads(answer.choices[0].message.content)


@pytest.fixture
def server():
    with GroqServer() as running:
        yield running


# --- what is said ---------------------------------------------------------------------------------


def test_models_that_are_not_retired_are_listed(server):
    with client(server) as sdk:
        listed = {model.id for model in sdk.models.list().data}
    assert {VISION, TEXT} <= listed
    assert "llama-3.3-70b-versatile" not in listed


def test_answer_fits_the_schema(server, photo_bytes):
    said = value(ask(server, photo_bytes(), **structured()))
    jsonschema.validate(said, SCHEMA)
    assert said["material"] in {"wool", "silk", "felt"}


def test_answer_is_the_same_for_the_same_photos_and_another_for_others(server, photo_bytes):
    first, again, other = (
        value(ask(server, photo_bytes(color=colour), **structured()))
        for colour in ("red", "red", "blue")
    )
    assert first == again
    assert first["title"] != other["title"]


def test_colour_is_the_photo_s(server, photo_bytes):
    for colour in ("red", "green", "blue", "white"):
        photo = photo_bytes(color=colour)
        assert value(ask(server, photo, **structured()))["colour"] == colour


def test_category_is_one_that_the_call_names(server, photo_bytes):
    paths = {"type": "string", "enum": ["clothing/hats", "clothing/dresses", "garden/pots"]}
    schema = {"type": "object", "properties": {"path": paths}}
    for number in range(5):
        photo = photo_bytes(size=(60 + number, 48))
        answer = ask(server, photo, text="red dress, summer", **structured(schema))
        assert value(answer) == {"path": "clothing/dresses"}


def test_nullable_values_are_null_where_the_model_is_to_be_unsure(photo_bytes):
    with GroqServer(unsure=1.0) as server:
        said = value(ask(server, photo_bytes(), **structured()))
    jsonschema.validate(said, SCHEMA)
    assert said["material"] is None


def test_schema_in_the_prompt_is_followed_in_json_object_mode(server):
    text = f"Answer in JSON. An example: {{}}. The schema: {json.dumps(SCHEMA)} Thank you."
    said = value(ask(server, text=text, response_format={"type": "json_object"}))
    jsonschema.validate(said, SCHEMA)


def test_stream_carries_text_and_its_usage(server):
    usage = {"stream_options": {"include_usage": True}}
    chunks = ask(server, stream=True, extra_body=usage)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    finished = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert "An answer" in text
    assert finished[0].x_groq.usage.completion_tokens == server.answer_tokens
    assert chunks[-1].usage.total_tokens > server.answer_tokens


def said_by(chunks: Any) -> list[str]:
    """The pieces of text of a stream."""
    return [
        chunk.choices[0].delta.content
        for chunk in chunks
        if chunk.choices and chunk.choices[0].delta.content
    ]


def test_schema_in_the_prompt_is_followed_in_a_streamed_answer_in_small_pieces(server):
    pieces = said_by(ask(server, text=f"Fit this: {json.dumps(SCHEMA)}", stream=True))
    jsonschema.validate(json.loads("".join(pieces)), SCHEMA)
    assert max(map(len, pieces)) <= 4


class Listed(BaseModel):
    """What a tool might ask for; in strict modes its limits are said in words alone."""

    names: list[Annotated[str, Field(max_length=30)]] = Field(min_length=3, max_length=15)
    parts: list[dict[str, str]] = Field(min_length=2, max_length=2)
    long: str = Field(min_length=1, max_length=1000)
    cites: list[str] = Field(min_length=1)
    share: float = Field(ge=0, le=5)


@pytest.mark.parametrize("number", range(6))
def test_limits_that_are_said_in_words_are_kept_to(server, number):
    text = f'{number}. About {{"a1": "wool", "b2": "red"}}. Fit: {schema_text(Listed)}'
    said = Listed.model_validate_json("".join(said_by(ask(server, text=text, stream=True))))
    assert 200 < len(said.long) <= 1000
    assert set(said.cites) <= {"a1", "b2"}


def test_text_is_markdown_that_cites_what_the_prompt_has(server):
    server.answer_tokens = 120
    text = "".join(said_by(ask(server, text='What of {"a1": 1, "b12": 2}?', stream=True)))
    assert text.startswith("## ")
    assert "**" in text
    assert "\n- " in text
    assert set(re.findall(r"\[(\w+)\]", text)) == {"a1", "b12"}


def test_text_cites_nothing_where_the_prompt_has_nothing_to_cite(server):
    assert "[" not in "".join(said_by(ask(server, stream=True)))


def test_reasoning_stands_in_the_text_unless_it_is_hidden(server, photo_bytes):
    aloud = ask(server, photo_bytes())
    hidden = ask(server, photo_bytes(), extra_body={"reasoning_format": "hidden"})
    assert "<think>" in aloud.choices[0].message.content
    assert "<think>" not in hidden.choices[0].message.content


def test_answer_is_cut_where_it_passes_the_tokens_asked_for(server):
    answer = ask(server, max_completion_tokens=5)
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 5)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "nobody/none"}, "does not exist"),
        ({"model": "llama-3.3-70b-versatile"}, "decommissioned"),
        ({"stream": True, **structured()}, "streaming"),
        ({"response_format": {"type": "json_object"}}, "the word 'json'"),
        (structured({"type": "object", "properties": {"a": {}}}, strict=True), "`required`"),
        ({"model": VISION, **structured(strict=True)}, "strict"),
        ({"include_reasoning": False, "reasoning_format": "hidden"}, "together"),
    ],
)
def test_what_the_model_does_not_do_is_refused(server, options, message):
    with pytest.raises(groq.APIStatusError, match=message):
        ask(server, **options)


def test_strict_schema_is_accepted_by_a_model_that_keeps_to_it(server):
    jsonschema.validate(value(ask(server, **structured(strict=True))), SCHEMA)


def test_more_photos_than_the_model_takes_are_refused(photo_bytes):
    with GroqServer(models=[ServedModel(VISION, images_per_call=2)]) as server:
        ask(server, *[photo_bytes()] * 2)
        with pytest.raises(groq.BadRequestError, match="up to 2 images"):
            ask(server, *[photo_bytes()] * 3)


def test_bytes_that_are_no_picture_are_refused(server):
    with pytest.raises(groq.BadRequestError, match="invalid image"):
        ask(server, b"no picture")


def test_wrong_key_is_refused():
    with GroqServer(api_key="right") as server:
        with client(server, api_key="wrong") as sdk, pytest.raises(groq.AuthenticationError):
            sdk.models.list()
        with client(server, api_key="right") as sdk:
            assert sdk.models.list().data


# --- limits ---------------------------------------------------------------------------------------


def test_call_over_the_limit_is_answered_429_counted_and_granted_later():
    with GroqServer(requests_per_minute=2, minute=0.5) as server:
        ask(server)
        ask(server)
        with pytest.raises(groq.RateLimitError) as refused:
            ask(server)
        assert refused.value.response.headers["retry-after"] == "1"
        time.sleep(0.5)
        ask(server)
    assert server.over_limit == 1
    assert [call.status for call in server.requests] == [200, 200, 429, 200]


def test_headers_tell_requests_of_the_day_and_tokens_of_the_minute():
    with (
        GroqServer(requests_per_day=14_400, tokens_per_minute=6000) as server,
        client(server) as sdk,
    ):
        answer = sdk.chat.completions.with_raw_response.create(
            model=TEXT, messages=[{"role": "user", "content": "Hello?"}]
        )
    told = answer.headers
    assert told["x-ratelimit-limit-requests"] == "14400"
    assert told["x-ratelimit-remaining-requests"] == "14399"
    assert told["x-ratelimit-reset-requests"] == "6s"
    used = answer.parse().usage.total_tokens
    assert told["x-ratelimit-remaining-tokens"] == str(6000 - used)
    assert "retry-after" not in told


def test_headers_can_tell_requests_of_the_minute():
    limited = GroqServer(requests_per_minute=30, headers_say_minute=True)
    with limited as server, client(server) as sdk:
        told = sdk.chat.completions.with_raw_response.create(
            model=TEXT, messages=[{"role": "user", "content": "Hello?"}]
        ).headers
    assert told["x-ratelimit-remaining-requests"] == "29"
    assert re.fullmatch(r"(1m0|59\.\d+|60)s", told["x-ratelimit-reset-requests"])


def test_tokens_that_an_answer_may_take_are_reserved():
    with GroqServer(tokens_per_minute=3000, latency=0.3) as server, ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, server, max_completion_tokens=2000)
        time.sleep(0.1)
        with pytest.raises(groq.RateLimitError, match="TPM"):
            ask(server, max_completion_tokens=2000)
        first.result()
        with pytest.raises(groq.APIStatusError, match="too large"):
            ask(server, max_completion_tokens=4000)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(179.56, "2m59.56s"), (7.66, "7.66s"), (0.12, "120ms"), (3605, "1h0m5s"), (60, "1m0s")],
)
def test_durations_are_written_as_groq_writes_them(seconds, text):
    assert duration(seconds) == text


# --- faults ---------------------------------------------------------------------------------------


def test_scripted_errors_come_in_their_order(server):
    server.script("500", None, "429", retry_after=7)
    with pytest.raises(groq.InternalServerError):
        ask(server)
    ask(server)
    with pytest.raises(groq.RateLimitError) as refused:
        ask(server)
    ask(server)
    assert refused.value.response.headers["retry-after"] == "7"
    assert [call.fault for call in server.requests] == ["500", "", "429", ""]


def test_script_can_be_for_some_calls_alone(server):
    server.script("refusal", when=lambda call: "red shoe" in call.text, times=None)
    refused = [ask(server, text=text) for text in ("A red shoe?", "A hat?", "The red shoe?")]
    assert [one.choices[0].message.content is None for one in refused] == [True, False, True]


@pytest.mark.parametrize("fault", ["closed", "cut_body", "slow_first_byte", "hang"])
def test_broken_connection_is_a_connection_error(server, fault):
    server.script(Fault(fault, {"seconds": 5}))
    with client(server, timeout=0.3) as sdk, pytest.raises(groq.APIConnectionError):
        sdk.chat.completions.create(model=TEXT, messages=[{"role": "user", "content": "x"}])


def test_cut_stream_ends_in_the_middle(server):
    server.script("cut_stream")
    pieces = []
    with client(server) as sdk, pytest.raises(httpx.RemoteProtocolError):
        pieces.extend(
            sdk.chat.completions.create(
                model=TEXT, messages=[{"role": "user", "content": "x"}], stream=True
            )
        )
    assert 1 < len(pieces) < server.answer_tokens


def test_error_within_a_stream_is_raised_by_the_sdk(server):
    server.script("stream_error")
    with pytest.raises(groq.APIError, match="Internal error"):
        ask(server, stream=True)


@pytest.mark.parametrize("fault", ["outside_list", "wrong_types", "schema_violation", "wrong_root"])
def test_answer_can_break_the_schema(server, photo_bytes, fault):
    server.script(fault)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value(ask(server, photo_bytes(), **structured())), SCHEMA)


@pytest.mark.parametrize("fault", ["invalid_json", "truncated", "empty_content", "fenced"])
def test_answer_can_be_no_json(server, photo_bytes, fault):
    server.script(fault)
    with pytest.raises(ValueError, match="line 1"):
        value(ask(server, photo_bytes(), **structured()))


@pytest.mark.parametrize(
    ("fault", "said"), [("nul", "\0"), ("surrogates", "\ud83d"), ("html", "<script>")]
)
def test_answer_can_be_hostile(server, photo_bytes, fault, said):
    server.script(fault)
    assert said in value(ask(server, photo_bytes(), **structured()))["title"]


def test_answer_can_be_changed_in_part(server, photo_bytes):
    server.script("change", values={"title": "Ruby"})
    assert value(ask(server, photo_bytes(), **structured()))["title"] == "Ruby"


@pytest.mark.parametrize("stream", [True, False])
def test_server_survives_each_of_its_faults(server, stream):
    for name in NAMES:
        with_options = {"seconds": 0, "values": {"a": 1}, "text": "x"}
        server.script(Fault(name, with_options))
        with contextlib.suppress(groq.GroqError, httpx.HTTPError, ValueError):
            ask(server, stream=stream)
    assert [call.fault for call in server.requests] == list(NAMES)
    assert ask(server).choices[0].message.content


def test_client_that_goes_away_cancels_its_call(server):
    server.latency = 30
    with client(server, timeout=0.2) as sdk, pytest.raises(groq.APITimeoutError):
        sdk.chat.completions.create(model=TEXT, messages=[{"role": "user", "content": "x"}])
    until = time.monotonic() + 5
    while not server.requests[0].cancelled and time.monotonic() < until:
        time.sleep(0.01)
    assert server.requests[0].cancelled
    assert server.concurrent == 0


# --- many at once ---------------------------------------------------------------------------------


def test_concurrent_calls_are_counted():
    with GroqServer(latency=0.3) as server, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(server), range(8)))
    assert server.most_concurrent == 8
    assert server.concurrent == 0


def test_two_hundred_streams_keep_their_speed():
    """Read raw: the SDK would be what is measured."""
    seconds, rate = 1.5, 20
    body = json.dumps({"model": TEXT, "stream": True, "messages": [{"role": "user", "content": "x"}]})  # fmt: skip
    head = f"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: {len(body)}\r\n\r\n"
    with GroqProcess(
        tokens_per_second=rate, answer_tokens=int(rate * seconds), latency=0
    ) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        sockets = [socket.create_connection(address) for _ in range(200)]
        started = time.monotonic()
        for one in sockets:
            one.sendall((head + body).encode())
        ended = []
        for one in sockets:
            received = b""
            while b"[DONE]" not in received:
                received += one.recv(65_536)
            ended.append(time.monotonic() - started)
            one.close()
        assert server.state()["most_concurrent"] == 200
    assert max(ended) < seconds * 3


def test_process_of_its_own_takes_scripts_and_tells_what_it_counted():
    with GroqProcess(rpm=1, latency=0) as server:
        server.script("500", text="x")
        with pytest.raises(groq.InternalServerError):
            ask(server, text="x")
        with pytest.raises(groq.RateLimitError):
            ask(server)
        state = server.state()
    assert (state["requests"], state["over_limit"], state["answered"]) == (2, 1, 0)
