"""What bringing a vocabulary into the database would do, and doing it. See `vocabulary_load`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from django.db.models import TextChoices

from catalog.channels.marking import readiness_renew_all
from catalog.models import (
    AttributeDefinition,
    AuditEvent,
    Category,
    Term,
    TermState,
)
from catalog.vocabulary import SourceAttribute, SourceCategory, SourceTerm, SourceVocabulary

LOADED = "vocabulary.load"
UNDONE = "vocabulary.undo"
# Somebody made a category or changed it, as the audit trail has it.
SAVED = "category.save"
ID_FIELDS = ("google_id", "shopify_id")
STEP = 1000
T = TypeVar("T")
Row = Category | AttributeDefinition | Term


class Mode(TextChoices):
    """How much of what is there a file may change. Nothing is ever removed."""

    ADD = "add", "Add what is missing"
    IDS = "ids", "Also fill in ids that are missing, where nobody has edited the category"
    FILL = "fill", "Also fill in labels, ids and places that are missing"
    UPDATE = "update", "Also replace labels, prompts and places by the file's"


@dataclass(frozen=True)
class Change:
    """A row that is there and would change: `before` and `after` by field, as they are stored."""

    name: str
    label: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Loading:
    """One file against the vocabulary as it is: what it adds, changes and leaves alone.

    Making it writes nothing; `write` does, in the caller's transaction. Names are `category:PATH`,
    `attribute:KEY`, `term:KEY:KEY`. What an earlier load brought and a person removed since is
    `left_out`, unless it is to be restored. `conflicts` are sentences for people.
    """

    def __init__(
        self, source: SourceVocabulary, *, mode: str = Mode.ADD, restore: bool = False
    ) -> None:
        self.source = source
        self.mode = Mode(mode)
        self.added: list[str] = []
        self.labels: dict[str, str] = {}
        self.changes: list[Change] = []
        self.left_out: list[str] = []
        self.conflicts: list[str] = []
        self.same = 0
        self._brought = set() if restore else brought_before()
        self._categories = {row.path: row for row in Category.objects.all()}
        self._attributes = {row.key: row for row in AttributeDefinition.objects.all()}
        self._terms = {(row.attribute_id, row.key): row for row in Term.objects.all()}
        self._paths = {row.pk: row.path for row in self._categories.values()}
        self._new_categories: dict[str, Category] = {}
        self._new_attributes: list[tuple[AttributeDefinition, tuple[str, ...]]] = []
        self._new_terms: list[tuple[Term, SourceTerm]] = []
        self._changed: list[Row] = []
        self._moved: list[tuple[Row, tuple[str, ...]]] = []
        self._plan_categories()
        self._plan_attributes()

    @property
    def counts_by_table(self) -> dict[str, int]:
        """How many categories, attributes and terms are new."""
        return {
            "categories": len(self._new_categories),
            "attributes": len(self._new_attributes),
            "terms": len(self._new_terms),
        }

    @property
    def fields(self) -> set[str]:
        """Attributes whose values change what counts in filters: new ones, and ones with new terms."""
        new = {row.key for row, _ in self._new_attributes}
        return new | {row.attribute.key for row, _ in self._new_terms}

    @property
    def new_paths(self) -> list[str]:
        return list(self._new_categories)

    @property
    def relabelled(self) -> list[int]:
        """Ids of categories whose labels change: words that products are found by."""
        names = {change.name for change in self.changes if "labels" in change.after}
        rows = [row for row in self._changed if isinstance(row, Category)]
        return [row.pk for row in rows if f"category:{row.path}" in names]

    def _wanted(self, name: str, label: str) -> bool:
        if name in self._brought:
            self.left_out.append(name)
            return False
        self.added.append(name)
        self.labels[name] = label
        return True

    def _plan_categories(self) -> None:
        for position, entry in enumerate(self.source.categories):
            there = self._categories.get(entry.path)
            if there is not None:
                self._compare(f"category:{entry.path}", there, entry)
                continue
            parent = self._categories.get(entry.parent) or self._new_categories.get(entry.parent)
            if entry.parent and parent is None:
                continue
            if self._wanted(f"category:{entry.path}", _english(entry.labels, entry.slug)):
                self._new_categories[entry.path] = Category(
                    parent=parent,
                    slug=entry.slug,
                    path=entry.path,
                    labels=dict(entry.labels),
                    prompts=list(entry.prompts),
                    google_id=entry.google_id,
                    shopify_id=entry.shopify_id,
                    offered=entry.offered,
                    position=position if entry.position is None else entry.position,
                )

    def _plan_attributes(self) -> None:
        places = self._places(AttributeDefinition, "attributedefinition_id")
        term_places = self._places(Term, "term_id")
        for position, entry in enumerate(self.source.attributes):
            row = self._attributes.get(entry.key)
            if row is None:
                if not self._has_place(f"“{entry.key}”", entry.categories):
                    continue
                if not self._wanted(f"attribute:{entry.key}", _english(entry.labels, entry.key)):
                    continue
                row = _definition(entry, position)
                self._new_attributes.append((row, entry.categories))
            elif row.kind != entry.kind:
                self.conflicts.append(
                    f"“{entry.key}” is {row.get_kind_display().lower()} here and "
                    f"{entry.kind.label.lower()} in the file: it is left alone."
                )
                continue
            else:
                name = f"attribute:{entry.key}"
                self._compare(name, row, entry, places.get(row.pk, ()))
            for place, term in enumerate(entry.terms):
                self._plan_term(row, term, place, term_places)

    def _plan_term(
        self,
        attribute: AttributeDefinition,
        entry: SourceTerm,
        position: int,
        places: Mapping[int, tuple[str, ...]],
    ) -> None:
        name = f"term:{attribute.key}:{entry.key}"
        there = self._terms.get((attribute.pk, entry.key)) if attribute.pk else None
        if there is not None:
            self._compare(name, there, entry, places.get(there.pk, ()))
        elif not self._has_place(f"“{attribute.key}: {entry.key}”", entry.categories):
            pass
        elif self._wanted(name, _english(entry.labels, entry.key)):
            term = Term(
                attribute=attribute,
                key=entry.key,
                labels=dict(entry.labels),
                prompts=list(entry.prompts),
                state=entry.state,
                position=position if entry.position is None else entry.position,
            )
            self._new_terms.append((term, entry))

    def _known(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        there = (self._categories, self._new_categories)
        return tuple(path for path in paths if any(path in known for known in there))

    def _has_place(self, name: str, paths: tuple[str, ...]) -> bool:
        if not paths or self._known(paths):
            return True
        # Without any category it would apply everywhere.
        self.conflicts.append(f"{name} is for categories that are not here: it is left out.")
        return False

    def _compare(
        self,
        name: str,
        row: Row,
        entry: SourceCategory | SourceAttribute | SourceTerm,
        places: tuple[str, ...] = (),
    ) -> None:
        """Note what of a row that is there changes. What is not in the file stays."""
        after = {} if self.mode == Mode.ADD else self._wishes(row, entry)
        before = {key: getattr(row, key) for key in after}
        wanted = self._places_wanted(places, getattr(entry, "categories", ()))
        if set(wanted) != set(places):
            before["categories"], after["categories"] = list(places), list(wanted)
            self._moved.append((row, wanted))
        if not after:
            self.same += 1
            return
        self.changes.append(Change(name, row.label(), before, after))
        for key, value in after.items():
            if key != "categories":
                setattr(row, key, value)
        if after.keys() - {"categories"}:
            self._changed.append(row)

    def _places_wanted(self, places: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
        """Where something that is there shall apply; no places are all places."""
        known = self._known(asked)
        if self.mode == Mode.UPDATE and (known or not asked):
            return known
        if self.mode == Mode.FILL and places and known:
            return tuple(dict.fromkeys([*places, *known]))
        return places

    def _wishes(
        self, row: Row, entry: SourceCategory | SourceAttribute | SourceTerm
    ) -> dict[str, Any]:
        """Fields of a row that the file gives another value, with it."""
        if self.mode == Mode.IDS:
            return self._missing_ids(row, entry)
        replace = self.mode == Mode.UPDATE
        labels = {**row.labels, **entry.labels} if replace else {**entry.labels, **row.labels}
        wishes: dict[str, Any] = {"labels": labels}
        if isinstance(entry, SourceCategory):
            wishes |= {key: self._id_of(row, entry, key) for key in ID_FIELDS}
        if replace and not isinstance(entry, SourceAttribute) and entry.prompts:
            wishes["prompts"] = list(entry.prompts)
        return {key: value for key, value in wishes.items() if value != getattr(row, key)}

    def _missing_ids(
        self, row: Row, entry: SourceCategory | SourceAttribute | SourceTerm
    ) -> dict[str, Any]:
        """Ids that a category lacks. Who edited it may have taken one away."""
        if not isinstance(entry, SourceCategory):
            return {}
        given = {key: getattr(entry, key) for key in ID_FIELDS if not getattr(row, key)}
        missing = {key: value for key, value in given.items() if value}
        return {} if missing and row.pk in self._edited else missing

    @cached_property
    def _edited(self) -> set[int | None]:
        edits = AuditEvent.objects.filter(action=SAVED, target_type="category")
        return set(edits.values_list("target_id", flat=True))

    def _id_of(self, row: Row, entry: SourceCategory, key: str) -> str:
        here, there = str(getattr(row, key)), str(getattr(entry, key))
        if here and there and here != there and self.mode != Mode.UPDATE:
            self.conflicts.append(
                f"“{entry.path}” has the {key.replace('_', ' ')} {here} here and {there} in the "
                "file: it keeps its own."
            )
            return here
        return (there or here) if self.mode == Mode.UPDATE else (here or there)

    def _places(self, model: type[Any], owner: str) -> dict[int, tuple[str, ...]]:
        found: dict[int, list[str]] = {}
        if self.mode in {Mode.FILL, Mode.UPDATE}:
            rows = model.categories.through.objects.order_by("pk")
            for owner_id, category_id in rows.values_list(owner, "category_id"):
                found.setdefault(owner_id, []).append(self._paths[category_id])
        return {owner_id: tuple(paths) for owner_id, paths in found.items()}

    def write(self) -> None:
        """Write what was planned."""
        self._write_categories()
        ids = {path: row.pk for path, row in self._categories.items()}
        AttributeDefinition.objects.bulk_create([row for row, _ in self._new_attributes], STEP)
        _link(AttributeDefinition, "attributedefinition_id", self._new_attributes, ids)
        for term, _ in self._new_terms:
            term.attribute = term.attribute  # takes the id that the attribute has by now
        Term.objects.bulk_create([term for term, _ in self._new_terms], STEP)
        _link(Term, "term_id", [(row, entry.categories) for row, entry in self._new_terms], ids)
        self._merge_terms()
        for model, fields in (
            (Category, ["labels", "prompts", *ID_FIELDS]),
            (AttributeDefinition, ["labels"]),
            (Term, ["labels", "prompts"]),
        ):
            # As an upsert: a bulk_update of ten thousand rows takes many times as long.
            model._base_manager.bulk_create(  # noqa: SLF001 -- Django's public API
                cast("Any", [row for row in self._changed if isinstance(row, model)]),
                STEP,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=fields,
            )
        if any(isinstance(row, Category) for row in self._changed):
            # Which of Google's numbers categories have decides what channels ask of products.
            readiness_renew_all()
        for model, owner in ((AttributeDefinition, "attributedefinition_id"), (Term, "term_id")):
            moved = [(row, paths) for row, paths in self._moved if isinstance(row, model)]
            link: Any = model.categories.through
            for some in _steps(moved):
                link.objects.filter(**{f"{owner}__in": [row.pk for row, _ in some]}).delete()
            _link(model, owner, moved, ids)

    def _write_categories(self) -> None:
        """Level by level, so that parents have their ids before their children are written."""
        levels: dict[int, list[Category]] = {}
        for path, row in self._new_categories.items():
            levels.setdefault(path.count("/"), []).append(row)
        for depth in sorted(levels):
            for row in levels[depth]:
                row.parent = row.parent  # takes the id that the parent has by now
            Category.objects.bulk_create(levels[depth], STEP)
        self._categories |= self._new_categories

    def _merge_terms(self) -> None:
        rows = {(row.attribute_id, row.key): row for row, _ in self._new_terms}
        merged = []
        for row, entry in self._new_terms:
            if entry.state == TermState.MERGED and entry.merged_into:
                target = (row.attribute_id, entry.merged_into)
                row.merged_into = rows.get(target) or self._terms.get(target)
                merged.append(row)
        Term.objects.bulk_update(merged, ["merged_into"], STEP)


def brought_before() -> set[str]:
    """Names of all that loads brought, but for what was undone: what of it is gone, people removed."""
    names: set[str] = set()
    events = AuditEvent.objects.filter(action__in=[LOADED, UNDONE]).order_by("pk")
    for action, data in events.values_list("action", "data"):
        if action == LOADED:
            names.update(data.get("added", []))
        else:
            names.difference_update(data.get("removed", []))
    return names


def _definition(entry: SourceAttribute, position: int) -> AttributeDefinition:
    return AttributeDefinition(
        key=entry.key,
        labels=dict(entry.labels),
        kind=entry.kind,
        unit=entry.unit,
        closed=entry.closed,
        filterable=entry.filterable,
        machine_may_set=entry.machine_may_set,
        precedence=list(entry.precedence),
        position=position if entry.position is None else entry.position,
    )


def _link(
    model: type[Any],
    owner: str,
    rows: Iterable[tuple[Any, tuple[str, ...]]],
    ids: Mapping[str, int],
) -> None:
    link = model.categories.through
    link.objects.bulk_create(
        [
            link(**{owner: row.pk, "category_id": ids[path]})
            for row, paths in rows
            for path in dict.fromkeys(paths)
            if path in ids
        ],
        STEP,
    )


def _steps(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[start : start + STEP] for start in range(0, len(rows), STEP))


def _english(labels: Mapping[str, str], key: str) -> str:
    return labels.get("en") or next(iter(labels.values()), "") or key
