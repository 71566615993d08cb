"""Vocabulary files: TOML with `[[categories]]` as a tree and `[[attributes]]` with their terms."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.models import AttributeKind

DEFAULT = Path(__file__).with_name("default.toml")

_CATEGORY_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ATTRIBUTE_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_PATH = 300
_CHOICES = frozenset({AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE})


class VocabularyFileError(Exception):
    """A vocabulary file that cannot be read, with the place in it and what to change."""


@dataclass(frozen=True)
class SourceCategory:
    """A category with its path from the root; `parent` is the path above, "" at the top."""

    path: str
    parent: str
    slug: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...]
    google_id: str
    shopify_id: str


@dataclass(frozen=True)
class SourceTerm:
    key: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True)
class SourceAttribute:
    """An attribute; `categories` are paths, none of them meaning everywhere."""

    key: str
    kind: AttributeKind
    labels: Mapping[str, str]
    unit: str
    closed: bool
    filterable: bool
    machine_may_set: bool
    categories: tuple[str, ...]
    terms: tuple[SourceTerm, ...]


@dataclass(frozen=True)
class SourceVocabulary:
    """All of a file: categories with parents before their children."""

    categories: tuple[SourceCategory, ...] = ()
    attributes: tuple[SourceAttribute, ...] = field(default=())


def read(path: Path = DEFAULT) -> SourceVocabulary:
    """The vocabulary in a TOML file.

    Raises VocabularyFileError when the file is missing, is no TOML, repeats a key, or names a
    category that it does not have.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise VocabularyFileError(f"There is no vocabulary file {path}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise VocabularyFileError(f"{path} is not valid TOML in UTF-8: {error}") from error
    categories = tuple(_categories(data.get("categories", []), ""))
    _unique("category", [category.path for category in categories])
    known = {category.path for category in categories}
    attributes = tuple(_attribute(entry, known) for entry in data.get("attributes", []))
    _unique("attribute", [attribute.key for attribute in attributes])
    return SourceVocabulary(categories, attributes)


def _categories(entries: list[dict[str, Any]], parent: str) -> Iterator[SourceCategory]:
    for entry in entries:
        slug = _name(entry, "slug", _CATEGORY_SLUG, f"a category below “{parent or 'the top'}”")
        path = f"{parent}/{slug}" if parent else slug
        if len(path) > _MAX_PATH:
            raise VocabularyFileError(f"The path “{path}” is longer than {_MAX_PATH} characters.")
        yield SourceCategory(
            path=path,
            parent=parent,
            slug=slug,
            labels=_labels(entry, path),
            prompts=tuple(entry.get("prompts", ())),
            google_id=str(entry.get("google_id", "")),
            shopify_id=str(entry.get("shopify_id", "")),
        )
        yield from _categories(entry.get("children", []), path)


def _attribute(entry: dict[str, Any], known: set[str]) -> SourceAttribute:
    key = _name(entry, "key", _ATTRIBUTE_KEY, "an attribute")
    try:
        kind = AttributeKind(entry.get("kind", ""))
    except ValueError as error:
        kinds = ", ".join(AttributeKind.values)
        raise VocabularyFileError(f"The kind of “{key}” must be one of {kinds}.") from error
    terms = tuple(_term(term, key, known) for term in entry.get("terms", []))
    _unique(f"value of “{key}”", [term.key for term in terms])
    if terms and kind not in _CHOICES:
        raise VocabularyFileError(f"“{key}” is {kind.label.lower()} and cannot have terms.")
    return SourceAttribute(
        key=key,
        kind=kind,
        labels=_labels(entry, key),
        unit=str(entry.get("unit", "")),
        closed=bool(entry.get("closed", True)),
        filterable=bool(entry.get("filterable", True)),
        machine_may_set=bool(entry.get("machine_may_set", True)),
        categories=_paths(entry, key, known),
        terms=terms,
    )


def _term(entry: dict[str, Any], attribute: str, known: set[str]) -> SourceTerm:
    key = _name(entry, "key", _CATEGORY_SLUG, f"a value of “{attribute}”")
    return SourceTerm(
        key=key,
        labels=_labels(entry, f"{attribute}: {key}"),
        prompts=tuple(entry.get("prompts", ())),
        categories=_paths(entry, f"{attribute}: {key}", known),
    )


def _name(entry: dict[str, Any], field_name: str, pattern: re.Pattern[str], what: str) -> str:
    name = entry.get(field_name, "")
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise VocabularyFileError(
            f"The {field_name} of {what} is {name!r}: use lower-case letters and digits, with "
            f"{'underscores' if field_name == 'key' else 'hyphens'} between words."
        )
    return name


def _labels(entry: dict[str, Any], where: str) -> Mapping[str, str]:
    labels = entry.get("labels", {})
    if not isinstance(labels, dict) or not labels.get("en"):
        raise VocabularyFileError(f'“{where}” needs labels, with at least "en".')
    return {str(language): str(label) for language, label in labels.items()}


def _paths(entry: dict[str, Any], where: str, known: set[str]) -> tuple[str, ...]:
    paths = tuple(entry.get("categories", ()))
    for path in paths:
        if path not in known:
            raise VocabularyFileError(f"“{where}” names “{path}”, a category the file lacks.")
    return paths


def _unique(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise VocabularyFileError(f"The {what} “{name}” stands in the file twice.")
        seen.add(name)
