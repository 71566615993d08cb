"""What a vocabulary file says, whichever form it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.models import AttributeKind, TermState

MAX_CATEGORIES = 30_000
MAX_ATTRIBUTES = 10_000
MAX_TERMS = 200_000
MAX_DEPTH = 20
MAX_PATH = 300


class VocabularyFileError(Exception):
    """A vocabulary file that cannot be read, with the place in it and what to change."""


@dataclass(frozen=True)
class SourceCategory:
    """A category with its path from the root; `parent` is the path above, "" at the top.

    `position` is None where the place in the file is the position.
    """

    path: str
    parent: str
    slug: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...] = ()
    google_id: str = ""
    shopify_id: str = ""
    offered: bool = True
    position: int | None = None


@dataclass(frozen=True)
class SourceTerm:
    """A value; `merged_into` is the key of another one of its attribute, "" for none."""

    key: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    state: str = TermState.ACTIVE
    merged_into: str = ""
    position: int | None = None


@dataclass(frozen=True)
class SourceAttribute:
    """An attribute; `categories` are paths, none of them meaning everywhere."""

    key: str
    kind: AttributeKind
    labels: Mapping[str, str]
    unit: str = ""
    closed: bool = True
    filterable: bool = True
    machine_may_set: bool = True
    precedence: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    terms: tuple[SourceTerm, ...] = ()
    position: int | None = None


@dataclass(frozen=True)
class SourceVocabulary:
    """All of a file: categories with parents before their children."""

    categories: tuple[SourceCategory, ...] = ()
    attributes: tuple[SourceAttribute, ...] = field(default=())
