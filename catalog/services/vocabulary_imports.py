"""Vocabulary files that people bring: kept to be looked at, taken over, undone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import (
    AttributeDefinition,
    AuditEvent,
    Category,
    LedgerEntry,
    Product,
    ReviewSample,
    Term,
    VocabularyImport,
)
from catalog.services.attribute_values import CATEGORY
from catalog.services.errors import conflict
from catalog.services.reprojecting import projection_renew
from catalog.services.vocabulary import vocabulary_apply
from catalog.services.vocabulary_loading import STEP, UNDONE, Loading, Mode
from catalog.vocabulary import SourceVocabulary, vocabulary_of
from catalog.vocabulary.brought import GOOGLE, SHOPIFY, Brought, recognise
from catalog.vocabulary.google import matched
from catalog.vocabulary.present import present
from catalog.vocabulary.shopify import Taxonomy
from catalog.vocabulary.shopify_mapping import Choices, mapped

# For how long a file that nobody took over is kept.
KEEP_DRAFTS = timedelta(days=1)


@dataclass(frozen=True)
class Taking:
    """How a file is taken over; `shopify` says what of Shopify's taxonomy."""

    mode: str = Mode.ADD
    restore: bool = False
    shopify: Choices = field(default_factory=Choices)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Taking:
        """What `data()` was made from; of nothing, what is usual."""
        chosen = dict(data.get("shopify", {}))
        chosen["branches"] = tuple(chosen.get("branches", ()))
        return cls(data.get("mode", Mode.ADD), data.get("restore", False), Choices(**chosen))

    def data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Reading:
    """A file as the vocabulary it would be here: notes for people, what Google's matched or not."""

    source: SourceVocabulary
    notes: tuple[str, ...] = ()
    matched: Mapping[str, str] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()


def usual_taking(kind: str) -> Taking:
    """What is chosen before a person chooses: foreign taxonomies complete what is there."""
    return Taking(mode=Mode.ADD if kind not in {SHOPIFY, GOOGLE} else Mode.FILL)


def as_vocabulary(brought: Brought, taking: Taking) -> Reading:
    """What was brought, fitted to what is here. Raises VocabularyFileError where it is too much."""
    if brought.kind == SHOPIFY:
        result = mapped(Taxonomy.of(brought.data), taking.shopify, present())
        return Reading(result.source, tuple(result.notes), result.found)
    if brought.kind == GOOGLE:
        matches = matched(brought.data, present())
        return Reading(matches.source, (), matches.found, matches.unmatched)
    return Reading(vocabulary_of(brought.data))


def vocabulary_import_bring(
    *, files: Iterable[tuple[str, bytes]], language: str = "en", actor: Any
) -> VocabularyImport:
    """Keep files to look at what they would do. Raises VocabularyFileError for unfit ones."""
    given = list(files)
    brought = recognise(given, language=language)
    old = VocabularyImport.objects.filter(
        applied_at=None, created_at__lt=timezone.now() - KEEP_DRAFTS
    )
    old.delete()
    names = ", ".join(name.rpartition("/")[2] for name, _ in given)
    return VocabularyImport.objects.create(
        name=names.replace("\x00", "")[:200],
        kind=brought.kind,
        content=brought.packed(),
        choices=usual_taking(brought.kind).data(),
        created_by=actor if getattr(actor, "pk", None) else None,
    )


def vocabulary_import_choose(*, row: VocabularyImport, taking: Taking) -> VocabularyImport:
    """Keep what somebody chose to take of the file."""
    row.choices = taking.data()
    row.save(update_fields=["choices"])
    return row


@transaction.atomic
def vocabulary_import_apply(*, row: VocabularyImport, actor: Any) -> VocabularyImport:
    """Take a file over as it was chosen, all or nothing, once.

    Raises ValidationError when it was taken over before, VocabularyFileError when it is too much.
    """
    held = VocabularyImport.objects.select_for_update().get(pk=row.pk)
    if held.applied_at is not None:
        raise conflict("", "This file was taken over already.")
    started = time.monotonic()
    taking = Taking.of(held.choices)
    reading = as_vocabulary(Brought.unpacked(bytes(held.content)), taking)
    report = vocabulary_apply(
        source=reading.source,
        name=held.name,
        mode=taking.mode,
        restore=taking.restore,
        actor=actor,
    )
    held.added = list(report.names)
    held.report = {
        "categories": report.categories,
        "attributes": report.attributes,
        "terms": report.terms,
        "changed": report.changed,
        "left_out": report.left_out,
        "seconds": round(time.monotonic() - started, 2),
    }
    held.applied_at = timezone.now()
    held.save(update_fields=["added", "report", "applied_at"])
    return held


def vocabulary_import_undo(*, row: VocabularyImport, actor: Any) -> dict[str, int]:
    """Take away again what an import added and nothing uses; returns how many went and stayed.

    What it changed of rows that were there stays changed. Raises ValidationError when it was not
    taken over, when it was undone before, and when somebody begins to use some of it meanwhile.
    """
    try:
        return _undo(row, actor)
    except IntegrityError as error:
        raise conflict("", "Some of it was used meanwhile. Try again.") from error


