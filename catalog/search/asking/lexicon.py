"""What words may mean in a catalogue: its categories, values, brands, and names of fields."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from catalog.browsing.filters import COLUMNS, PRICE
from catalog.describe import vocabulary
from catalog.describe.schema import Held
from catalog.describe.vocabulary import Vocabulary
from catalog.models import AttributeKind
from catalog.search.asking.speech import spoken
from catalog.services.attribute_values import CATEGORY
from catalog.textsearch.normalise import fold, singulars

# Amounts, signs of currencies, and words with what joins their parts.
TOKEN = re.compile(r"[€£$¥%]|\d+(?:[.,]\d+)*|[^\W\d_]+(?:[-'’./][^\W_]+)*|[-–](?=\s*\d)")
LONGEST_PHRASE = 4
_PARTS = re.compile(r"\s*(?:[&,/()]|\bund\b|\bet\b|\band\b|\by\b)\s*")


class Token(NamedTuple):
    """A word as it was written, and without case and accents."""

    said: str
    folded: str


@dataclass(frozen=True)
class Meaning:
    """A value of a field that a phrase may stand for."""

    field: str
    value: str


@dataclass(frozen=True)
class Phrase:
    words: tuple[frozenset[str], ...]
    meanings: tuple[Meaning, ...]


class Phrases:
    """Phrases by the forms of their first words. Two words are the same where their forms meet."""

    def __init__(self, meant: Mapping[tuple[str, ...], Sequence[Meaning]]) -> None:
        self._by_first: dict[str, list[Phrase]] = defaultdict(list)
        for words, meanings in meant.items():
            phrase = Phrase(tuple(map(singulars, words)), tuple(dict.fromkeys(meanings)))
            for form in phrase.words[0]:
                self._by_first[form].append(phrase)

    def longest(self, words: Sequence[str]) -> tuple[int, tuple[Meaning, ...]]:
        """How many of the first words are a phrase, and all that it may mean; 0 if none is."""
        found: dict[Phrase, None] = {}
        for form in singulars(words[0]) if words else ():
            found |= dict.fromkeys(one for one in self._by_first.get(form, ()) if _fits(one, words))
        length = max((len(one.words) for one in found), default=0)
        meanings = [m for one in found if len(one.words) == length for m in one.meanings]
        return length, tuple(dict.fromkeys(meanings))


def _fits(phrase: Phrase, words: Sequence[str]) -> bool:
    return len(phrase.words) <= len(words) and all(
        not forms.isdisjoint(singulars(word))
        for forms, word in zip(phrase.words, words, strict=False)
    )


def tokens_of(text: str) -> list[Token]:
    return [Token(said, fold(said.replace("’", "'"))) for said in TOKEN.findall(text)]


@lru_cache(maxsize=8)
def _read(held: Held, language: str) -> tuple[Phrases, Phrases]:
    words = held.vocabulary
    languages = {language, language.partition("-")[0], "en"}
    return Phrases(_values(words, languages)), Phrases(_fields(words, languages, language))


def values(language: str) -> Phrases:
    """Categories and values of attributes that can be filtered by."""
    return _read(Held(vocabulary.current()), language)[0]


def fields(language: str) -> Phrases:
    """Names of what a product may lack; the meanings have no value."""
    return _read(Held(vocabulary.current()), language)[1]


def brands(names: Iterable[str]) -> Phrases:
    """Names of brands, each meaning itself."""
    meant: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
    for name in names:
        if words := _words(name):
            meant[words].append(Meaning("brand", name))
    return Phrases(meant)


def _words(text: str) -> tuple[str, ...]:
    words = tuple(token.folded for token in tokens_of(text))
    return words if len(words) <= LONGEST_PHRASE else ()


def _labels(labels: Mapping[str, str], languages: Collection[str]) -> Iterator[str]:
    """Labels in these languages, whole and in the parts that "&" joins."""
    for language, label in labels.items():
        if language in languages:
            yield label
            yield from _PARTS.split(label)


def _values(words: Vocabulary, languages: Collection[str]) -> dict[tuple[str, ...], list[Meaning]]:
    meant: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)

    def note(meaning: Meaning, key: str, labels: Mapping[str, str], more: Iterable[str]) -> None:
        for text in (key.replace("-", " "), *_labels(labels, languages), *more):
            if phrase := _words(text):
                meant[phrase].append(meaning)

    for path, node in words.categories.items():
        note(Meaning(CATEGORY, path), path.rpartition("/")[2], node.labels, node.prompts)
    for attribute in words.attributes.values():
        if not attribute.filterable:
            continue
        if attribute.kind is AttributeKind.BOOLEAN:
            yes = Meaning(attribute.key, str(True))
            note(yes, attribute.key.replace("_", " "), attribute.labels, ())
        for term in attribute.terms:
            note(Meaning(attribute.key, term.key), term.key, term.labels, term.prompts)
    return meant


def _fields(
    words: Vocabulary, languages: Collection[str], language: str
) -> dict[tuple[str, ...], list[Meaning]]:
    known = {*COLUMNS, PRICE, *words.attributes}
    meant: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
    for speech in spoken(language):
        for name, field in speech.fields.items():
            if field in known:
                meant[_words(name)].append(Meaning(field, ""))
    for key, attribute in words.attributes.items():
        for text in (key.replace("_", " "), *_labels(attribute.labels, languages)):
            if phrase := _words(text):
                meant[phrase].append(Meaning(key, ""))
    return meant
