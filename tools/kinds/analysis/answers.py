"""What models answer: what photos show, the report, and the suggestions that are wanted."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from pydantic import BaseModel, Field, create_model

MAX_ITEMS = 8
MAX_TEXT = 600


class SeenPhoto(BaseModel):
    photo: str = Field(description="the photo's key, such as p1")
    shows: str = Field(max_length=MAX_TEXT, description="what can be seen, in one or two sentences")
    materials: list[str] = Field(
        default=[], max_length=MAX_ITEMS, description="materials that can be told by eye, or none"
    )
    details: list[str] = Field(default=[], max_length=MAX_ITEMS, description="parts and features")
    text_in_photo: str = Field(default="", max_length=MAX_TEXT)


class Seen(BaseModel):
    photos: list[SeenPhoto] = Field(min_length=1, max_length=MAX_ITEMS)


class Claim(BaseModel):
    """A statement and the keys of what it rests on."""

    text: str = Field(max_length=MAX_TEXT)
    cites: list[str] = Field(default=[], max_length=MAX_ITEMS)


def _claims(description: str) -> Any:
    return Field(default=[], max_length=MAX_ITEMS, description=description)


class Report(BaseModel):
    what_it_is: Claim = Field(description="one or two sentences")
    features: list[Claim] = _claims("what a shopper gets, one each")
    materials: list[Claim] = _claims("only what an attribute says or a photo shows")
    positioning: Claim = Field(description="against the similar products: price, style, use")
    audience: Claim = Field(description="whom it suits, and why")
    strengths: list[Claim] = _claims("against the similar products, or of the listing")
    weaknesses: list[Claim] = _claims("against the similar products, or of the listing")
    missing: list[Claim] = _claims("what to add to the listing first, and why")


class Text(BaseModel):
    text: str = Field(max_length=6000)
    cites: list[str] = Field(default=[], max_length=20)


class AltText(BaseModel):
    photo: str = Field(description="the photo's key, such as p1")
    text: str = Field(max_length=MAX_TEXT)


class AttributeValue(BaseModel):
    attribute: str = Field(description="an attribute's key in the vocabulary")
    values: list[str] = Field(min_length=1, max_length=MAX_ITEMS)
    cites: list[str] = Field(default=[], max_length=MAX_ITEMS)


PARTS: dict[str, tuple[Any, Any]] = {
    "title": (Text, ...),
    "description": (Text, ...),
    "meta_description": (Text, ...),
    "alt_text": (list[AltText], Field(default=[], max_length=20)),
    "attributes": (list[AttributeValue], Field(default=[], max_length=20)),
}


def suggestions_of(wanted: Collection[str]) -> type[BaseModel]:
    """The schema of the suggestions that are wanted, in the order of `PARTS`."""
    return _schema(tuple(name for name in PARTS if name in wanted))


@cache
def _schema(names: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {name: PARTS[name] for name in names}
    return create_model("Suggestions", **fields)
