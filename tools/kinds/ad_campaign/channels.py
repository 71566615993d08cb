"""The channels of `tools/channels.toml`, typed."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.counting import Counted

FILE = Path(__file__).parents[2] / "channels.toml"
RuleName = Literal[
    "all_different",
    "few_hashtags",
    "no_capitals",
    "no_emoji",
    "no_exclamation_mark",
    "no_hash_or_braces",
    "no_link",
    "no_mention",
    "no_phone_number",
    "no_promotion",
    "no_repeated_punctuation",
    "one_word",
]


class ChannelsError(Exception):
    """The file is not there or not as it should be; the message says what is wrong."""


class Sourced(BaseModel):
    """Something that a channel says: where, and on which day that was looked up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(pattern=r"^https://\S+(, https://\S+)*$")
    checked: date


class TextLimit(Sourced):
    """One kind of text of an ad: how long each may be and how many there may be."""

    label: str = Field(min_length=1)
    counted: Counted
    limit: int = Field(ge=1)
    hint: str = ""
    least: int = Field(default=1, ge=0)
    most: int = Field(default=1, ge=1)
    asked: int = Field(default=0, ge=0)
    strict: bool = True
    lines: bool = False
    slug: bool = False

    @model_validator(mode="after")
    def _asked_between_least_and_most(self) -> Self:
        if not self.least <= self.wanted <= self.most:
            raise ValueError(f"{self.label}: of {self.least} to {self.most}, not {self.wanted}")
        return self

    @property
    def wanted(self) -> int:
        """How many the model is asked for."""
        return self.asked or self.most

    @property
    def many(self) -> bool:
        return self.most > 1


class Rule(Sourced):
    name: RuleName
    texts: tuple[str, ...] = Field(min_length=1)
    most: int = 0


class Declaration(Sourced):
    text: str = Field(min_length=1)


class Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    title: str = Field(min_length=1)
    icon: str = Field(min_length=1)
    texts: dict[str, TextLimit] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    declared: Declaration | None = None

    @model_validator(mode="after")
    def _rules_of_known_texts(self) -> Self:
        unknown = {text for rule in self.rules for text in rule.texts} - set(self.texts)
        if unknown:
            raise ValueError(f"rules of texts that are not there: {', '.join(sorted(unknown))}")
        return self

    def rules_of(self, text: str) -> list[Rule]:
        return [rule for rule in self.rules if text in rule.texts]


@lru_cache(maxsize=1)
def channels() -> dict[str, Channel]:
    """The channels by key, in the order of the file. Raises ChannelsError."""
    return read_channels(FILE)


def read_channels(path: Path) -> dict[str, Channel]:
    """The channels of a file. Raises ChannelsError."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        found = {key: Channel(key=key, **entry) for key, entry in entries.items()}
    except (OSError, ValueError, TypeError) as error:
        raise ChannelsError(f"{path.name}: {_reason(error)}") from error
    if not found:
        raise ChannelsError(f"{path.name}: no channel")
    return found


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}"
