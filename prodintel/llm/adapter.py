"""Groq's client, and servers that speak its protocol: the only module that knows the SDK.

Requests are made once: trying again is for who knows the limits and what waits. What goes wrong
becomes a LanguageModelError whose message is for people and repeats no secret.
"""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from prodintel.llm import rate_headers
from prodintel.llm.credentials import Active
from prodintel.llm.rate_headers import Seen
from prodintel.llm.types import LanguageModelError, Message, ModelFacts, WebSource

if TYPE_CHECKING:
    import groq
    import httpx

CONNECT_SECONDS, WRITE_SECONDS, READ_SECONDS = 5.0, 30.0, 90.0
FIRST_TOKEN_SECONDS = 45.0
# The body of a request: 4 MB at Groq, text and envelope included.
MAX_IMAGE_BYTES = 2_900_000
MAX_SOURCES, MAX_SOURCE_TITLE, MAX_SOURCE_URL, MAX_SOURCE_TEXT = 20, 300, 500, 2_000
TOO_LARGE = "The photos are too large to be sent to a language model together."


@dataclass(frozen=True)
class Reply:
    """An answer as it came. `tokens` are those of prompt and completion, None where not said."""

    text: str
    finish: str
    tokens: tuple[int, int] | None
    seen: Seen


@dataclass
class Piece:
    """A piece of a streamed answer; see `Reply`."""

    text: str = ""
    finish: str = ""
    tokens: tuple[int, int] | None = None
    sources: tuple[WebSource, ...] = ()


@dataclass(frozen=True)
class Failure:
    """What pacing and budgets must know of a failed request beside its error."""

    seen: Seen = field(default_factory=Seen)
    reached: bool = True  # whether the model may have worked, so that it may have to be paid


class CallFailedError(LanguageModelError):
    """A request that failed, with what its answer said besides."""

    sent = True
    failure = Failure()
    # The provider's own word for it, and what it generated in vain.
    provider_code = ""
    generated = ""


def complete(
    active: Active,
    facts: ModelFacts,
    messages: Sequence[Message],
    *,
    max_tokens: int,
    response_format: dict[str, Any] | None,
    plain: bool = False,
    seconds: float | None = None,
) -> Reply:
    """One answer, whole. `plain` leaves out what only reasoning models understand; `seconds` is how
    long to wait for it at most, where that is less than usual.

    Raises CallFailedError.
    """
    request = _request(facts, messages, max_tokens, plain=plain)
    if response_format is not None:
        request["response_format"] = response_format
    if seconds is not None:
        request["timeout"] = _timeout(seconds)
    with _explained(active):
        raw = _client(active).chat.completions.with_raw_response.create(**request)
        with _sensible():
            return _reply(raw.parse(), rate_headers.read(raw.headers, now=time.time()))


async def pieces(
    active: Active,
    facts: ModelFacts,
    messages: Sequence[Message],
    *,
    max_tokens: int,
    plain: bool = False,
) -> AsyncIterator[Piece | Seen]:
    """An answer as it is written: first the limits that its headers name, then the pieces.

    Closing the iterator ends the request. Raises CallFailedError, also when the stream breaks off.
    """
    request = _request(facts, messages, max_tokens, plain=plain)
    extra = {"stream_options": {"include_usage": True}}
    finished = False
    with _explained(active):
        async with _async_client(active).chat.completions.with_streaming_response.create(
            **request, stream=True, extra_body=extra, timeout=_stream_timeout()
        ) as raw:
            yield rate_headers.read(raw.headers, now=time.time())
            async for chunk in await raw.parse():
                with _sensible():
                    piece = _piece(chunk)
                finished = finished or bool(piece.finish)
                yield piece
    if not finished:
        raise _error("The answer broke off.", "unavailable", outside=True)


def model_ids(active: Active, *, seconds: float) -> list[str]:
    """The models that the account may use. Raises CallFailedError."""
    with _explained(active):
        answer = _client(active).models.list(timeout=seconds)
        return sorted(one.id for one in answer.data or [])


def close() -> None:
    """Close the connections that are kept open."""
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()


async def aclose() -> None:
    """Close the connections that the running event loop keeps open."""
    for client in _async_clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


# --- Clients --------------------------------------------------------------------------------------

