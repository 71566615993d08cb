"""What the vocabulary has, as far as foreign taxonomies are matched with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.models import AttributeDefinition, AttributeKind, Category, Term
from catalog.vocabulary.source import SourceCategory


@dataclass(frozen=True)
class PresentTerm:
    """`names` are its key, labels and prompts, casefolded."""

    key: str
    names: frozenset[str]


@dataclass(frozen=True)
class PresentAttribute:
    kind: AttributeKind
    categories: tuple[str, ...]
    terms: tuple[PresentTerm, ...]


@dataclass(frozen=True)
class Present:
    """Categories by path, parents first, and attributes by key; `next_position` is behind all."""

    categories: Mapping[str, SourceCategory]
    attributes: Mapping[str, PresentAttribute]
    next_position: int = 0
    below: Mapping[str, list[SourceCategory]] = field(default_factory=dict)


def present() -> Present:
    """Read it, in a fixed number of queries."""
    rows = sorted(Category.objects.all(), key=lambda row: row.path.count("/"))
    categories = {
        row.path: SourceCategory(
            path=row.path,
            parent=row.path.rpartition("/")[0],
            slug=row.slug,
            labels=row.labels,
            prompts=tuple(row.prompts),
            google_id=row.google_id,
            shopify_id=row.shopify_id,
            offered=row.offered,
            position=row.position,
        )
        for row in rows
    }
    below: dict[str, list[SourceCategory]] = {}
    for category in categories.values():
        below.setdefault(category.parent, []).append(category)
    paths = {row.pk: row.path for row in rows}
    return Present(
        categories,
        _attributes(paths),
        max((row.position for row in rows), default=-1) + 1,
        below,
    )


def _attributes(paths: Mapping[int, str]) -> dict[str, PresentAttribute]:
    terms: dict[int, list[PresentTerm]] = {}
    for term in Term.objects.all():
        names = frozenset(folded([term.key, *term.labels.values(), *term.prompts]))
        terms.setdefault(term.attribute_id, []).append(PresentTerm(term.key, names))
    places: dict[int, list[str]] = {}
    link: Any = AttributeDefinition.categories.through
    for owner, category in link.objects.values_list("attributedefinition_id", "category_id"):
        places.setdefault(owner, []).append(paths[category])
    return {
        row.key: PresentAttribute(
            AttributeKind(row.kind), tuple(places.get(row.pk, ())), tuple(terms.get(row.pk, ()))
        )
        for row in AttributeDefinition.objects.all()
    }


def folded(texts: Iterable[str]) -> list[str]:
    """Texts as they are compared: without case, hyphens and how "and" is written."""
    return [
        " ".join(text.casefold().replace("&", " and ").replace("-", " ").split()) for text in texts
    ]
