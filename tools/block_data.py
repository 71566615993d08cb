"""The data of the kinds of blocks that every tool may use, as JSON has them.

A block's data are read into these models before anything is drawn, so a template never meets a
field of the wrong type. While a block is being written any field may still be missing: what has a
default may be left out. Texts are untrusted; links lead into this site (they begin with one "/")
and any other address is dropped.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tools.counting import Counted

Tone = Literal["", "good", "bad", "warning"]

# Browsers read "//host" and "/\host" as another site, and drop tabs and newlines on the way.
SITE_PATH = re.compile(r"/(?![/\\])[^\s\x00-\x1f\x7f\\]*")


def site_path(value: object) -> str:
    """The address if it is a path of this site, or else ""."""
    return value if isinstance(value, str) and SITE_PATH.fullmatch(value) else ""


SitePath = Annotated[str, BeforeValidator(site_path)]


class Data(BaseModel):
    """Something of a block's data; numbers are taken as text where text is wanted."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Cite(Data):
    """What a statement rests on: `label` is shown, `url` leads to it."""

    label: str
    url: SitePath = ""


class Prose(Data):
    """`text` is Markdown. `cites` says what its `[key]`s stand for; a key that is not in it is marked
    as unsupported. Without `cites` brackets are just text.
    """

    text: str = ""
    cites: dict[str, Cite] | None = None


class Notice(Data):
    level: Literal["info", "warning"] = "info"
    text: str = ""


class KeyValue(Data):
    label: str = ""
    value: str = ""
    note: str = ""


class KeyValues(Data):
    items: list[KeyValue] = []


class Column(Data):
    key: str
    label: str = ""
    numeric: bool = False


class Cell(Data):
    text: str = ""
    url: SitePath = ""
    tone: Tone = ""


def as_cell(value: object) -> object:
    """A plain text is a cell of that text; null is an empty one."""
    if value is None:
        return {}
    return value if isinstance(value, (dict, Cell)) else {"text": value}


class Table(Data):
    """`rows` have a cell, or a plain text, for each column's key; a missing one is empty."""

    caption: str = ""
    columns: list[Column] = []
    rows: list[dict[str, Annotated[Cell, BeforeValidator(as_cell)]]] = []


class Point(Data):
    text: str = ""
    note: str = ""
    tone: Tone = ""
    cites: list[Cite] = []


class Points(Data):
    items: list[Point] = []


class SuggestedField(Data):
    """A value to be used. `field` is the ledger's field, "" for what the catalogue keeps in none and
    people copy; `key` names the value within the block.

    `limit` is in characters, as `count` counts them: "chars" (code points), "weighted" (double
    width, as East Asian wide characters, counts two) or "utf16" (as browsers count). A list is one
    value of several parts.
    """

    key: str = ""
    field: str = ""
    label: str = ""
    value: str | list[str] = ""
    locale: str = ""
    photo: int | None = None
    variant: int | None = None
    limit: int | None = Field(default=None, gt=0)
    count: Counted = "chars"
    note: str = ""
    cites: list[Cite] = []


class Fields(Data):
    fields: list[SuggestedField] = []


class Quote(Data):
    text: str = ""
    by: str = ""
    about: str = ""
    tone: Tone = ""


class Quotes(Data):
    quotes: list[Quote] = []


class ShownPhoto(Data):
    """`photo` is the id of the stored photo, `placement` of where it stands."""

    placement: int | None = None
    photo: int = Field(ge=1, lt=2**63)
    caption: str = ""
    tone: Tone = ""


class Photos(Data):
    photos: list[ShownPhoto] = []
