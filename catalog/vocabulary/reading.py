"""Vocabulary files: TOML or JSON with `categories` as a tree and `attributes` with their terms.

A file may come from anybody. Whatever is wrong with it ends in a VocabularyFileError that names the
place.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from catalog.models import AttributeKind, TermState
from catalog.models.shapes import check_labels, check_prompts
from catalog.models.sources import check_precedence
from catalog.vocabulary.source import (
    MAX_ATTRIBUTES,
    MAX_CATEGORIES,
    MAX_DEPTH,
    MAX_PATH,
    MAX_TERMS,
    SourceAttribute,
    SourceCategory,
    SourceTerm,
    SourceVocabulary,
    VocabularyFileError,
)

DEFAULT = Path(__file__).with_name("default.toml")
MAX_BYTES = 64_000_000
MAX_POSITION = 2_000_000_000

_SLUG = re.compile(r"[a-z0-9_-]{1,80}")
_ATTRIBUTE_KEY = re.compile(r"[a-z0-9_-]{1,60}")
_TERM_KEY = re.compile(r"[\w-]{1,80}")
_CHOICES = frozenset({AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE})
_CATEGORY_FIELDS = frozenset(
    {"slug", "labels", "prompts", "google_id", "shopify_id", "offered", "position", "children"}
)
_ATTRIBUTE_FIELDS = frozenset(
    {"key", "kind", "labels", "unit", "closed", "filterable", "machine_may_set", "precedence"}
    | {"categories", "terms", "position"}
)
_TERM_FIELDS = frozenset(
    {"key", "labels", "prompts", "categories", "state", "merged_into", "position"}
)
Entry = Mapping[str, Any]


def read(path: Path = DEFAULT) -> SourceVocabulary:
    """The vocabulary in a TOML or JSON file.

    Raises VocabularyFileError when the file is missing, is neither, repeats a key, holds what the
    vocabulary cannot, or names a category that it does not have.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise VocabularyFileError(f"There is no vocabulary file {path}.") from error
    except OSError as error:
        raise VocabularyFileError(f"{path} cannot be read: {error.strerror}.") from error
    return vocabulary_of(parsed(data, str(path)))


def parsed(data: bytes, name: str) -> Any:
    """What TOML or JSON says; `name` is what messages call the file."""
    if len(data) > MAX_BYTES:
        raise VocabularyFileError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB.")
    text = decoded(data, name)
    form, load = "TOML", tomllib.loads
    if text.lstrip()[:1] in {"{", "["} and not text.lstrip().startswith("[["):
        form, load = "JSON", json.loads
    try:
        return load(text)
    except RecursionError as error:
        raise VocabularyFileError(f"{name} is nested too deeply.") from error
    except ValueError as error:
        raise VocabularyFileError(f"{name} is not valid {form}: {str(error)[:200]}") from error


