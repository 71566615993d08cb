"""The vocabulary as describing and searching read it: one immutable object, kept for a few seconds."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog.models import AttributeDefinition, AttributeKind, Category, Term, TermState

MAX_AGE = 5.0  # seconds until changes that another process made are seen


@dataclass(frozen=True)
class CategoryNode:
    """A category; `parent` is the path above, "" at the top."""

    path: str
    parent: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...]
    google_id: str = ""
    shopify_id: str = ""


@dataclass(frozen=True)
class TermNode:
    """An active value of an attribute; `categories` as for attributes."""

    key: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttributeNode:
    """An attribute. `categories` are the paths below which it applies, none meaning everywhere."""

    key: str
    kind: AttributeKind
    labels: Mapping[str, str]
    unit: str = ""
    closed: bool = True
    filterable: bool = True
    machine_may_set: bool = True
    categories: tuple[str, ...] = ()
    terms: tuple[TermNode, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All categories by path, parents before children, and all attributes by key, in order.

    `version` changes exactly when anything in it does.
    """

    categories: Mapping[str, CategoryNode]
    attributes: Mapping[str, AttributeNode]
    version: str = ""

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Paths right below each path; the top categories stand at ""."""
        below: dict[str, list[str]] = {}
        for node in self.categories.values():
            below.setdefault(node.parent, []).append(node.path)
        return {parent: tuple(paths) for parent, paths in below.items()}

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        return tuple(path for path in self.categories if path not in self.children)

    def attributes_of(self, path: str) -> Iterator[AttributeNode]:
        """Attributes that a product of this category may have; "" is an unknown category."""
        for attribute in self.attributes.values():
            if applies(attribute.categories, path):
                yield attribute

    def terms_of(self, key: str, path: str) -> tuple[TermNode, ...]:
        """Values of an attribute that are offered in this category."""
        attribute = self.attributes.get(key)
        if attribute is None or not applies(attribute.categories, path):
            return ()
        return tuple(term for term in attribute.terms if applies(term.categories, path))


def applies(places: tuple[str, ...], path: str) -> bool:
    """Whether something meant for `places` is meant for `path`: no places are all places."""
    return not places or any(path == place or path.startswith(f"{place}/") for place in places)


_lock = threading.Lock()
_kept: tuple[float, Vocabulary] | None = None


def current(*, max_age: float = MAX_AGE) -> Vocabulary:
    """The vocabulary, at most `max_age` seconds old; the same object while nothing changes."""
    global _kept  # noqa: PLW0603 -- one copy a process is the purpose
    with _lock:
        now = time.monotonic()
        if _kept is not None and now - _kept[0] < max_age:
            return _kept[1]
        fresh = _read()
        if _kept is not None and _kept[1].version == fresh.version:
            fresh = _kept[1]
        _kept = (now, fresh)
        return fresh


def _read() -> Vocabulary:
    categories = _categories()
    attributes = _attributes({row.pk: row.path for row in categories})
    nodes = {
        row.path: CategoryNode(
            path=row.path,
            parent=row.path.rpartition("/")[0],
            labels=row.labels,
            prompts=tuple(row.prompts),
            google_id=row.google_id,
            shopify_id=row.shopify_id,
        )
        for row in categories
    }
    return Vocabulary(nodes, attributes, _version(nodes, attributes))


def _categories() -> list[Category]:
    rows = list(Category.objects.order_by("position", "path"))
    order = {row.pk: index for index, row in enumerate(rows)}
    return sorted(rows, key=lambda row: (row.path.count("/"), order[row.pk]))


def _attributes(paths: Mapping[int, str]) -> dict[str, AttributeNode]:
    terms: dict[int, list[TermNode]] = {}
    places = _places(Term.categories.through, "term_id", paths)
    for term in Term.objects.filter(state=TermState.ACTIVE).order_by("position", "key"):
        node = TermNode(term.key, term.labels, tuple(term.prompts), places.get(term.pk, ()))
        terms.setdefault(term.attribute_id, []).append(node)
    places = _places(AttributeDefinition.categories.through, "attributedefinition_id", paths)
    return {
        row.key: AttributeNode(
            key=row.key,
            kind=AttributeKind(row.kind),
            labels=row.labels,
            unit=row.unit,
            closed=row.closed,
            filterable=row.filterable,
            machine_may_set=row.machine_may_set,
            categories=places.get(row.pk, ()),
            terms=tuple(terms.get(row.pk, ())),
        )
        for row in AttributeDefinition.objects.order_by("position", "key")
    }


def _places(link: Any, owner: str, paths: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for owner_id, category_id in link.objects.order_by("pk").values_list(owner, "category_id"):
        if category_id in paths:
            found.setdefault(owner_id, []).append(paths[category_id])
    return {owner_id: tuple(values) for owner_id, values in found.items()}


def _version(
    categories: Mapping[str, CategoryNode], attributes: Mapping[str, AttributeNode]
) -> str:
    # Reading the few hundred rows costs some milliseconds; a change counter would miss bulk writes.
    text = json.dumps(
        [
            [vars(node) for node in categories.values()],
            [
                {**vars(node), "terms": [vars(term) for term in node.terms]}
                for node in attributes.values()
            ],
        ],
        ensure_ascii=False,
    )
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
