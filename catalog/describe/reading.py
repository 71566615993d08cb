"""A vision model's answer read as values of fields. Whatever it holds is text from a stranger."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import slugify

from catalog.describe.schema import (
    CHOICES,
    PHOTO_TEXT,
    Answer,
    AnswerSchema,
    Chosen,
    Counted,
    Offer,
    Told,
    Written,
)
from catalog.describe.vocabulary import Vocabulary, applies
from catalog.models import AttributeKind
from catalog.services.attribute_values import CATEGORY
from catalog.services.ledger import MachineValue
from catalog.services.reviewing import ALT_TEXT

TITLE, DESCRIPTION = "title", "description"
MAX_TITLE = 150
MAX_DESCRIPTION = 4000
MAX_ALT_TEXT = 300
MAX_WORDS = 300
MAX_TERM = 80
MAX_VALUES = 12
MAX_QUOTES = 30
MAX_OUTSIDE = 10
# Where a model gives a value and no confidence.
UNSAID = 0.5
# Joiners that some scripts and emoji are written with; other invisible characters say nothing.
JOINERS = frozenset("\u200c\u200d")


@dataclass(frozen=True)
class Reading:
    """`values` with what stands outside a closed list as `proposed` words; `considered` the fields
    that were asked about; `misplaced` the attributes that the product's category does not have.
    """

    values: list[MachineValue]
    considered: frozenset[str]
    cannot_tell: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)


def read(
    answer: Answer,
    schema: AnswerSchema,
    vocabulary: Vocabulary,
    *,
    photo_ids: Sequence[int],
    language: str,
    known_category: str = "",
) -> Reading:
    """What the answer says. `photo_ids` are those of the photos in the order they were sent;
    `known_category` is where the product stands when the answer does not say.
    """
    category = _category(answer, vocabulary) if schema.asks(CATEGORY) else None
    paths = [category.value[0]] if category and category.value else []
    paths += [known_category] if known_category else []
    found = _attributes(answer, schema)
    # Where nobody asked for the category nor knows it, a chosen attribute may belong to any.
    fitting = [
        value
        for value in found
        if (not paths and not schema.asks(CATEGORY))
        or any(applies(schema.offers[value.field].attribute.categories, p) for p in paths or [""])
    ]
    face = photo_ids[0] if photo_ids else None
    values = [*([category] if category else []), *fitting, *_quoted(answer, vocabulary)]
    values = [replace(value, photo_id=face) for value in values]
    values += _texts(answer, language)
    values += _alt_texts(answer, photo_ids, language)
    asked = {CATEGORY, TITLE, DESCRIPTION, ALT_TEXT, *schema.offers}
    if PHOTO_TEXT in vocabulary.attributes:
        asked.add(PHOTO_TEXT)
    return Reading(
        # What was not asked may be said all the same, by models that are not held to the form.
        values=[value for value in values if schema.asks(value.field)],
        considered=frozenset(name for name in asked if schema.asks(name)),
        cannot_tell=_all_tidy(answer.cannot_tell, MAX_WORDS, MAX_QUOTES),
        misplaced=sorted({value.field for value in found} - {value.field for value in fitting}),
    )


def tidy(text: Any, limit: int, *, lines: bool = False) -> str:
    """Text that every database keeps and no reader is misled by, at most `limit` characters.

    Control characters, halves of pairs and invisible marks (which turn text around or hide it) go;
    runs of spaces become one, and line breaks too unless `lines`.
    """
    if not isinstance(text, str):
        return ""
    plain = unicodedata.normalize("NFC", text[: 4 * limit])
    kept = "".join(
        character
        for character in plain
        if character in "\n\t"
        or character in JOINERS
        or not unicodedata.category(character).startswith("C")
    )
    if lines:
        kept = "\n".join(" ".join(line.split()) for line in kept.splitlines()).strip()
    else:
        kept = " ".join(kept.split())
    if len(kept) <= limit:
        return kept
    cut = kept[: limit - 1]
    return cut[: cut.rfind(" ")] + "…" if " " in cut[limit // 2 :] else cut + "…"


def _all_tidy(texts: Iterable[Any], limit: int, most: int) -> list[str]:
    found = (tidy(text, limit) for text in texts)
    return list(dict.fromkeys(text for text in found if text))[:most]


def _category(answer: Answer, vocabulary: Vocabulary) -> MachineValue | None:
    said = answer.category
    if said is None or not said.path:
        return None
    path = _known_path(said.path.strip().strip("/"), vocabulary)
    return MachineValue(CATEGORY, [path], _sure(said.confidence)) if path else None


def _known_path(path: str, vocabulary: Vocabulary) -> str:
    """The category that is meant, of those that machines may choose: its path, or its own name where
    no other has it.
    """
    if path in vocabulary.offered:
        return path
    name = slugify(path.rpartition("/")[2])
    same = [known for known in vocabulary.offered if known.rpartition("/")[2] == name]
    return same[0] if len(same) == 1 else ""


def _attributes(answer: Answer, schema: AnswerSchema) -> list[MachineValue]:
    outside: dict[str, list[str]] = {}
    for one in answer.outside_list[:MAX_OUTSIDE]:
        offer = schema.offers.get(one.attribute)
        if offer is not None and offer.attribute.kind in CHOICES:
            outside.setdefault(one.attribute, []).append(one.value)
    found = []
    for key, said in _said(answer, schema):
        value = _value(key, said, schema.offers[key], outside.pop(key, []))
        found += [value] if value is not None else []
    for key, words in outside.items():
        value = _value(key, Chosen(values=[]), schema.offers[key], words)
        found += [value] if value is not None else []
    return found


def _said(answer: Answer, schema: AnswerSchema) -> Iterable[tuple[str, Any]]:
    """The attributes that are answered, with the answer, in the order of the form."""
    for number, key in enumerate(schema.offers):
        said = getattr(answer.attributes, f"a{number}")
        if said is not None:
            yield key, said


def _value(key: str, said: Any, offer: Offer, outside: Sequence[str]) -> MachineValue | None:
    sure = _sure(said.confidence)
    match said:
        case Counted(number=float() as number):
            return MachineValue(key, [number], sure)
        case Told(yes=bool() as yes):
            return MachineValue(key, [yes], sure)
        case Chosen(values=values) if offer.attribute.kind in CHOICES:
            return _choice(key, [*values, *outside], offer, sure)
        case Chosen(values=values):
            texts = _all_tidy(values, MAX_WORDS, MAX_VALUES)
            return MachineValue(key, texts, sure) if texts else None
    return None


def _choice(key: str, words: Sequence[str], offer: Offer, sure: float) -> MachineValue | None:
    names = _names(offer)
    listed: dict[str, None] = {}
    others: dict[str, None] = {}
    for word in _all_tidy(words, MAX_TERM, MAX_VALUES):
        term = names.get(word.casefold()) or names.get(slugify(word, allow_unicode=True))
        if term is not None:
            listed[term] = None
        elif slugify(word, allow_unicode=True):
            others[word] = None
    values, proposed = list(listed), list(others)
    if not offer.attribute.closed:
        values, proposed = values + proposed, []
    if offer.attribute.kind == AttributeKind.CHOICE:
        values = values[:1]
        proposed = [] if values else proposed[:1]
    if not values and not proposed:
        return None
    return MachineValue(key, values or None, sure, proposed=tuple(proposed))


def _names(offer: Offer) -> Mapping[str, str]:
    """Keys of the attribute's terms by key and by label in any language."""
    names: dict[str, str] = {}
    for term in offer.attribute.terms:
        for name in (*(str(label).casefold() for label in term.labels.values()), term.key):
            names.setdefault(name, term.key)
    return names