def decoded(data: bytes, name: str) -> str:
    """UTF-8 text, with or without a mark at its beginning."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise VocabularyFileError(
            f"{name} is not text in UTF-8 (line {line}). Save it in that encoding."
        ) from error


def vocabulary_of(data: Any) -> SourceVocabulary:
    """The vocabulary that a parsed file holds. Raises VocabularyFileError naming the place."""
    if not isinstance(data, Mapping):
        raise VocabularyFileError("A vocabulary file holds categories and attributes by name.")
    unknown = sorted(str(name) for name in data if name not in {"categories", "attributes"})
    if unknown:
        raise VocabularyFileError(
            f"The file has “{unknown[0]}”. A vocabulary file holds categories and attributes."
        )
    categories = tuple(_categories(_entries(data, "categories", "the file"), "", 1))
    _few("categories", len(categories), MAX_CATEGORIES)
    _unique("category", [category.path for category in categories])
    known = {category.path for category in categories}
    entries = _entries(data, "attributes", "the file")
    _few("attributes", len(entries), MAX_ATTRIBUTES)
    attributes = tuple(_attribute(entry, known) for entry in entries)
    _few("values", sum(len(attribute.terms) for attribute in attributes), MAX_TERMS)
    _unique("attribute", [attribute.key for attribute in attributes])
    return SourceVocabulary(categories, attributes)


def _categories(entries: list[Entry], parent: str, depth: int) -> Iterator[SourceCategory]:
    if depth > MAX_DEPTH and entries:
        raise VocabularyFileError(f"Below “{parent}” the tree is deeper than {MAX_DEPTH} levels.")
    for entry in entries:
        slug = _name(entry, "slug", _SLUG, f"a category below “{parent or 'the top'}”")
        path = f"{parent}/{slug}" if parent else slug
        if len(path) > MAX_PATH:
            raise VocabularyFileError(f"The path “{path}” is longer than {MAX_PATH} characters.")
        _known(entry, _CATEGORY_FIELDS, path)
        labels = _checked(entry, "labels", {}, check_labels, path)
        if not labels.get("en"):
            raise VocabularyFileError(f'“{path}” needs labels, with at least "en".')
        yield SourceCategory(
            path=path,
            parent=parent,
            slug=slug,
            labels=dict(labels),
            prompts=tuple(_checked(entry, "prompts", [], check_prompts, path)),
            google_id=_text(entry, "google_id", 20, path),
            shopify_id=_text(entry, "shopify_id", 60, path),
            offered=_flag(entry, "offered", path, usual=True),
            position=_position(entry, path),
        )
        yield from _categories(_entries(entry, "children", f"“{path}”"), path, depth + 1)


def _attribute(entry: Entry, known: set[str]) -> SourceAttribute:
    key = _name(entry, "key", _ATTRIBUTE_KEY, "an attribute")
    _known(entry, _ATTRIBUTE_FIELDS, key)
    kind = _chosen(entry, "kind", AttributeKind, "", key)
    entries = _entries(entry, "terms", f"“{key}”")
    terms = tuple(_term(term, key, known) for term in entries)
    _unique(f"value of “{key}”", [term.key for term in terms])
    if terms and kind not in _CHOICES:
        raise VocabularyFileError(f"“{key}” is {kind.label.lower()} and cannot have terms.")
    keys = {term.key for term in terms}
    for term in terms:
        if term.merged_into and term.merged_into not in keys - {term.key}:
            raise VocabularyFileError(
                f"“{key}: {term.key}” is merged into “{term.merged_into}”, which is no other value "
                "of the attribute."
            )
    precedence = _checked(entry, "precedence", [], _check_precedence, key)
    return SourceAttribute(
        key=key,
        kind=kind,
        labels=dict(_checked(entry, "labels", {}, check_labels, key)),
        unit=_text(entry, "unit", 20, key),
        closed=_flag(entry, "closed", key, usual=True),
        filterable=_flag(entry, "filterable", key, usual=True),
        machine_may_set=_flag(entry, "machine_may_set", key, usual=True),
        precedence=tuple(precedence),
        categories=_paths(entry, key, known),
        terms=terms,
        position=_position(entry, key),
    )


def _check_precedence(value: list) -> None:
    if value:
        check_precedence(value)


def _term(entry: Entry, attribute: str, known: set[str]) -> SourceTerm:
    key = _name(entry, "key", _TERM_KEY, f"a value of “{attribute}”")
    where = f"{attribute}: {key}"
    _known(entry, _TERM_FIELDS, where)
    state = _chosen(entry, "state", TermState, TermState.ACTIVE, where)
    merged_into = _text(entry, "merged_into", 80, where)
    if merged_into and state != TermState.MERGED:
        raise VocabularyFileError(f"“{where}” names merged_into without the state “merged”.")
    return SourceTerm(
        key=key,
        labels=dict(_checked(entry, "labels", {}, check_labels, where)),
        prompts=tuple(_checked(entry, "prompts", [], check_prompts, where)),
        categories=_paths(entry, where, known),
        state=state,
        merged_into=merged_into,
        position=_position(entry, where),
    )


def _entries(entry: Entry, name: str, where: str) -> list[Entry]:
    entries = entry.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise VocabularyFileError(f"The {name} of {where} are no list of tables.")
    return entries


def _name(entry: Entry, field_name: str, pattern: re.Pattern[str], what: str) -> str:
    name = entry.get(field_name, "")
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise VocabularyFileError(
            f"The {field_name} of {what} is {_shown(name)}: use lower-case letters and digits, with "
            f"{'underscores' if field_name == 'key' else 'hyphens'} between words."
        )
    return name


def _known(entry: Entry, names: frozenset[str], where: str) -> None:
    unknown = sorted(str(name) for name in entry if name not in names)
    if unknown:
        raise VocabularyFileError(
            f"“{where}” has “{unknown[0][:80]}”, which is none of {', '.join(sorted(names))}."
        )


def _checked(
    entry: Entry, name: str, empty: Any, check: Callable[[Any], object], where: str
) -> Any:
    value = entry.get(name, empty)
    if not isinstance(value, type(empty)):
        kind = "an object" if isinstance(empty, dict) else "a list"
        raise VocabularyFileError(f"The {name} of “{where}” are {_shown(value)}, not {kind}.")
    try:
        check(value)
    except ValidationError as error:
        raise VocabularyFileError(f"The {name} of “{where}”: {error.messages[0]}") from error
    return value


def _chosen(entry: Entry, name: str, choices: Any, usual: str, where: str) -> Any:
    try:
        return choices(entry.get(name, usual))
    except ValueError as error:
        offered = ", ".join(choices.values)
        raise VocabularyFileError(f"The {name} of “{where}” must be one of {offered}.") from error


def _text(entry: Entry, name: str, longest: int, where: str) -> str:
    value = entry.get(name, "")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    fits = isinstance(value, str) and len(value) <= longest and "\x00" not in value
    if not fits or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise VocabularyFileError(
            f"The {name} of “{where}” is {_shown(value)}: give text of at most {longest} characters."
        )
    return str(value)


def _flag(entry: Entry, name: str, where: str, *, usual: bool) -> bool:
    value = entry.get(name, usual)
    if not isinstance(value, bool):
        raise VocabularyFileError(f"{name} of “{where}” is {_shown(value)}: give true or false.")
    return value


def _position(entry: Entry, where: str) -> int | None:
    value = entry.get("position")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_POSITION:
        raise VocabularyFileError(f"The position of “{where}” is {_shown(value)}: give a number.")
    return value


def _paths(entry: Entry, where: str, known: set[str]) -> tuple[str, ...]:
    paths = entry.get("categories", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise VocabularyFileError(f"The categories of “{where}” are no list of paths.")
    for path in paths:
        if path not in known:
            raise VocabularyFileError(f"“{where}” names “{path}”, a category the file lacks.")
    return tuple(paths)


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _few(what: str, count: int, most: int) -> None:
    if count > most:
        raise VocabularyFileError(f"The file has {count} {what}; at most {most} are taken.")


def _unique(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise VocabularyFileError(f"The {what} “{name}” stands in the file twice.")
        seen.add(name)
