"""What the texts of an ad may rest on: facts of the product, its prices, the offer, and words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

WORDS_FILE = Path(__file__).with_name("claims.toml")
OFFER = "offer"


class Fact(BaseModel):
    """Something that is known of the product. `key` is what texts cite, `label` its name.

    `unsure` says that it is a machine's guess which nobody confirmed.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    label: str
    text: str
    url: str = ""
    unsure: bool = False


class Price(BaseModel):
    """What the product, or a variant, costs, and what it cost before where it is reduced."""

    model_config = ConfigDict(frozen=True)

    key: str
    amount: Decimal
    currency: str
    before: Decimal | None = None

    @property
    def saved(self) -> Decimal | None:
        if self.before is None or self.before <= self.amount:
            return None
        return self.before - self.amount

    @property
    def percent_off(self) -> Decimal | None:
        """Of 100, exactly."""
        if self.saved is None or not self.before:
            return None
        return self.saved * 100 / self.before


@dataclass(frozen=True)
class Support:
    facts: tuple[Fact, ...] = ()
    prices: tuple[Price, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)
    """Words that are written as they are: brand, title, SKU."""

    def by_key(self) -> dict[str, Fact]:
        return {fact.key: fact for fact in self.facts}

    def offer(self) -> str:
        return " ".join(fact.text for fact in self.facts if fact.key == OFFER)

    def is_unsure(self, keys: Iterable[str]) -> bool:
        """Whether all of these facts are guesses."""
        facts = self.by_key()
        return all(key in facts and facts[key].unsure for key in keys)


@dataclass(frozen=True)
class Group:
    """Words that say the same. A text that has one claims it; a fact that has one supports it."""

    key: str
    label: str
    pattern: re.Pattern[str]
    names_follow: bool = False
    """Whether it matters what comes after: made in where."""


@dataclass(frozen=True)
class Lexicon:
    claims: tuple[Group, ...]
    terms: tuple[Group, ...] = ()


@lru_cache(maxsize=1)
def claim_groups() -> tuple[Group, ...]:
    """The groups of `claims.toml`."""
    entries = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
    return tuple(
        group(key, entry["label"], entry["words"], names_follow=entry.get("names_follow", False))
        for key, entry in entries.items()
    )


def term_groups(terms: Mapping[str, Iterable[str]]) -> tuple[Group, ...]:
    """Groups of values of a vocabulary: the words of each, in all its languages, by its label."""
    found = []
    for label, words in terms.items():
        # "Silk & satin" is two words for one value.
        parts = {
            part.strip()
            for word in words
            for part in re.split(r"\s*(?:&|/|,| et | und | y )\s*", word)
        }
        usable = sorted(part for part in parts if len(part) > 1)
        if usable:
            found.append(group(label, label, usable))
    return tuple(found)


def group(key: str, label: str, words: Iterable[str], *, names_follow: bool = False) -> Group:
    return Group(key, label, pattern_of(words), names_follow)


def pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words, the longest first, as whole words whatever their case."""
    ordered = sorted(words, key=len, reverse=True)
    parts = [
        r"[\s-]+".join(
            re.escape(piece).replace(r"\*", r"\w*") for piece in re.split(r"[\s-]+", word)
        )
        for word in ordered
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)
