"""Shopify's taxonomy as a vocabulary that fits the one that is there.

What is there is found by its Shopify id, or by its name below the same parent, and keeps its path; what
is new is put below it. So an import adds ids, labels and children, and doubles nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify

from catalog.models import AttributeKind
from catalog.vocabulary.present import Present, PresentAttribute, folded
from catalog.vocabulary.shopify import ENGLISH, Attribute, Node, Taxonomy
from catalog.vocabulary.source import (
    MAX_ATTRIBUTES,
    MAX_CATEGORIES,
    MAX_PATH,
    MAX_TERMS,
    SourceAttribute,
    SourceCategory,
    SourceTerm,
    SourceVocabulary,
    VocabularyFileError,
)

ALL_LEVELS = 20
# A photo cannot prove these: what a machine says of them is only ever a suggestion.
_CLAIMS = re.compile(r"allerg|certif|composition|dimension|ingredient|origin|safety|weight")
_TERM_KEY = re.compile(r"[\w-]{1,80}")


@dataclass(frozen=True)
class Choices:
    """What of a taxonomy is taken.

    `branches` are ids: these categories and what lies below them, `levels` deep counted from the
    verticals. `offered` is whether machines may choose the new categories at once.
    """

    branches: tuple[str, ...] = ()
    levels: int = ALL_LEVELS
    attributes: bool = True
    extended: bool = False
    offered: bool = False


@dataclass
class Mapped:
    """The vocabulary to load, with notes for people; `found` are paths that were there, by id."""

    source: SourceVocabulary
    found: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def mapped(taxonomy: Taxonomy, choices: Choices, present: Present) -> Mapped:
    """What `choices` take of the taxonomy. Raises VocabularyFileError where that is too much."""
    unknown = [branch for branch in choices.branches if branch not in taxonomy.categories]
    if unknown:
        raise VocabularyFileError(f"The taxonomy has no category “{unknown[0][:60]}”.")
    tree = _Tree(taxonomy, choices, present)
    tree.grow()
    attributes: list[SourceAttribute] = []
    if choices.attributes:
        attributes = list(_Attributes(taxonomy, choices, present, tree).taken())
    terms = sum(len(attribute.terms) for attribute in attributes)
    for what, count, most in (
        ("categories", len(tree.entries), MAX_CATEGORIES),
        ("attributes", len(attributes), MAX_ATTRIBUTES),
        ("values", terms, MAX_TERMS),
    ):
        if count > most:
            raise VocabularyFileError(
                f"That is {count} {what}; at most {most} are taken. Choose fewer branches or levels."
            )
    source = SourceVocabulary(tuple(tree.entries), tuple(attributes))
    return Mapped(source, tree.found, tree.notes)


class _Tree:
    """Categories: which node stands at which path."""

    def __init__(self, taxonomy: Taxonomy, choices: Choices, present: Present) -> None:
        self.entries: list[SourceCategory] = []
        self.found: dict[str, str] = {}
        self.notes: list[str] = []
        self.paths: dict[str, str] = {}  # of the nodes that are taken, by id
        self._taxonomy, self._choices, self._present = taxonomy, choices, present
        self._by_id: dict[str, SourceCategory] = {}
        for category in present.categories.values():
            if category.shopify_id:
                self._by_id.setdefault(_bare(category.shopify_id), category)
        self._taken = set(present.categories)
        self._branches = frozenset(choices.branches)
        self._nameless = self._long = 0

    def grow(self) -> None:
        targets: dict[str, str] = {}
        for key, node in self._taxonomy.categories.items():
            chosen = self._is_chosen(key)
            there = self._by_id.get(key)
            if there is None and chosen:
                there = self._namesake(node, targets.get(node.parent, ""))
            if there is not None:
                entry = _same_place(there, key, node)
                self.found[key] = there.path
            elif chosen and (node.parent in targets or not self._is_chosen(node.parent)):
                made = self._made(key, node, targets.get(node.parent, ""))
                if made is None:
                    continue
                entry = made
            else:
                continue
            self.entries.append(entry)
            targets[key] = entry.path
            if chosen:
                self.paths[key] = entry.path
        if self._nameless:
            self.notes.append(
                f"{self._nameless} categories have no English name in these files and are left out: "
                "bring the English file too."
            )
        if self._long:
            self.notes.append(f"{self._long} categories lie too deep for a path and are left out.")

    def _is_chosen(self, key: str) -> bool:
        if not key or key.count("-") >= self._choices.levels:
            return False
        steps = key.split("-")
        return any("-".join(steps[: n + 1]) in self._branches for n in range(len(steps)))

    def _namesake(self, node: Node, parent: str) -> SourceCategory | None:
        """A category below the same parent with this name, whose id nobody knows."""
        names = set(folded(node.names.values()))
        for sibling in self._present.below.get(parent, ()):
            if not sibling.shopify_id and names & set(folded(sibling.labels.values())):
                return sibling
        return None

    def _made(self, key: str, node: Node, parent: str) -> SourceCategory | None:
        english = node.names.get(ENGLISH)
        slug = slugify(english or "")[:80]
        if not english or not slug:
            self._nameless += 1
            return None
        path = f"{parent}/{slug}" if parent else slug
        if path in self._taken:
            slug = f"{slug[: 79 - len(key)]}-{key}"
            path = f"{parent}/{slug}" if parent else slug
        if len(path) > MAX_PATH or path in self._taken:
            self._long += 1
            return None
        self._taken.add(path)
        return SourceCategory(
            path=path,
            parent=parent,
            slug=slug,
            labels=dict(node.names),
            shopify_id=key,
            offered=self._choices.offered,
            position=self._present.next_position + len(self.entries),
        )


def _same_place(there: SourceCategory, key: str, node: Node) -> SourceCategory:
    return SourceCategory(
        path=there.path,
        parent=there.parent,
        slug=there.slug,
        labels=dict(node.names),
        shopify_id=there.shopify_id or key,
    )


def _bare(shopify_id: str) -> str:
    return shopify_id.rpartition("/")[2]


class _Attributes:
    """Attributes of the categories that are taken, each limited to where Shopify has it."""

    def __init__(self, taxonomy: Taxonomy, choices: Choices, present: Present, tree: _Tree) -> None:
        self._taxonomy, self._choices, self._present = taxonomy, choices, present
        self._notes = tree.notes
        self._places = self._used(tree.paths)

    def _used(self, paths: Mapping[str, str]) -> dict[str, list[str]]:
        """Where each attribute starts to apply, by handle."""
        places: dict[str, list[str]] = {}
        nodes = self._taxonomy.categories
        for key, path in paths.items():
            node = nodes[key]
            above = nodes[node.parent].attributes if node.parent in paths else ()
            for handle in node.attributes:
                if handle not in above:
                    places.setdefault(handle, []).append(path)
        return places

    def taken(self) -> Iterable[SourceAttribute]:
        empty = 0
        keys: set[str] = set()
        for handle, attribute in self._taxonomy.attributes.items():
            key = handle.replace("-", "_").casefold()[:60]
            there = self._present.attributes.get(key)
            wanted = handle in self._places and (self._choices.extended or not attribute.base)
            if key in keys or not re.fullmatch(r"[a-z0-9_]+", key) or not (wanted or there):
                continue
            places = tuple(dict.fromkeys(self._places.get(handle, ()))) if wanted else ()
            terms = tuple(self._terms(attribute, there, places, fresh=wanted))
            if not terms and there is None:
                empty += 1
                continue
            keys.add(key)
            yield self._entry(handle, key, attribute, there, places, terms)
        if empty:
            self._notes.append(
                f"{empty} attributes have no values in these files and are left out: bring "
                "attributes.json too."
            )
        if self._taxonomy.attributes and self._choices.branches and not self._places:
            self._notes.append(
                "Nothing in these files says which category has which attribute: bring "
                "categories.json for that."
            )

    def _entry(
        self,
        handle: str,
        key: str,
        attribute: Attribute,
        there: PresentAttribute | None,
        places: tuple[str, ...],
        terms: tuple[SourceTerm, ...],
    ) -> SourceAttribute:
        if there is not None and there.categories:
            places = tuple(dict.fromkeys([*there.categories, *places]))
        elif there is not None:
            places = ()  # it applies everywhere, and goes on to
        listed = there is not None and there.kind == AttributeKind.CHOICE
        return SourceAttribute(
            key=key,
            kind=AttributeKind.CHOICE if listed else AttributeKind.MULTI_CHOICE,
            labels=dict(attribute.names),
            # Each filterable attribute costs the index an index of its own.
            filterable=False,
            machine_may_set=not _CLAIMS.search(handle),
            categories=places,
            terms=terms,
            position=len(self._present.attributes),
        )

    def _terms(
        self,
        attribute: Attribute,
        there: PresentAttribute | None,
        places: tuple[str, ...],
        *,
        fresh: bool,
    ) -> Iterable[SourceTerm]:
        """Values, as the terms they are here already; new ones only where `fresh`."""
        known: dict[str, str] = {}
        for term in there.terms if there else ():
            for name in term.names:
                known.setdefault(name, term.key)
        used: set[str] = set()
        base = self._taxonomy.attributes.get(attribute.base)
        for value_id in attribute.values or (base.values if base else ()):
            value = self._taxonomy.values[value_id]
            names = folded([value.key, *value.names.values()])
            key = next((known[name] for name in names if name in known), "")
            if not key and not fresh:
                continue
            is_new = not key
            key = key or (value.key if _TERM_KEY.fullmatch(value.key) else f"value-{value_id}")
            if key in used:
                if not is_new:
                    continue
                key = f"{key[:60]}-{value_id}"[:80]
            used.add(key)
            limited: Any = places if there is not None and is_new else ()
            yield SourceTerm(key=key, labels=dict(value.names), categories=limited)
