"""What goes to a language model and what comes back, whoever answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class Ability(StrEnum):
    """What a model is asked to do; each has a model of its own in the settings."""

    VISION = "vision"
    TEXT = "text"
    SEARCH = "search"  # text that rests on what a search of the web finds; off without a model


@dataclass(frozen=True)
class Image:
    """An encoded picture, small enough to be sent."""

    data: bytes
    media_type: str = "image/jpeg"


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class WebSource:
    """What a model with a web search of its own found: text of strangers, and where it stood."""

    title: str
    url: str
    text: str = ""


@dataclass(frozen=True)
class Account:
    """On whose behalf a call is made: what budgets and the activity page add up.

    `purpose` names the kind of work ("describe", "analysis" ...); `scope` is the owner of the data,
    such as "catalog:3"; `user_id` is the person who asked, None where nobody did; `ref` is what the
    calls belong to that are added up, such as "run:7".
    """

    purpose: str
    scope: str = ""
    user_id: int | None = None
    ref: str = ""


@dataclass(frozen=True)
class Usage:
    """Tokens and what they cost; `cost_usd` is None where the model's price is not known."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal | None = None


@dataclass(frozen=True)
class Answer(Generic[M]):
    """A validated answer. `kept` says that it was paid for by an earlier call and not again."""

    value: M
    usage: Usage
    model: str
    kept: bool = False


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model. Prices are USD for a million tokens, None where unknown.

    `strict_schema` models are held to a JSON schema, `json_schema` ones only try to keep it.
    `hide_reasoning` and `effort` are what a reasoning model is told; `reasoning_tokens` is the room
    that its thoughts need beside the answer. `image_tokens` is what a photo of about 1,000 pixels
    takes of the prompt. `web_search` models search the web by themselves. 0 stands for unknown in
    numbers of tokens.
    """

    id: str
    images_per_call: int = 0
    strict_schema: bool = False
    json_object: bool = True
    reasoning: bool = False
    context_tokens: int = 0
    prompt_usd: Decimal | None = None
    completion_usd: Decimal | None = None
    json_schema: bool = False
    output_tokens: int = 0
    image_tokens: int = 1200
    hide_reasoning: str = ""  # "reasoning_format" or "include_reasoning"
    effort: str = ""
    reasoning_tokens: int = 0
    web_search: bool = False
    checked: str = ""  # the day on which these facts were looked up, "" for a model nobody knows
    source: str = ""

    @property
    def known(self) -> bool:
        return bool(self.checked)


@dataclass(frozen=True)
class Estimate:
    """What some calls would take. `seconds` and `cost_usd` are None where nobody can tell."""

    calls: int
    tokens: int
    seconds: float | None
    cost_usd: Decimal | None
    limited_by: str = ""  # in words: "30 requests a minute", "the daily budget", ...


class LanguageModelError(Exception):
    """A call that gave no usable answer; the message is for people.

    `permanent`: asking the same again would fail the same way. `retry_after` is how many seconds to
    wait where that is known. `code` is one of `CODES`. `outside`: the cause lies with the provider,
    the network, a limit or a budget, so the work is not to blame and its try does not count.
    """

    CODES = (
        "not_configured",  # no key
        "unauthorised",  # the key is refused
        "unknown_model",
        "rate_limited",
        "over_budget",
        "unavailable",  # no connection, 5xx, time-out, circuit open
        "refused",  # the provider refuses this request (too large, content)
        "bad_answer",  # no valid structure after the repair round
        "asked_already",  # the same is being asked elsewhere, and that takes long
    )
    sent = False
    """Whether a request went out for it; else a limit or the breaker held it back."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        permanent: bool = False,
        outside: bool = False,
        retry_after: float | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.permanent = permanent
        self.outside = outside
        self.retry_after = retry_after
        self.details = details or {}


@dataclass(frozen=True)
class Growth(Generic[M]):
    """An answer of a given shape while it grows.

    `partial` is what there is of it: any field may be missing, the last text be cut off, and types
    are not checked. The last one has the validated `value`. `again` says that what came before is
    void, since the answer is being given once more.
    """

    partial: dict[str, Any] = field(default_factory=dict)
    value: M | None = None
    model: str = ""
    again: bool = False


@dataclass(frozen=True)
class Delta:
    """A piece of streamed text; the last one carries the usage and has no text.

    Its `data` have `finish`, why the model ended, and `sources`, the `WebSource`s that it found if any.
    """

    text: str = ""
    usage: Usage | None = None
    model: str = ""
    data: dict[str, Any] = field(default_factory=dict)