_lock = threading.Lock()
_clients: dict[str, groq.Groq] = {}
_async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, groq.AsyncGroq]] = (
    WeakKeyDictionary()
)


def load() -> None:
    """Import the SDK, which takes a second the first time: in a thread, so that no event loop, and
    no other run in it, waits for that.
    """
    import_module("groq.resources.chat")


def _client(active: Active) -> groq.Groq:
    """The client of this account; the one of an account that was changed away from is closed."""
    import groq

    with _lock:
        client = _clients.get(active.account)
        if client is None:
            for outdated in _clients.values():
                outdated.close()
            client = groq.Groq(**_options(active, READ_SECONDS))
            _clients.clear()
            _clients[active.account] = client
        return client


def _async_client(active: Active) -> groq.AsyncGroq:
    """The client of this account for the running loop: its connections belong to one loop."""
    import groq

    clients = _async_clients.setdefault(asyncio.get_running_loop(), {})
    if active.account not in clients:
        clients[active.account] = groq.AsyncGroq(**_options(active, FIRST_TOKEN_SECONDS))
    return clients[active.account]


def _options(active: Active, seconds: float) -> dict[str, Any]:
    return {
        "api_key": active.key.get_secret_value(),
        "base_url": active.base_url,
        "max_retries": 0,
        "timeout": _timeout(seconds),
    }


def _timeout(seconds: float) -> httpx.Timeout:
    import httpx

    return httpx.Timeout(seconds, connect=CONNECT_SECONDS, write=WRITE_SECONDS)


def _stream_timeout() -> httpx.Timeout:
    return _timeout(FIRST_TOKEN_SECONDS)


# --- Requests and answers -------------------------------------------------------------------------


def _request(
    facts: ModelFacts, messages: Sequence[Message], max_tokens: int, *, plain: bool
) -> dict[str, Any]:
    if sum(len(image.data) for message in messages for image in message.images) > MAX_IMAGE_BYTES:
        raise _error(TOO_LARGE, "refused", permanent=True, reached=False)
    request: dict[str, Any] = {
        "model": facts.id,
        "messages": [_message(message) for message in messages],
        "max_completion_tokens": max_tokens,
    }
    if facts.reasoning and not plain:
        if facts.hide_reasoning == "reasoning_format":
            request["reasoning_format"] = "hidden"
        elif facts.hide_reasoning == "include_reasoning":
            request["include_reasoning"] = False
        if facts.effort:
            request["reasoning_effort"] = facts.effort
    if facts.web_search:
        # Searching alone: it runs no code, opens no page and drives no browser for us.
        request["compound_custom"] = {"tools": {"enabled_tools": ["web_search"]}}
    return request


def _message(message: Message) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.text}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.text}]
    for image in message.images:
        data = base64.b64encode(image.data).decode("ascii")
        url = f"data:{image.media_type};base64,{data}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return {"role": message.role, "content": parts}


def _reply(answer: Any, seen: Seen) -> Reply:
    if not answer.choices:
        # It was asked and may have to be paid, so it counts as a try.
        raise _error("The model gave no answer.", "bad_answer")
    choice = answer.choices[0]
    # Not among the client's fields, but models of OpenAI's kind say it.
    if getattr(choice.message, "refusal", None):
        raise _error("The model declines to answer this.", "refused", permanent=True)
    text, finish = choice.message.content or "", choice.finish_reason or ""
    return Reply(text, finish, _tokens(answer.usage), seen)


def _tokens(usage: Any) -> tuple[int, int] | None:
    if usage is None:
        return None
    return int(usage.prompt_tokens or 0), int(usage.completion_tokens or 0)


def _piece(chunk: Any) -> Piece:
    usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq else None)
    piece = Piece(tokens=_tokens(usage))
    if chunk.choices:
        choice = chunk.choices[0]
        piece.text = choice.delta.content or ""
        piece.finish = choice.finish_reason or ""
        piece.sources = _sources(choice.delta.executed_tools or ())
    return piece


def _sources(executed: Iterable[Any]) -> tuple[WebSource, ...]:
    """What the searches found that the model made by itself."""
    results = [
        result
        for tool in executed
        if tool.search_results is not None
        for result in tool.search_results.results or ()
    ]
    return tuple(
        WebSource(
            title=str(result.title or "")[:MAX_SOURCE_TITLE],
            url=str(result.url)[:MAX_SOURCE_URL],
            text=str(result.content or "")[:MAX_SOURCE_TEXT],
        )
        for result in results[:MAX_SOURCES]
        if str(result.url or "").startswith(("https://", "http://"))
    )


