"""The one way in which values of fields are written: rows of the ledger, and their projection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.ingest import wake
from catalog.models import (
    AttributeDefinition,
    Batch,
    Category,
    CurrentAttribute,
    CurrentTerm,
    Decision,
    LedgerEntry,
    Product,
    Source,
    Variant,
)
from catalog.models.ledger import MACHINE_SOURCES, PRECEDENCE
from catalog.models.outbox import record_index_changes
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, clean_value
from catalog.services.audit import audit
from catalog.textsearch.documents import text_documents_refresh


@dataclass(frozen=True)
class MachineValue:
    """What a machine says of one field. `confidence` is in [0, 1], None when it cannot tell."""

    field: str
    value: list | None
    confidence: float | None
    photo_id: int | None = None
    locale: str = ""


@transaction.atomic
def attribute_set(
    *,
    product: Product,
    field: str,
    value: Any,
    actor: Any,
    variant: Variant | None = None,
    locale: str = "",
    source: str = Source.PERSON,
    batch: Batch | None = None,
) -> LedgerEntry:
    """A person (or an import) gives a field its value; None empties it deliberately.

    A person's value locks the field. Raises ValidationError keyed by the field when the value does
    not fit its definition, or for a field that is a column of the product itself.
    """
    if field in COLUMN_FIELDS:
        raise ValidationError({field: ["This is no attribute: change the product's own field."]})
    cleaned = clean_value(field, value)
    entry = LedgerEntry.objects.create(
        product=product,
        variant=variant,
        field=field,
        locale=locale,
        value=cleaned,
        source=source,
        batch=batch,
        created_by=actor,
    )
    project(product, [field])
    audit(
        actor=actor,
        action="attribute.set",
        target=product,
        catalog=product.catalog,
        summary=f"{field} = {cleaned}",
        data={"field": field, "value": cleaned, "entry": entry.pk},
    )
    return entry


@transaction.atomic
def attribute_unlock(
    *,
    product: Product,
    field: str,
    actor: Any,
    variant: Variant | None = None,
    locale: str = "",
) -> int:
    """Take back people's values and acceptances of a field, so that machines may fill it again."""
    rows = LedgerEntry.objects.filter(
        product=product, variant=variant, field=field, locale=locale, retracted_at=None
    )
    count = rows.filter(source=Source.PERSON).update(
        retracted_at=timezone.now(), retracted_by=actor
    )
    count += rows.filter(decision=Decision.ACCEPTED).update(
        decision=Decision.NONE, decided_by=None, decided_at=None
    )
    project(product, [field])
    audit(
        actor=actor,
        action="attribute.unlock",
        target=product,
        catalog=product.catalog,
        summary=field,
    )
    return count


@transaction.atomic
def attribute_undo(
    *,
    product: Product,
    field: str,
    actor: Any,
    variant: Variant | None = None,
    locale: str = "",
) -> bool:
    """Retract the newest standing row that people or imports wrote to a field.

    Returns False when there is none. The value before it, whoever gave it, becomes current.
    """
    entry = (
        LedgerEntry.objects.standing()
        .filter(product=product, variant=variant, field=field, locale=locale)
        .exclude(source__in=MACHINE_SOURCES)
        .order_by("-created_at", "-pk")
        .first()
    )
    if entry is None:
        return False
    LedgerEntry.objects.filter(pk=entry.pk).update(retracted_at=timezone.now(), retracted_by=actor)
    project(product, [field])
    audit(
        actor=actor,
        action="attribute.undo",
        target=product,
        catalog=product.catalog,
        summary=field,
        data={"field": field, "entry": entry.pk},
    )
    return True


@transaction.atomic
def batch_retract(*, batch: Batch, actor: Any) -> int:
    """Undo everything one batch wrote; returns how many rows were retracted."""
    rows = batch.entries.filter(retracted_at=None)
    touched = list(rows.values_list("product_id", "field").distinct())
    count = rows.update(retracted_at=timezone.now(), retracted_by=actor)
    batch.retracted_at = timezone.now()
    batch.save(update_fields=["retracted_at"])
    for product in Product.objects.filter(pk__in={pk for pk, _ in touched}):
        project(product, sorted({field for pk, field in touched if pk == product.pk}))
    audit(actor=actor, action="batch.retract", target=batch, catalog=batch.catalog)
    return count


@transaction.atomic
def suggestion_decide(*, entry: LedgerEntry, accept: bool, actor: Any) -> None:
    """A person accepts or rejects what a machine said. Who wrote it stays on record."""
    LedgerEntry.objects.filter(pk=entry.pk).update(
        decision=Decision.ACCEPTED if accept else Decision.REJECTED,
        decided_by=actor,
        decided_at=timezone.now(),
    )
    project(entry.product, [entry.field])
    audit(
        actor=actor,
        action="suggestion.accept" if accept else "suggestion.reject",
        target=entry.product,
        catalog=entry.product.catalog,
        summary=f"{entry.field} = {entry.value}",
        data={"entry": entry.pk},
    )


