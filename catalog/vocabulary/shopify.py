"""Shopify's open taxonomy as its releases spell it, in JSON or text, one file a language.

Files of one release are put together: what has the same id is the same thing in another language.
No file says which language it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify

from catalog.vocabulary.source import MAX_DEPTH, VocabularyFileError

ENGLISH = "en"
MAX_NODES = 100_000
MAX_NAME = 200
HEADING = "# Shopify Product Taxonomy - "

_LINE = re.compile(r"gid://shopify/Taxonomy(Category|Attribute|Value)/([A-Za-z0-9-]+)\s+: (.+)")
_GID = re.compile(r"gid://shopify/Taxonomy(?:Category|Attribute|Value)/([A-Za-z0-9-]{1,60})")
_HANDLE = re.compile(r"[\w-]{1,255}")
# "0-3 months [Infant age group]"; a value's own brackets come before the attribute's.
_VALUE = re.compile(r"(.+) \[(.+)\]")


@dataclass
class Node:
    """A category: `parent` is an id, "" at the top; `attributes` are handles."""

    parent: str
    names: dict[str, str] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)


@dataclass
class Attribute:
    """An attribute by its handle; `base` is the handle of the one whose values it shares, or ""."""

    names: dict[str, str] = field(default_factory=dict)
    base: str = ""
    values: list[str] = field(default_factory=list)


@dataclass
class Value:
    key: str
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class Taxonomy:
    """A release: categories by id ("aa-1-4"), parents first; attributes by handle; values by id."""

    version: str = ""
    categories: dict[str, Node] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Taxonomy:
        """The taxonomy that `data()` was made from."""
        return cls(
            data["version"],
            {key: Node(*each) for key, each in data["categories"].items()},
            {key: Attribute(*each) for key, each in data["attributes"].items()},
            {key: Value(*each) for key, each in data["values"].items()},
        )

    def data(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return {
            "version": self.version,
            "categories": {
                key: [node.parent, node.names, node.attributes]
                for key, node in self.categories.items()
            },
            "attributes": {
                key: [each.names, each.base, each.values] for key, each in self.attributes.items()
            },
            "values": {key: [each.key, each.names] for key, each in self.values.items()},
        }

    @property
    def languages(self) -> list[str]:
        kinds: tuple[Iterable[Node | Attribute | Value], ...] = (
            self.categories.values(),
            self.attributes.values(),
            self.values.values(),
        )
        return sorted({language for nodes in kinds for node in nodes for language in node.names})

    @property
    def roots(self) -> list[str]:
        return [key for key, node in self.categories.items() if not node.parent]


class Reader:
    """Puts the files of one release together. Raises VocabularyFileError naming file and place."""

    def __init__(self) -> None:
        self.taxonomy = Taxonomy()
        self._handles: dict[str, str] = {}  # of attributes by id
        self._texts: list[tuple[str, str, list[tuple[str, str, str]]]] = []

    def add_json(self, data: Mapping[str, Any], language: str, name: str) -> None:
        """A parsed categories.json, attributes.json, attribute_values.json or taxonomy.json."""
        self._release(str(data.get("version", "")), name)
        for vertical in _list(data, "verticals", name):
            for entry in _list(vertical, "categories", name):
                self._category(entry, language, name)
        for entry in _list(data, "attributes", name):
            self._attribute(entry, language, name)
        for entry in _list(data, "values", name):
            self._value(entry, language, name)

    def add_text(self, text: str, language: str, name: str) -> None:
        """A categories.txt, attributes.txt or attribute_values.txt."""
        heading, _, rest = text.partition("\n")
        self._release(heading.rpartition(":")[2].strip(), name)
        found = []
        for number, line in enumerate(rest.splitlines(), 2):
            if not line.strip() or line.startswith("#"):
                continue
            parts = _LINE.fullmatch(line.strip())
            if parts is None:
                raise VocabularyFileError(
                    f"{name}, line {number}: “{line[:80]}” is no line of Shopify's taxonomy."
                )
            found.append((parts[1], parts[2], parts[3].replace("\x00", "")))
        self._few(len(found))
        for kind, key, full in found:
            if kind == "Category":
                node = self._node(key, name)
                node.names[language] = full.rpartition(" > ")[2].strip()[:MAX_NAME]
        self._texts.append((language, name, [each for each in found if each[0] != "Category"]))

    def finish(self) -> Taxonomy:
        """All that was added. Text files name attributes without handles, so they come last."""
        # English first: where no JSON says it, the handle is made of the English name.
        for language, _, lines in sorted(self._texts, key=lambda each: each[0] != ENGLISH):
            for kind, key, name in lines:
                if kind == "Attribute":
                    self._named_attribute(key, name, language)
        for language, _, lines in sorted(self._texts, key=lambda each: each[0] != ENGLISH):
            by_name = {
                attribute.names.get(language, "").casefold(): attribute
                for attribute in self.taxonomy.attributes.values()
            }
            for kind, key, full in lines:
                if kind == "Value":
                    self._named_value(key, full, language, by_name)
        self._order()
        return self.taxonomy

    def _release(self, version: str, name: str) -> None:
        if self.taxonomy.version and version != self.taxonomy.version:
            raise VocabularyFileError(
                f"{name} is of the release {version[:40]}, other files are of "
                f"{self.taxonomy.version[:40]}. Bring the files of one release."
            )
        self.taxonomy.version = version[:40]

    def _few(self, more: int = 1) -> None:
        kept = self.taxonomy
        if len(kept.categories) + len(kept.attributes) + len(kept.values) + more > 3 * MAX_NODES:
            raise VocabularyFileError("These files hold more than Shopify's taxonomy ever did.")

    def _node(self, key: str, name: str) -> Node:
        if key.count("-") >= MAX_DEPTH:
            raise VocabularyFileError(f"{name}: “{key}” lies deeper than {MAX_DEPTH} levels.")
        self._few()
        # An id is its parent's id and a number more.
        return self.taxonomy.categories.setdefault(key, Node(key.rpartition("-")[0]))

    def _category(self, entry: Any, language: str, name: str) -> None:
        node = self._node(_id(entry, name), name)
        node.names[language] = _name(entry, name)
        handles = []
        for each in _list(entry, "attributes", name):
            handle = _handle(each, name)
            if each.get("extended") is True:
                base = self._handles.get(_id(each, name), "")
                self._extended(handle, base, _name(each, name), language)
            handles.append(handle)
        node.attributes = handles or node.attributes

    def _attribute(self, entry: Any, language: str, name: str) -> None:
        handle = _handle(entry, name)
        self._handles[_id(entry, name)] = handle
        attribute = self.taxonomy.attributes.setdefault(handle, Attribute())
        attribute.names[language] = _name(entry, name)
        for each in _list(entry, "values", name):
            key = self._value(each, language, name)
            if key not in attribute.values:
                attribute.values.append(key)
        for each in _list(entry, "extended_attributes", name):
            self._extended(_handle(each, name), handle, _name(each, name), language)

    def _extended(self, handle: str, base: str, label: str, language: str) -> None:
        attribute = self.taxonomy.attributes.setdefault(handle, Attribute())
        attribute.base = base or attribute.base
        attribute.names[language] = label

    def _value(self, entry: Any, language: str, name: str) -> str:
        self._few()
        key = _id(entry, name)
        attribute, _, handle = _handle(entry, name).rpartition("__")
        value = self.taxonomy.values.setdefault(key, Value(handle[:80]))
        value.names[language] = _name(entry, name)
        known = self.taxonomy.attributes.get(attribute)
        if known is not None and key not in known.values:
            known.values.append(key)
        return key

    def _named_attribute(self, key: str, name: str, language: str) -> None:
        handle = self._handles.get(key)
        if handle is None:
            if language != ENGLISH or not slugify(name):
                return
            handle = self._handles[key] = slugify(name)
        attribute = self.taxonomy.attributes.setdefault(handle, Attribute())
        attribute.names.setdefault(language, name.strip()[:MAX_NAME])

    def _named_value(
        self, key: str, full: str, language: str, by_name: Mapping[str, Attribute]
    ) -> None:
        parts = _VALUE.fullmatch(full)
        label = (parts[1] if parts else full).strip()[:MAX_NAME]
        value = self.taxonomy.values.get(key)
        if value is None:
            if language != ENGLISH:
                return
            made = slugify(label)[:70] or "value"
            value = self.taxonomy.values[key] = Value(made)
        value.names.setdefault(language, label)
        attribute = by_name.get(parts[2].casefold()) if parts else None
        if attribute is not None and not attribute.base and key not in attribute.values:
            attribute.values.append(key)

    def _order(self) -> None:
        """Parents before children, siblings by their number; nothing without its parents."""
        nodes = self.taxonomy.categories
        known = {key for key in nodes if all(above in nodes for above in _above(key))}
        self.taxonomy.categories = {key: nodes[key] for key in sorted(known, key=_place)}


def _above(key: str) -> Iterator[str]:
    while "-" in key:
        key = key.rpartition("-")[0]
        yield key


def _place(key: str) -> tuple[str, list[int]]:
    root, *steps = key.split("-")
    return root, [int(step) if step.isdigit() and len(step) < 10 else 0 for step in steps]  # noqa: PLR2004 -- as many as fit


def _list(entry: Any, key: str, name: str) -> list[Any]:
    found = entry.get(key, []) if isinstance(entry, Mapping) else None
    if not isinstance(found, list):
        raise VocabularyFileError(f"{name}: “{key}” is no list.")
    return found


def _id(entry: Any, name: str) -> str:
    text = entry.get("id") if isinstance(entry, Mapping) else None
    found = _GID.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise VocabularyFileError(f"{name}: {repr(entry)[:80]} has no id of Shopify's taxonomy.")
    return found[1]


def _name(entry: Any, name: str) -> str:
    text = entry.get("name") if isinstance(entry, Mapping) else None
    if not isinstance(text, str) or not text.strip() or _unstorable(text):
        raise VocabularyFileError(f"{name}: {repr(entry)[:80]} has no name.")
    return text.strip()[:MAX_NAME]


def _handle(entry: Any, name: str) -> str:
    text = entry.get("handle") if isinstance(entry, Mapping) else None
    if not isinstance(text, str) or not _HANDLE.fullmatch(text):
        raise VocabularyFileError(f"{name}: {repr(entry)[:80]} has no handle.")
    return text


def _unstorable(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