# --- Errors ---------------------------------------------------------------------------------------

_UNKNOWN_MODEL = {"model_not_found", "model_decommissioned", "model_permission_blocked_org"}


@contextmanager
def _explained(active: Active) -> Iterator[None]:
    """Turns what the SDK and its HTTP client raise into CallFailedError.

    Without the cause: the client's frames hold the key, and error pages show frames.
    """
    import groq
    import httpx

    try:
        yield
    except groq.APIStatusError as error:
        raise _of_status(error, active) from None
    except (groq.APITimeoutError, httpx.TimeoutException) as error:
        reached = not isinstance(_root(error), httpx.ConnectTimeout | httpx.PoolTimeout)
        message = "The language model did not answer in time."
        raise _error(message, "unavailable", outside=True, reached=reached) from None
    except (groq.APIConnectionError, httpx.TransportError) as error:
        reached = not isinstance(_root(error), httpx.ConnectError)
        message = "The language model cannot be reached." if not reached else _BROKE_OFF
        raise _error(message, "unavailable", outside=True, reached=reached) from None
    except (groq.GroqError, httpx.HTTPError, ValueError) as error:
        message = _scrubbed(f"The language model's answer makes no sense: {error}", active)
        raise _error(message, "unavailable", outside=True) from None


@contextmanager
def _sensible() -> Iterator[None]:
    """For taking an answer apart: the client builds its objects without looking at their types."""
    try:
        yield
    except (AttributeError, TypeError, ValueError, IndexError):
        raise _error(
            "The language model's answer makes no sense.", "unavailable", outside=True
        ) from None


_BROKE_OFF = "The connection to the language model broke off."


def _root(error: BaseException) -> BaseException:
    return error.__cause__ or error


def _of_status(error: groq.APIStatusError, active: Active) -> CallFailedError:
    body: dict[str, Any] = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    details: dict[str, Any] = inner if isinstance(inner, dict) else body
    code, said = (_scrubbed(str(details.get(name) or ""), active) for name in ("code", "message"))
    seen = rate_headers.read(error.response.headers, now=time.time())
    failed = _meaning(error.status_code, code, said, seen)
    failed.failure = Failure(seen, reached=code == "json_validate_failed")
    failed.provider_code = code
    failed.generated = str(details.get("failed_generation") or "")
    failed.details = {"status": error.status_code, "provider_code": code, "said": said}
    return failed


def _meaning(status: int, code: str, said: str, seen: Seen) -> CallFailedError:
    wait = seen.retry_after
    if status == 429:  # noqa: PLR2004 -- HTTP statuses are names of their own
        return _error(_limit_words(wait), "rate_limited", outside=True, retry_after=wait)
    if code in _UNKNOWN_MODEL or status == 404:  # noqa: PLR2004
        message = "The provider does not know this model, or the account may not use it."
        return _error(message, "unknown_model", outside=True)
    if status in {401, 403}:
        message = "The provider refuses the key. Enter another one, or check it in its console."
        return _error(message, "unauthorised", outside=True)
    if status >= 498 or status in {408, 409, 424}:  # noqa: PLR2004 -- 498: out of capacity
        message = f"The provider is out of order (status {status})."
        return _error(message, "unavailable", outside=True, retry_after=wait)
    if status == 413:  # noqa: PLR2004
        return _error("The request is too large for the model.", "refused", permanent=True)
    return _error(f"The provider refuses this request: {said or status}", "refused", permanent=True)


def _limit_words(wait: float | None) -> str:
    if wait is None:
        return "The provider's limit is reached."
    return f"The provider's limit is reached; it asks to wait for {wait:,.0f} s."


def _error(
    message: str,
    code: str,
    *,
    permanent: bool = False,
    outside: bool = False,
    retry_after: float | None = None,
    reached: bool = True,
) -> CallFailedError:
    error = CallFailedError(
        message[:500], code=code, permanent=permanent, outside=outside, retry_after=retry_after
    )
    error.failure = Failure(reached=reached)
    return error


def _scrubbed(text: str, active: Active) -> str:
    return text.replace(active.key.get_secret_value(), "…")[:300]
