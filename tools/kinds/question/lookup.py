"""Answers by rules: the words of a question looked up in what the catalogue says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from catalog.search.asking.lexicon import tokens_of
from catalog.search.asking.speech import spoken
from catalog.textsearch.normalise import singulars

MOST_FOUND = 5
# Letters a word must have to be compared as if it were misspelt, and how alike it must be.
FUZZY_LETTERS, FUZZY_RATIO = 5, 0.86
BY_CONCEPT, BY_LABEL, BY_VALUE = 3, 3, 2
# A label that is only much like a word still counts; such a value does not.
LEAST = 1.5
MAX_QUOTED = 300
# What people ask with, and the fields that answer it.
CONCEPTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("made material fabric composition stuff consist", frozenset({"material", "composition"})),
    ("cost price expensive cheap much discount sale", frozenset({"variant"})),
    ("stock available availability sku gtin barcode ean condition", frozenset({"variant"})),
    ("variant option choice come", frozenset({"variant", "color", "size"})),
    (
        "big large tall wide high long small size measure dimension fit deep",
        frozenset({"dimensions", "size", "height", "width", "capacity", "fit"}),
    ),
    ("heavy light weigh weight", frozenset({"variant", "dimensions"})),
    ("wash clean care dishwasher iron dry machine", frozenset({"care"})),
    ("colour color shade hue", frozenset({"color"})),
    ("origin country from where produced", frozenset({"country_of_origin"})),
    ("rain water waterproof wet", frozenset({"waterproof"})),
    ("battery plug power electric charge watt", frozenset({"power_source", "power"})),
    ("child kid women men adult age who suitable", frozenset({"age_group", "gender", "target_audience"})),
    ("maker manufacturer brand", frozenset({"brand"})),
    ("safe safety certificate norm", frozenset({"safety"})),
    ("winter summer season spring autumn", frozenset({"season"})),
)  # fmt: skip
LOOKS = frozenset(
    [
        *["look", "looks", "colour", "color", "shade", "photo", "picture", "image", "see", "show"],
        *["visible", "pattern", "shape", "print", "printed", "logo", "button", "zip", "zipper"],
        *["pocket", "handle", "strap", "sleeve", "collar", "background", "design", "style"],
        *["seam", "lid", "front", "back", "side", "inside", "label", "texture", "shiny", "matte"],
    ]
)
NOTHING = (
    "The catalogue does not say, as far as the words of the question can be compared with it. "
    "Without a language model nobody can tell more."
)
EMPTY = "this is not filled in; a text of the catalogue may say it all the same."
_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Found:
    """What answers a question. `key` is "" where the catalogue says nothing of it."""

    label: str
    text: str
    key: str
    score: float


def found(question: str, facts: Mapping[str, Any], language: str) -> list[Found]:
    """What the catalogue says, or should and does not, about the words of the question."""
    words = asked_words(question, language)
    answers = [*_said(words, facts["entries"]), *_unsaid(words, facts["unfilled"])]
    answers.sort(key=lambda one: -one.score)
    return [one for one in answers if one.score >= LEAST][:MOST_FOUND]


def is_about_looks(question: str) -> bool:
    return any(not singulars(token.folded).isdisjoint(LOOKS) for token in tokens_of(question))


def draft(question: str, facts: Mapping[str, Any], language: str) -> str:
    """The answer as Markdown, with the keys of what it quotes."""
    answers = found(question, facts, language)
    if not answers:
        return NOTHING
    lines = [
        f"- **{_plain(one.label)}:** {_plain(one.text)} [{one.key}]"
        if one.key
        else f"- **{_plain(one.label)}:** {EMPTY}"
        for one in answers
    ]
    return "\n".join(["The catalogue says:", "", *lines])


def asked_words(question: str, language: str) -> list[str]:
    """The words of a question that say what it is about."""
    glue = {
        word for speech in spoken(language) for phrase in speech.glue for word in phrase.split()
    }
    return [
        token.folded
        for token in tokens_of(question)
        if token.folded not in glue or _concepts([token.folded])
    ]


def _concepts(words: Iterable[str]) -> set[str]:
    """The fields that answer what is asked with these words."""
    forms = {form for word in words for form in singulars(word)}
    return {
        field
        for asked, fields in CONCEPTS
        if not forms.isdisjoint(asked.split())
        for field in fields
    }


def _said(words: Sequence[str], entries: Iterable[Mapping[str, Any]]) -> Iterator[Found]:
    fields = _concepts(words)
    for one in entries:
        by_concept = BY_CONCEPT if one["field"] in fields else 0
        by_label = BY_LABEL * _meeting(words, one["label"])
        if one["field"] in {"description", "title"}:
            yield from _sentences(words, one, by_label)
            continue
        by_value = BY_VALUE * _meeting(words, one["text"])
        yield Found(one["label"], one["text"], one["key"], by_concept + by_label + by_value)


def _sentences(words: Sequence[str], one: Mapping[str, Any], by_label: float) -> Iterator[Found]:
    """The sentence of a text that has most of the words; all of it where it is asked for by name."""
    if by_label:
        yield Found(one["label"], _cut(one["text"]), one["key"], by_label)
        return
    scored = [(_meeting(words, each), each) for each in _SENTENCE.split(one["text"])]
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, ""))
    yield Found(one["label"], f"“{_cut(best)}”", one["key"], BY_VALUE * score)


def _unsaid(words: Sequence[str], unfilled: Iterable[str]) -> Iterator[Found]:
    fields = _concepts(words)
    for label in unfilled:
        named = BY_LABEL * _meeting(words, label)
        meant = BY_CONCEPT if label.lower().replace(" ", "_") in fields else 0
        if named or meant:
            yield Found(label, "", "", named or meant)


def _meeting(words: Sequence[str], text: str) -> float:
    """How many of the words stand in the text; one that is only much alike counts half."""
    there = [token.folded for token in tokens_of(text)]
    forms = {form for word in there for form in singulars(word)}
    score = 0.0
    for word in words:
        if not singulars(word).isdisjoint(forms):
            score += 1
        elif len(word) >= FUZZY_LETTERS and any(
            len(other) >= FUZZY_LETTERS and _alike(word, other) >= FUZZY_RATIO for other in there
        ):
            score += 0.5
    return score


def _alike(word: str, other: str) -> float:
    return SequenceMatcher(None, word, other).ratio()


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1].rstrip()}…"


def _plain(text: str) -> str:
    """A text as Markdown that shows it as it is."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
