"""What models answer: what photos show, the report, and the suggestions that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


def seen_of(keys: Sequence[str]) -> type[Seen]:
    """The schema of what photos with these keys show."""
    photo = create_model("SeenPhoto", __base__=SeenPhoto, photo=_one_of("photo", keys))
    photos = (list[photo], Field(min_length=1, max_length=len(keys)))
    return create_model("Seen", __base__=Seen, photos=photos)


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


def suggestions_of(
    wanted: Collection[str], photos: Sequence[str], attributes: Sequence[str]
) -> type[BaseModel]:
    """The schema of what is wanted, for photos with these keys and attributes of the vocabulary."""
    alt_text = create_model("AltText", __base__=AltText, photo=_one_of("photo", photos))
    value = create_model(
        "AttributeValue", __base__=AttributeValue, attribute=_one_of("attribute", attributes)
    )
    parts: dict[str, Any] = {
        "title": (Text, ...),
        "description": (Text, ...),
        "meta_description": (Text, ...),
        "alt_text": (list[alt_text], Field(default=[], max_length=20)),
        "attributes": (list[value], Field(default=[], max_length=20)),
    }
    there = {"alt_text": photos, "attributes": attributes}
    asked = {n: part for n, part in parts.items() if n in wanted and there.get(n, True)}
    return create_model("Suggestions", **asked)


def _one_of(what: str, keys: Sequence[str]) -> Any:
    """A key: which there are is said and not enforced, so that one wrong key costs no second call."""
    return (str, Field(description=f"the {what}'s key", json_schema_extra={"enum": list(keys)}))
