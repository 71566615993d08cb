"""One load of a vocabulary file, see `vocabulary_load`."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.models import AttributeDefinition, AuditEvent, Category, Term
from catalog.vocabulary import SourceAttribute, SourceVocabulary

LOADED = "vocabulary.load"


class Loading:
    """One load in progress. Names in `added` are `category:PATH`, `attribute:KEY`, `term:KEY:KEY`."""

    def __init__(self, source: SourceVocabulary) -> None:
        self.source = source
        self.added: list[str] = []
        self.left_out = 0
        self._offered = {
            name
            for data in AuditEvent.objects.filter(action=LOADED).values_list("data", flat=True)
            for name in data.get("added", [])
        }
        self._categories: dict[str, Category] = {}
        self._attributes: dict[str, AttributeDefinition] = {}
        self._fresh_attributes: list[SourceAttribute] = []

    def _wanted(self, name: str) -> bool:
        if name in self._offered:
            self.left_out += 1
            return False
        self.added.append(name)
        return True

    def add_categories(self) -> int:
        """Level by level, so that parents have their ids before their children are written."""
        self._categories = {category.path: category for category in Category.objects.all()}
        before = len(self._categories)
        levels: dict[int, list[Category]] = {}
        for position, entry in enumerate(self.source.categories):
            parent = self._categories.get(entry.parent)
            if entry.path in self._categories or (entry.parent and parent is None):
                continue
            if not self._wanted(f"category:{entry.path}"):
                continue
            category = Category(
                parent=parent,
                slug=entry.slug,
                path=entry.path,
                labels=dict(entry.labels),
                prompts=list(entry.prompts),
                google_id=entry.google_id,
                shopify_id=entry.shopify_id,
                position=position,
            )
            self._categories[entry.path] = category
            levels.setdefault(entry.path.count("/"), []).append(category)
        for depth in sorted(levels):
            for category in levels[depth]:
                category.parent = category.parent  # takes the id that the parent has by now
            Category.objects.bulk_create(levels[depth])
        return len(self._categories) - before

    def add_attributes(self) -> int:
        self._attributes = {row.key: row for row in AttributeDefinition.objects.all()}
        fresh: list[AttributeDefinition] = []
        for position, entry in enumerate(self.source.attributes):
            if entry.key in self._attributes or not self._wanted(f"attribute:{entry.key}"):
                continue
            fresh.append(
                AttributeDefinition(
                    key=entry.key,
                    labels=dict(entry.labels),
                    kind=entry.kind,
                    unit=entry.unit,
                    closed=entry.closed,
                    filterable=entry.filterable,
                    machine_may_set=entry.machine_may_set,
                    position=position,
                )
            )
            self._fresh_attributes.append(entry)
        for row in AttributeDefinition.objects.bulk_create(fresh):
            self._attributes[row.key] = row
        link = AttributeDefinition.categories.through
        link.objects.bulk_create(
            link(attributedefinition_id=self._attributes[entry.key].pk, category_id=pk)
            for entry in self._fresh_attributes
            for pk in self._category_ids(entry.categories)
        )
        return len(fresh)

    def add_terms(self) -> int:
        """Terms of attributes that are there. A value somebody proposed or rejected stays so."""
        present = {(term.attribute_id, term.key) for term in Term.objects.all()}
        fresh: list[Term] = []
        places: list[tuple[str, ...]] = []
        for entry in self.source.attributes:
            attribute = self._attributes.get(entry.key)
            if attribute is None:
                continue
            for position, term in enumerate(entry.terms):
                if (attribute.pk, term.key) in present:
                    continue
                if not self._wanted(f"term:{entry.key}:{term.key}"):
                    continue
                fresh.append(
                    Term(
                        attribute=attribute,
                        key=term.key,
                        labels=dict(term.labels),
                        prompts=list(term.prompts),
                        position=position,
                    )
                )
                places.append(term.categories)
        created = Term.objects.bulk_create(fresh)
        link = Term.categories.through
        link.objects.bulk_create(
            link(term_id=term.pk, category_id=pk)
            for term, paths in zip(created, places, strict=True)
            for pk in self._category_ids(paths)
        )
        return len(created)

    def _category_ids(self, paths: Iterable[str]) -> list[int]:
        return [self._categories[path].pk for path in paths if path in self._categories]
