"""The vocabulary as a form that a vision model fills in: a Pydantic model and its strict JSON schema.

One answer holds the category and the attributes, so all leaf categories are offered at once, and the
attributes of every category that the product may turn out to belong to. The schema tells the model
what fits; the Pydantic model takes a little more than that (a value outside a list, a field left
out), because asking again costs another call and `catalog.describe.reading` can tell them apart.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

from django.utils.text import slugify
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from catalog.describe.vocabulary import AttributeNode, TermNode, Vocabulary, applies
from catalog.models import AttributeKind
from catalog.services.attribute_values import CATEGORY

# A vocabulary that somebody imported may have thousands of each. What is left out can still be named
# in words; what is offered beyond these costs more than it helps.
MAX_CATEGORIES = 300
MAX_ATTRIBUTES = 40
MAX_TERMS = 60
CHOICES = frozenset({AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE})
# Asked of every product by itself, beside the attributes.
PHOTO_TEXT = "photo_text"
# The parts of the form that are one field each, by its name.
PARTS = (CATEGORY, "title", "description", "alt_text", PHOTO_TEXT)

Json = dict[str, Any]


def _share(value: Any) -> Any:
    """A confidence as a share of one; models that are asked for it write percentages too."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return None
    return min(max(value / 100 if value > 1 else value, 0.0), 1.0)


def _listed(value: Any) -> Any:
    return [] if value is None else [value] if isinstance(value, (str, int, float)) else value


Confidence = Annotated[float | None, BeforeValidator(_share)]
Texts = Annotated[list[str], BeforeValidator(_listed)]


class _Part(BaseModel):
    """What is said beside the schema is ignored, not an error."""

    model_config = ConfigDict(extra="ignore")
    confidence: Confidence = None


class Chosen(_Part):
    """Values of an attribute's list."""

    values: Texts = []


class Written(_Part):
    text: str = ""


class Counted(_Part):
    number: float | None = Field(default=None, allow_inf_nan=False)


class Told(_Part):
    yes: bool | None = None


class Placed(_Part):
    path: str | None = None


class Outside(_Part):
    """A value that the attribute's list does not have."""

    attribute: str
    value: str


class Answer(BaseModel):
    """What a vision model says of a product. `attributes` is by key, without those it cannot tell;
    `alt_text` by "photo_1", "photo_2" ... in the order they were sent.
    """

    model_config = ConfigDict(extra="ignore")
    strict_schema: ClassVar[Json] = {}

    category: Placed | None
    attributes: Any
    outside_list: list[Outside] = []
    title: Written | None
    description: Written | None
    alt_text: dict[str, Any] = {}
    photo_text: Texts = []
    cannot_tell: Texts = []

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> Json:
        """The strict schema: every field required, nothing beside them."""
        return cls.strict_schema


@dataclass(frozen=True)
class Offer:
    """An attribute with the terms that are offered of it."""

    attribute: AttributeNode
    terms: tuple[TermNode, ...]


@dataclass(frozen=True)
class AnswerSchema:
    """The form for products of some categories: what is offered, and the models of the answer.

    `fields` are those that are asked about, none for all.
    """

    categories: tuple[str, ...]
    offers: Mapping[str, Offer]
    model: type[Answer]
    fields: frozenset[str] = frozenset()

    @property
    def json(self) -> Json:
        return self.model.strict_schema

    @property
    def is_empty(self) -> bool:
        """Whether it asks nothing: products of these categories have none of the chosen fields."""
        return not self.json["properties"]

    def asks(self, field: str) -> bool:
        return not self.fields or field in self.fields

    @cached_property
    def characters(self) -> int:
        """How long the schema is where a model is told it in words."""
        return len(json.dumps(self.json, separators=(",", ":")))


def answer_schema(
    vocabulary: Vocabulary, *, guess: str = "", photos: int = 1, fields: Iterable[str] = ()
) -> AnswerSchema:
    """The form for a product that may belong to the category `guess` ("": nobody knows).

    It may say that the product belongs elsewhere: all leaf categories are offered, or as many as fit
    with those near the guess before others. Attributes are those of the guess's top category and of
    all products, of any without a guess, and of a narrower category where they are too many.

    With `fields` the form has only these. One without the category takes the guess for granted.
    """
    known = guess if guess in vocabulary.categories else ""
    return _kept(Held(vocabulary), known, photos, frozenset(fields))


def category_schema(vocabulary: Vocabulary, path: str) -> AnswerSchema:
    """The form for products known to belong to a category: its attributes and its terms alone."""
    applying = [
        Offer(attribute, vocabulary.terms_of(attribute.key, path)[:MAX_TERMS])
        for attribute in vocabulary.attributes_of(path)
        if attribute.key != PHOTO_TEXT
    ]
    offers = {offer.attribute.key: offer for offer in applying}
    categories = (path,) if path else vocabulary.leaves
    return AnswerSchema(categories, offers, _model(categories, offers, 1, frozenset()))


