"""What the model is asked for: the schema of each channel's answer, and reading it half-written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, create_model

from tools.kinds.ad_campaign.channels import Channel, TextLimit

# An answer far beyond any limit is no text of an ad, and is not looked at to its end.
LONGEST_TEXT = 20_000
MOST_CITES = 12
LONGEST_CITE = 80
# Control characters, and those that turn the direction of what comes after them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


class Written(BaseModel):
    """A text and the keys of the facts that it rests on."""

    text: str
    cites: list[str] = Field(
        default_factory=list, description="keys of the facts that the text rests on"
    )


class Rewritten(BaseModel):
    """Shorter texts, in the order in which they were given."""

    texts: list[str]


def answer_schema(channel: Channel, variants: int) -> type[BaseModel]:
    """The schema of so many variants of a channel's ad."""
    return _schema(channel.key, tuple(channel.texts.items()), variants)


@lru_cache(maxsize=64)
def _schema(key: str, texts: tuple[tuple[str, TextLimit], ...], variants: int) -> type[BaseModel]:
    fields: dict[str, Any] = {name: _field(limit) for name, limit in texts}
    ad = create_model(f"{key.title()}Ad", **fields)
    many = Annotated[
        list[ad],
        BeforeValidator(_at_most(variants)),
        Field(min_length=variants, max_length=variants),
    ]
    return create_model(f"{key.title()}Answer", variants=(many, ...))


def _field(limit: TextLimit) -> tuple[Any, Any]:
    each = f"at most {limit.limit} characters"
    if not limit.many:
        return Written, Field(description=f"{limit.label}: {each}")
    texts = Annotated[
        list[Written],
        BeforeValidator(_at_most(limit.most)),
        Field(min_length=limit.least, max_length=limit.most),
    ]
    return texts, Field(description=f"{limit.label}: each {each}")


def _at_most(most: int) -> Any:
    """More than was asked for is no reason to ask again."""
    return lambda value: value[:most] if isinstance(value, list) else value


def written(answer: Mapping[str, Any], channel: Channel) -> list[dict[str, list[Written]]]:
    """The texts of each variant by their kind, of an answer of which any part may be missing."""
    variants = answer.get("variants")
    return [
        {name: _texts(variant.get(name), limit) for name, limit in channel.texts.items()}
        for variant in (variants if isinstance(variants, list) else [])
        if isinstance(variant, Mapping)
    ]


def _texts(value: Any, limit: TextLimit) -> list[Written]:
    entries = value if isinstance(value, list) else [value]
    texts = [
        Written(text=fitted(entry["text"], limit), cites=_cites(entry.get("cites")))
        for entry in entries[: limit.most]
        if isinstance(entry, Mapping) and isinstance(entry.get("text"), str)
    ]
    return [one for one in texts if one.text]


def fitted(text: str, limit: TextLimit) -> str:
    """The text in the form of its kind, whatever its length."""
    text = cleaned(text, lines=limit.lines)
    return re.sub(r"[\s/]+", "-", text).strip("-") if limit.slug else text


def _cites(value: Any) -> list[str]:
    known = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return list(
        dict.fromkeys(cleaned(one, lines=False)[:LONGEST_CITE] for one in known[:MOST_CITES])
    )


def cleaned(text: str, *, lines: bool) -> str:
    """Without what cannot be seen, in composed characters, with single spaces and at most one
    empty line between two others, or on one line.
    """
    text = text[:LONGEST_TEXT].encode("utf-8", "ignore").decode()
    text = INVISIBLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    if not lines:
        return " ".join(text.split())
    text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()
