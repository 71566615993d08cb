"""What is known of the models: shipped facts for those people use, caution for all others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from prodintel.llm.types import Ability, Message, ModelFacts, Usage

FILE = Path(__file__).with_name("known_models.toml")
SETTINGS = {
    Ability.VISION: "GROQ_VISION_MODEL",
    Ability.TEXT: "GROQ_TEXT_MODEL",
    Ability.SEARCH: "GROQ_SEARCH_MODEL",
}
MILLION = Decimal(1_000_000)
# Text of several languages and JSON; English alone has about four characters a token.
CHARACTERS_PER_TOKEN = 3


@lru_cache(maxsize=1)
def known_models() -> dict[str, ModelFacts]:
    """The shipped facts by model id."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["model"]
    return {entry["id"]: _facts(entry) for entry in entries}


def _facts(entry: dict) -> ModelFacts:
    prices = {
        name: Decimal(entry[name]) for name in ("prompt_usd", "completion_usd") if name in entry
    }
    return ModelFacts(**entry | prices)


def model_for(ability: Ability) -> str:
    """The id of the model that the settings name for this."""
    return str(getattr(settings, SETTINGS[ability]))


def abilities() -> list[Ability]:
    """What there are models for: searching the web needs one that somebody has chosen."""
    return [ability for ability in Ability if model_for(ability)]


def facts_of(model: str, ability: Ability) -> ModelFacts:
    """What is known of a model; one nobody knows gets one photo a call and plain JSON."""
    known = known_models().get(model)
    if known is not None:
        return known
    return ModelFacts(id=model, images_per_call=1 if ability is Ability.VISION else 0)


def cost(facts: ModelFacts, *, prompt: int, completion: int) -> Decimal | None:
    """What so many tokens cost in USD; None where the price is not known."""
    if facts.prompt_usd is None or facts.completion_usd is None:
        return None
    return (facts.prompt_usd * prompt + facts.completion_usd * completion) / MILLION


def usage_of(facts: ModelFacts, *, prompt: int, completion: int) -> Usage:
    return Usage(prompt, completion, cost(facts, prompt=prompt, completion=completion))


def prompt_tokens(facts: ModelFacts, messages: Iterable[Message], *, more_text: int = 0) -> int:
    """About how many tokens the messages take, rather too many; `more_text` in characters."""
    characters, images = more_text, 0
    for message in messages:
        characters += len(message.text)
        images += len(message.images)
    return characters // CHARACTERS_PER_TOKEN + images * facts.image_tokens + 20