def _quoted(answer: Answer, vocabulary: Vocabulary) -> list[MachineValue]:
    if PHOTO_TEXT not in vocabulary.attributes:
        return []
    texts = _all_tidy(answer.photo_text, MAX_WORDS, MAX_QUOTES)
    return [MachineValue(PHOTO_TEXT, texts, None)] if texts else []


def _texts(answer: Answer, language: str) -> list[MachineValue]:
    found = []
    limits = ((TITLE, answer.title, MAX_TITLE), (DESCRIPTION, answer.description, MAX_DESCRIPTION))
    for name, said, limit in limits:
        if isinstance(said, Written):
            text = tidy(said.text, limit, lines=name == DESCRIPTION)
            if text:
                found.append(MachineValue(name, [text], _sure(said.confidence), locale=language))
    return found


def _alt_texts(answer: Answer, photo_ids: Sequence[int], language: str) -> list[MachineValue]:
    said = answer.alt_text
    confidence = said.get("confidence")
    sure = _sure(confidence if isinstance(confidence, float) and 0 <= confidence <= 1 else None)
    found = []
    for number, photo_id in enumerate(photo_ids, 1):
        text = tidy(said.get(f"photo_{number}"), MAX_ALT_TEXT)
        if text:
            value = MachineValue(ALT_TEXT, [text], sure, photo_id=photo_id, locale=language)
            found.append(value)
    return found


def _sure(confidence: float | None) -> float:
    return UNSAID if confidence is None else round(confidence, 3)