@transaction.atomic
def _undo(row: VocabularyImport, actor: Any) -> dict[str, int]:
    held = VocabularyImport.objects.select_for_update().get(pk=row.pk)
    if held.applied_at is None or held.undone_at is not None:
        raise conflict("", "There is nothing to undo.")
    names = set(held.added)
    removed = _remove_terms(names) | _remove_attributes(names)
    removed |= _remove_categories(names)
    held.undone_at = timezone.now()
    held.save(update_fields=["undone_at"])
    AuditEvent.objects.create(
        actor=actor if getattr(actor, "pk", None) else None,
        action=UNDONE,
        target_type="vocabulary",
        target_id=None,
        summary=f"{len(removed)} of {len(names)} removed again from {held.name}"[:300],
        data={"removed": sorted(removed)},
    )
    fields = {name.split(":")[1] for name in removed if not name.startswith("category:")}
    said = LedgerEntry.objects.filter(field__in=fields).order_by()
    for name in sorted(said.values_list("field", flat=True).distinct()):
        projection_renew(field=name, actor=actor)
    return {"removed": len(removed), "kept": len(names - removed)}


def _remove_terms(names: set[str]) -> set[str]:
    """Values that no product was ever given, and that nothing was merged into."""
    rows = {
        row.pk: row
        for row in Term.objects.select_related("attribute").filter(
            attribute__key__in={n.split(":")[1] for n in names if n.startswith("term:")}
        )
        if f"term:{row.attribute.key}:{row.key}" in names
    }
    said = _said({row.attribute.key for row in rows.values()})
    merged = Term.objects.exclude(merged_into=None).values_list("pk", "merged_into")
    targets = {target for pk, target in merged if pk not in rows}
    unused = {
        pk: f"term:{row.attribute.key}:{row.key}"
        for pk, row in rows.items()
        if (row.attribute.key, row.key) not in said and pk not in targets
    }
    _delete(Term, list(unused))
    return set(unused.values())


def _said(fields: set[str]) -> set[tuple[str, str]]:
    entries = LedgerEntry.objects.filter(field__in=fields).order_by().distinct()
    return {
        (name, str(each))
        for name, value in entries.values_list("field", "value")
        for each in value or ()
    }


def _remove_attributes(names: set[str]) -> set[str]:
    keys = [name.split(":")[1] for name in names if name.startswith("attribute:")]
    used = set(LedgerEntry.objects.order_by().values_list("field", flat=True).distinct())
    rows = AttributeDefinition.objects.filter(key__in=keys, terms=None).exclude(key__in=used)
    unused = dict(rows.values_list("pk", "key"))
    _delete(AttributeDefinition, list(unused))
    return {f"attribute:{key}" for key in unused.values()}


def _remove_categories(names: set[str]) -> set[str]:
    """Categories that no product carries or was ever given, deepest first; none above what stays."""
    added = {name.partition(":")[2] for name in names if name.startswith("category:")}
    kept = {path for path in _category_paths_in_use() if path}
    rows = dict(Category.objects.values_list("path", "pk"))
    kept |= rows.keys() - added
    above = {
        "/".join(path.split("/")[: n + 1]) for path in kept for n in range(path.count("/") + 1)
    }
    unused = sorted(added & rows.keys() - above, key=lambda path: -path.count("/"))
    for depth in sorted({path.count("/") for path in unused}, reverse=True):
        ids = [rows[path] for path in unused if path.count("/") == depth]
        for start in range(0, len(ids), STEP):
            some = Category.objects.filter(pk__in=ids[start : start + STEP])
            # Nothing refers to them, so there is nobody to tell, row by row.
            some._raw_delete(some.db)  # noqa: SLF001 -- deletes without collecting what refers to it
    return {f"category:{path}" for path in unused}


def _category_paths_in_use() -> set[str]:
    said = LedgerEntry.objects.filter(field=CATEGORY).order_by().distinct()
    used = {str(value[0]) for value in said.values_list("value", flat=True) if value}
    carried = Product.objects.exclude(category=None).order_by()
    used |= set(carried.values_list("category__path", flat=True).distinct())
    reviewed = ReviewSample.objects.exclude(category=None)
    used |= set(reviewed.values_list("category__path", flat=True))
    limited = Category.objects.filter(~Q(attributes=None) | ~Q(terms=None))
    return used | set(limited.values_list("path", flat=True))


def _delete(model: type[Term | AttributeDefinition], ids: list[int]) -> None:
    for start in range(0, len(ids), STEP):
        model.objects.filter(pk__in=ids[start : start + STEP]).delete()


def import_plan(row: VocabularyImport) -> tuple[Reading, Loading]:
    """What taking a file over as chosen would do. Raises VocabularyFileError; writes nothing."""
    taking = Taking.of(row.choices)
    reading = as_vocabulary(Brought.unpacked(bytes(row.content)), taking)
    return reading, Loading(reading.source, mode=taking.mode, restore=taking.restore)