@transaction.atomic
def machine_values_record(
    *,
    product: Product,
    values: Sequence[MachineValue],
    source: str,
    model: str,
    prompt_version: str = "",
    batch: Batch | None = None,
) -> int:
    """Write what a machine says of a product; returns how many rows were added.

    The same source's earlier undecided word on these fields is retracted; the same value again
    adds nothing. Current values follow the precedence: a person's value stays where it is.
    """
    fields = [value.field for value in values]
    earlier = {
        (row.field, row.locale): row
        for row in LedgerEntry.objects.standing()
        .filter(product=product, variant=None, field__in=fields, source=source)
        .order_by("created_at", "pk")
    }
    new: list[LedgerEntry] = []
    outdated: list[int] = []
    for said in values:
        before = earlier.get((said.field, said.locale))
        cleaned = clean_value(said.field, said.value)
        if before is not None and before.value == cleaned and before.model == model:
            continue
        if before is not None and before.decision == Decision.NONE:
            outdated.append(before.pk)
        new.append(
            LedgerEntry(
                product=product,
                field=said.field,
                locale=said.locale,
                value=cleaned,
                source=source,
                photo_id=said.photo_id,
                model=model,
                prompt_version=prompt_version,
                confidence=said.confidence,
                batch=batch,
            )
        )
    LedgerEntry.objects.filter(pk__in=outdated).update(retracted_at=timezone.now())
    LedgerEntry.objects.bulk_create(new)
    if new:
        project(product, sorted({row.field for row in new}))
    return len(new)


def project(product: Product, fields: Iterable[str]) -> None:
    """Bring the projection of some fields of a product in line with the ledger.

    Runs in the caller's transaction, which holds the product's row, so that two writers of the
    same field project one after the other.
    """
    names = list(fields)
    stored = Product.objects.select_for_update().get(pk=product.pk)
    rows = (
        LedgerEntry.objects.standing()
        .filter(product=product, field__in=names)
        .order_by("created_at", "pk")
    )
    suggestion_only = set(
        AttributeDefinition.objects.filter(key__in=names, machine_may_set=False).values_list(
            "key", flat=True
        )
    )
    winners: dict[tuple[int | None, str, str], LedgerEntry] = {}
    for row in rows:
        undecided = row.source in MACHINE_SOURCES and row.decision != Decision.ACCEPTED
        if undecided and row.field in suggestion_only | COLUMN_FIELDS:
            continue
        key = (row.variant_id, row.field, row.locale)
        if key not in winners or _precedence(row) >= _precedence(winners[key]):
            winners[key] = row
    _write_projection(product, names, winners)
    if CATEGORY in names:
        _write_category(stored, winners.get((None, CATEGORY, "")))
        product.category = stored.category
        # Whose word the category is decides whether it counts as one of the product's words.
        text_documents_refresh([product.pk])
    points = product.placements.values_list("pk", flat=True)
    record_index_changes(points, vector=False)
    wake.on_commit(wake.INDEX)


def _precedence(entry: LedgerEntry) -> tuple[int, datetime]:
    """Greater wins: the better source, then the later word; accepting is a word of its own."""
    accepted = entry.decision == Decision.ACCEPTED and entry.decided_at
    return -_rank(entry), entry.decided_at or entry.created_at if accepted else entry.created_at


def _rank(entry: LedgerEntry) -> int:
    """Place in the precedence, smaller wins; an accepted suggestion stands like a person's word."""
    if entry.decision == Decision.ACCEPTED:
        return 0
    order = getattr(settings, "SOURCE_PRECEDENCE", {}).get(entry.field, PRECEDENCE)
    return list(order).index(entry.source)


def _write_projection(
    product: Product,
    fields: list[str],
    winners: dict[tuple[int | None, str, str], LedgerEntry],
) -> None:
    present = {
        (row.variant_id, row.field, row.locale): row
        for row in CurrentAttribute.objects.filter(product=product, field__in=fields)
    }
    gone = [row.pk for key, row in present.items() if key not in winners]
    CurrentAttribute.objects.filter(pk__in=gone).delete()
    for key, entry in winners.items():
        current = present.get(key) or CurrentAttribute(
            product=product, variant_id=key[0], field=key[1], locale=key[2]
        )
        if current.pk and current.entry_id == entry.pk and current.locked == _locks(entry):
            continue
        current.value = entry.value
        current.source = entry.source
        current.confidence = entry.confidence
        current.locked = _locks(entry)
        current.entry = entry
        current.updated_at = timezone.now()
        current.save()
        _write_terms(product, current)


def _locks(entry: LedgerEntry) -> bool:
    return entry.source == Source.PERSON or entry.decision == Decision.ACCEPTED


def _write_terms(product: Product, current: CurrentAttribute) -> None:
    current.terms.all().delete()
    if current.field in COLUMN_FIELDS or not current.value:
        return
    values = {str(value)[:160] for value in current.value}
    CurrentTerm.objects.bulk_create(
        CurrentTerm(
            current=current,
            catalog_id=product.catalog_id,
            product=product,
            field=current.field,
            value=value,
        )
        for value in sorted(values)
    )


def _write_category(product: Product, entry: LedgerEntry | None) -> None:
    path = entry.value[0] if entry is not None and entry.value else None
    category = Category.objects.filter(path=path).first() if path else None
    if product.category != category:
        product.category = category
        product.save(update_fields=["category", "updated_at"])
