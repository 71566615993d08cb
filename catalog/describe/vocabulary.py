"""The vocabulary as describing and searching read it: one immutable object, kept for a few seconds."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from catalog.models import AttributeDefinition, AttributeKind, Category, Term, TermState
from catalog.models.vocabulary import label_in
from catalog.vocabulary.stamp import Stamp, vocabulary_stamp

MAX_AGE = 5.0  # seconds until changes that another process made are seen
# Seconds until changes are seen that were made past the services, which leave no trace but themselves.
MAX_UNTRACED = 300.0


@dataclass(frozen=True)
class CategoryNode:
    """A category; `parent` is the path above, "" at the top.

    `offered` is whether machines may choose it: it and all above it are.
    """

    path: str
    parent: str
    labels: Mapping[str, str]
    prompts: tuple[str, ...]
    google_id: str = ""
    shopify_id: str = ""
    offered: bool = True


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
    def offered(self) -> tuple[str, ...]:
        """Paths that may be chosen among, parents before children."""
        return tuple(path for path, node in self.categories.items() if node.offered)

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Offered paths right below each path; the top categories stand at ""."""
        below: dict[str, list[str]] = {}
        for path in self.offered:
            below.setdefault(self.categories[path].parent, []).append(path)
        return {parent: tuple(paths) for parent, paths in below.items()}

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Offered paths with no offered one below them."""
        return tuple(path for path in self.offered if path not in self.children)

    @cached_property
    def _terms(self) -> Mapping[tuple[str, str], TermNode]:
        return {
            (attribute.key, term.key): term
            for attribute in self.attributes.values()
            for term in attribute.terms
        }

    def field_label(self, field: str, language: str) -> str:
        """What a field is called within a sentence: its key in English, or its label."""
        plain = field.replace("_", " ")
        node = self.attributes.get(field)
        if language == "en" or node is None:
            return plain
        return label_in(node.labels, language, plain)

    def label_of(self, field: str, value: Any, language: str) -> str:
        """A value's label, "" for one that is not in the vocabulary."""
        node: CategoryNode | TermNode | None = (
            self.categories.get(str(value))
            if field == "category"
            else self._terms.get((field, str(value)))
        )
        return label_in(node.labels, language, "") if node is not None else ""

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


@dataclass(frozen=True)
class _Kept:
    """A copy, when it was last known to be right, when it was read, and the stamp it was read at."""

    checked: float
    read: float
    stamp: Stamp
    vocabulary: Vocabulary


_lock = threading.Lock()
_kept: _Kept | None = None


def current(*, max_age: float = MAX_AGE) -> Vocabulary:
    """The vocabulary, at most `max_age` seconds old; the same object while nothing changes.

    0 reads all of it; otherwise an older copy that the stamp says is right will do.
    """
    global _kept  # noqa: PLW0603 -- one copy a process is the purpose
    with _lock:
        now = time.monotonic()
        if _kept is not None and now - _kept.checked < max_age:
            return _kept.vocabulary
        # Before the rows: what changes in between is read again next time.
        stamp = vocabulary_stamp()
        recent = _kept is not None and now - _kept.read < MAX_UNTRACED
        if _kept is not None and max_age > 0 and recent and _kept.stamp == stamp:
            _kept = replace(_kept, checked=now)
            return _kept.vocabulary
        fresh = _read()
        if _kept is not None and _kept.vocabulary.version == fresh.version:
            fresh = _kept.vocabulary
        _kept = _Kept(now, now, stamp, fresh)
        return fresh


def _read() -> Vocabulary:
    paths: dict[int, str] = {}
    nodes: dict[str, CategoryNode] = {}
    rows = Category.objects.order_by("position", "path").values_list(
        "pk", "path", "labels", "prompts", "google_id", "shopify_id", "offered"
    )
    # Sorting keeps the order of equals: by level, and there by position.
    for pk, path, labels, prompts, google_id, shopify_id, offered in sorted(
        rows, key=lambda row: row[1].count("/")
    ):
        paths[pk] = path
        parent = path.rpartition("/")[0]
        above = nodes.get(parent)
        nodes[path] = CategoryNode(
            path=path,
            parent=parent,
            labels=labels,
            prompts=tuple(prompts),
            google_id=google_id,
            shopify_id=shopify_id,
            offered=offered and (above is None or above.offered),
        )
    attributes = _attributes(paths)
    return Vocabulary(nodes, attributes, _version(nodes, attributes))


def _attributes(paths: Mapping[int, str]) -> dict[str, AttributeNode]:
    terms: dict[int, list[TermNode]] = {}
    places = _places(Term.categories.through, "term_id", paths)
    active = Term.objects.filter(state=TermState.ACTIVE).order_by("position", "key")
    for pk, owner, key, labels, prompts in active.values_list(
        "pk", "attribute_id", "key", "labels", "prompts"
    ):
        node = TermNode(key, labels, tuple(prompts), places.get(pk, ()))
        terms.setdefault(owner, []).append(node)
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
    digest = hashlib.blake2b(digest_size=12)
    for node in (*categories.values(), *attributes.values()):
        digest.update(repr(node).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
