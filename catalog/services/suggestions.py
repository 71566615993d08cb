"""What machines said, accepted or rejected by people, singly or many at once, and undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import Batch, Decision, LedgerEntry
from catalog.models.outbox import CHUNK
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import COLUMN_FIELDS, clean_value
from catalog.services.audit import audit, audit_many
from catalog.services.columns import AFTER, BEFORE, column_write, columns_swap
from catalog.services.errors import conflict
from catalog.services.ledger import UNDECIDED, attribute_set
from catalog.services.projection import lock_products, project, tell_points

WITHDRAWN = "This suggestion was withdrawn meanwhile."


@transaction.atomic
def suggestion_decide(
    *, entry: LedgerEntry, accept: bool, actor: Any, batch: Batch | None = None
) -> None:
    """A person accepts or rejects what a machine said. Who wrote it stays on record.

    What is accepted of a field that is a column is written there, as what people write is. What was
    decided otherwise before is undone first. Raises ValidationError with messages by field when it
    does not fit there, or was withdrawn meanwhile; nothing is decided then.
    """
    lock_products([entry.product_id])
    stored = LedgerEntry.objects.filter(pk=entry.pk).values_list("decision", flat=True).first()
    if stored and stored != _word(accept=accept):
        suggestion_undecide(entry=entry, actor=actor)
    refused = suggestions_decide(entries=[entry], accept=accept, actor=actor, batch=batch)
    if refused:
        raise refused[entry.pk]


def _word(*, accept: bool) -> Decision:
    return Decision.ACCEPTED if accept else Decision.REJECTED


@transaction.atomic
def suggestions_decide(
    *, entries: Iterable[LedgerEntry], accept: bool, actor: Any, batch: Batch | None = None
) -> dict[int, ValidationError]:
    """Accept or reject many suggestions as one act; returns those refused by id, with the reason.

    Each is decided on whole or not at all. Refused is what was withdrawn or decided otherwise
    meanwhile, and an accepted text that does not fit its column. What is decided so already stays
    as it is and does not become part of `batch`. Attributes take as many queries for many as for
    one; texts of columns are written one by one.
    """
    wanted = {entry.pk: entry for entry in entries}
    decision = _word(accept=accept)
    rows = _hold({entry.product_id for entry in wanted.values()}, wanted)
    refused = {
        pk: conflict(entry.field, WITHDRAWN)
        for pk, entry in wanted.items()
        if pk not in {row.pk for row in rows}
    }
    chosen: list[LedgerEntry] = []
    for row in rows:
        problem = _problem(row, decision)
        if problem:
            refused[row.pk] = conflict(row.field, problem)
        elif row.decision != decision:
            chosen.append(row)
    # Before anything is written: points are always taken in one order, and after their products.
    tell_points({row.product_id for row in chosen})
    if accept:
        refused |= _write_columns(chosen, actor)
        chosen = [row for row in chosen if row.pk not in refused]
    _decide(chosen, decision, actor=actor, batch=batch)
    audit_many(
        actor=actor,
        action="suggestion.accept" if accept else "suggestion.reject",
        targets=[(row.product, f"{row.field} = {row.value}") for row in chosen],
        data=[{"entry": row.pk, "field": row.field} for row in chosen],
    )
    return refused


def _hold(product_ids: Collection[int], ids: Iterable[int]) -> list[LedgerEntry]:
    """These rows as they are now, with their products, which are held until the transaction ends."""
    held = {product.pk: product for product in lock_products(product_ids)}
    ordered = sorted(ids)
    rows: list[LedgerEntry] = []
    for start in range(0, len(ordered), CHUNK):
        some = LedgerEntry.objects.filter(pk__in=ordered[start : start + CHUNK])
        rows += some.select_related("variant").order_by("pk")
    for row in rows:
        row.product = held[row.product_id]
    return rows


def _problem(row: LedgerEntry, decision: Decision) -> str:
    """Why nobody can decide so on this row; empty when one can."""
    if row.source not in MACHINE_SOURCES:
        return "This is no machine's suggestion."
    if row.retracted_at is not None:
        return WITHDRAWN
    if row.product.deleted_at is not None:
        return "This product was deleted."
    if row.decision not in {Decision.NONE, decision}:
        return f"This suggestion was {row.decision} meanwhile."
    return ""


def _write_columns(rows: Iterable[LedgerEntry], actor: Any) -> dict[int, ValidationError]:
    refused: dict[int, ValidationError] = {}
    for row in rows:
        if row.field not in COLUMN_FIELDS:
            continue
        text = row.value[0] if row.value else None
        try:
            with transaction.atomic():
                row.overwrote = column_write(entry=row, text=text, actor=actor)
        except ValidationError as error:
            refused[row.pk] = error
    return refused


def _decide(
    rows: Collection[LedgerEntry],
    decision: Decision,
    *,
    actor: Any,
    batch: Batch | None,
    at: datetime | None = None,
) -> None:
    """Write the decision and what follows from it. The products are held, their points told."""
    decided = {
        "decision": decision,
        "decided_by": actor,
        "decided_at": at or timezone.now(),
        "decision_batch": batch,
        "taken_back": Decision.NONE,
    }
    ids = sorted(row.pk for row in rows)
    for start in range(0, len(ids), CHUNK):
        some = LedgerEntry.objects.filter(pk__in=ids[start : start + CHUNK])
        some.update(**decided, overwrote={})
    LedgerEntry.objects.bulk_update([row for row in rows if row.overwrote], ["overwrote"])
    products = {row.product_id: row.product for row in rows}
    project(products.values(), {row.field for row in rows}, told=True)


@transaction.atomic
def suggestion_undecide(*, entry: LedgerEntry, actor: Any) -> bool:
    """Take back an acceptance or a rejection: the suggestion waits for somebody again.

    A column that the decision changed gets back what it held before. Returns False where somebody
    changed it since: it stays as it is then. Raises ValidationError when nobody decided on it, or
    it was withdrawn.
    """
    (row,) = _hold([entry.product_id], [entry.pk]) or [entry]
    if row.retracted_at is not None:
        raise conflict(row.field, WITHDRAWN)
    if row.decision == Decision.NONE:
        raise conflict(row.field, "Nobody has decided on this suggestion.")
    whole = not columns_swap(entries=[row], now=AFTER, then=BEFORE, actor=actor)
    LedgerEntry.objects.filter(pk=row.pk).update(**UNDECIDED)
    project([row.product], [row.field])
    audit(
        actor=actor,
        action="suggestion.undecide",
        target=row.product,
        catalog=row.product.catalog,
        summary=f"{row.field} = {row.value}",
        data={
            "entry": row.pk,
            "field": row.field,
            "was": row.decision,
            "decided_by": row.decided_by_id,
            "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        },
    )
    return whole


@transaction.atomic
def suggestion_replace(
    *, entry: LedgerEntry, value: Any, actor: Any, batch: Batch | None = None
) -> None:
    """A person's own value instead of a suggestion, which is rejected and stays on record.

    The same value as suggested is an acceptance. Raises ValidationError with messages by field when
    the value does not fit, or the suggestion was withdrawn meanwhile; nothing changes then.
    """
    (row,) = _hold([entry.product_id], [entry.pk]) or [entry]
    problem = _problem(row, Decision.NONE)
    if problem:
        raise conflict(row.field, problem)
    cleaned = clean_value(row.field, value)
    if cleaned == row.value:
        suggestion_decide(entry=row, accept=True, actor=actor, batch=batch)
        return
    now = timezone.now()
    tell_points([row.product_id])
    if row.field in COLUMN_FIELDS:
        text = cleaned[0] if cleaned else None
        row.overwrote = column_write(entry=row, text=text, actor=actor)
    else:
        attribute_set(
            product=row.product,
            variant=row.variant,
            field=row.field,
            locale=row.locale,
            value=value,
            actor=actor,
            batch=batch,
            at=now,
        )
    # At one moment, so that both are one act.
    _decide([row], Decision.REJECTED, actor=actor, batch=batch, at=now)
    audit(
        actor=actor,
        action="suggestion.replace",
        target=row.product,
        catalog=row.product.catalog,
        summary=f"{row.field} = {row.value}",
        data={"entry": row.pk, "field": row.field, "value": cleaned},
    )