class Held:
    """A vocabulary as a key: two of one version are the same."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.vocabulary.version == self.vocabulary.version

    def __hash__(self) -> int:
        return hash(self.vocabulary.version)


@functools.lru_cache(maxsize=256)
def _kept(held: Held, guess: str, photos: int, fields: frozenset[str]) -> AnswerSchema:
    vocabulary = held.vocabulary
    categories = _categories(vocabulary, guess)
    # From all of the top category down to the guess itself.
    parts = guess.split("/")
    scopes = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    if fields and CATEGORY not in fields:
        scopes = [guess]
    offers: dict[str, Offer] = {}
    for scope in scopes:
        offers = _offers(vocabulary, scope)
        if fields:
            offers = {key: offer for key, offer in offers.items() if key in fields}
        if len(offers) <= MAX_ATTRIBUTES:
            break
    offers = dict(list(offers.items())[:MAX_ATTRIBUTES])
    model = _model(categories, offers, photos, fields)
    return AnswerSchema(categories, offers, model, fields)


def _offers(vocabulary: Vocabulary, scope: str) -> dict[str, Offer]:
    """The attributes, and of each the terms, of some category in the scope ("": anywhere)."""
    return {
        attribute.key: Offer(
            attribute,
            tuple(term for term in attribute.terms if _touches(term.categories, scope))[:MAX_TERMS],
        )
        for attribute in vocabulary.attributes.values()
        if attribute.key != PHOTO_TEXT and _touches(attribute.categories, scope)
    }


def _touches(places: tuple[str, ...], scope: str) -> bool:
    below = f"{scope}/"
    return not scope or applies(places, scope) or any(place.startswith(below) for place in places)


def _categories(vocabulary: Vocabulary, guess: str) -> tuple[str, ...]:
    """All leaves, or where they are too many the top categories, and leaves near the guess first."""
    if len(vocabulary.leaves) <= MAX_CATEGORIES:
        return vocabulary.leaves
    chosen = dict.fromkeys(vocabulary.children.get("", ()))
    scope = guess
    while len(chosen) < MAX_CATEGORIES:
        near = [leaf for leaf in vocabulary.leaves if _touches((leaf,), scope)]
        chosen |= dict.fromkeys(near[: MAX_CATEGORIES - len(chosen)])
        if not scope:
            break
        scope = scope.rpartition("/")[0]
    return tuple(path for path in vocabulary.categories if path in chosen)[:MAX_CATEGORIES]


def _model(
    categories: Sequence[str], offers: Mapping[str, Offer], photos: int, fields: frozenset[str]
) -> type[Answer]:
    attributes = create_model(
        "Attributes",
        __config__=ConfigDict(extra="ignore", populate_by_name=True, serialize_by_alias=True),
        # By number: a key may be a name that models use themselves.
        **{
            f"a{number}": (_KINDS[offer.attribute.kind] | None, Field(default=None, alias=key))
            for number, (key, offer) in enumerate(offers.items())
        },  # type: ignore[call-overload]
    )
    # What is not asked need not be answered.
    unasked: dict[str, Any] = {
        name: (Any, None) for name in _REQUIRED if fields and name not in fields
    }
    asked: Any = (Any, None) if fields and not offers else (attributes, ...)
    model = create_model("ProductAnswer", __base__=Answer, attributes=asked, **unasked)
    model.strict_schema = _strict(categories, offers, photos)
    if fields:
        model.strict_schema = _part(model.strict_schema, offers, fields)
    return model


def _part(schema: Json, offers: Mapping[str, Offer], fields: frozenset[str]) -> Json:
    """What of the form is about the chosen fields."""
    wanted = {name for name in PARTS if name in fields}
    wanted |= {"attributes"} if offers else set()
    if any(offer.attribute.kind in CHOICES for offer in offers.values()):
        wanted.add("outside_list")
    return _object({name: part for name, part in schema["properties"].items() if name in wanted})


_REQUIRED = (CATEGORY, "title", "description")
_KINDS: Mapping[AttributeKind, type[_Part]] = {
    AttributeKind.CHOICE: Chosen,
    AttributeKind.MULTI_CHOICE: Chosen,
    AttributeKind.TEXT: Chosen,
    AttributeKind.NUMBER: Counted,
    AttributeKind.BOOLEAN: Told,
}
_TEXT: Json = {"type": "string"}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_NUMBER: Json = {"type": "number"}
_NOTHING: Json = {"type": "null"}


def _strict(categories: Sequence[str], offers: Mapping[str, Offer], photos: int) -> Json:
    written = _or_null(_object({"text": _TEXT, "confidence": _NUMBER}))
    path = _or_null({"type": "string", "enum": list(categories)})
    listed = [key for key, offer in offers.items() if offer.attribute.kind in CHOICES]
    shown = {f"photo_{number}": _or_null(_TEXT) for number in range(1, photos + 1)}
    outside = {"attribute": {"type": "string", "enum": listed or [""]}, "value": _TEXT}
    return _object(
        {
            "category": _object({"path": path, "confidence": _NUMBER}),
            "attributes": _object({key: _attribute(offer) for key, offer in offers.items()}),
            "outside_list": {"type": "array", "items": _object(outside)},
            "title": written,
            "description": written,
            "alt_text": _object({**shown, "confidence": _NUMBER}),
            "photo_text": _TEXTS,
            "cannot_tell": _TEXTS,
        }
    )


def _attribute(offer: Offer) -> Json:
    attribute = offer.attribute
    match attribute.kind:
        case AttributeKind.NUMBER:
            said = {"number": _NUMBER}
        case AttributeKind.BOOLEAN:
            said = {"yes": {"type": "boolean"}}
        case AttributeKind.TEXT:
            said = {"values": _TEXTS}
        case _ if offer.terms:
            items = {"type": "string", "enum": [term.key for term in offer.terms]}
            said = {"values": {"type": "array", "items": items}}
        case _:
            said = {"values": _TEXTS}
    schema = _or_null(_object({**said, "confidence": _NUMBER}))
    hint = _hint(attribute)
    return {"description": hint, **schema} if hint else schema


def _hint(attribute: AttributeNode) -> str:
    """What the key does not say: another name, the unit, that it takes one value."""
    label = str(attribute.labels.get("en", ""))
    words = [label] if slugify(label) != slugify(attribute.key.replace("_", " ")) else []
    words += [f"in {attribute.unit}"] if attribute.unit else []
    words += ["one value"] if attribute.kind == AttributeKind.CHOICE else []
    return ", ".join(words)


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, _NOTHING]}
