"""Suggestions decided on, what was ever said of a product, and acts undone as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from catalog import provenance, selectors
from catalog.api.jobs import JobOut, accepted
from catalog.api.schemas import STORABLE, Id, Strict
from catalog.models import Batch, LedgerEntry
from catalog.services import going_back
from catalog.services.batches import batch_decide, batch_restore
from catalog.services.bulk import Started
from catalog.services.suggestions import (
    suggestion_decide,
    suggestion_undecide,
)
from catalog.views.http import MAX_DIGITS, first_message

router = Router(tags=["ledger"])
MOST_AT_ONCE = 1000
PAGE = 50
MAX_PAGE = 200


class EntryOut(Schema):
    """What somebody or something said of a field once."""

    id: int
    product: int
    variant: str | None = Field(None, description="SKU of the variant it is about")
    field: str
    locale: str
    value: list[Any] | None = Field(description="null: empty on purpose")
    source: str = Field(description="person, import, vision-llm, zero-shot or tool")
    model: str
    confidence: float | None
    said_confidence: float | None = Field(description="The machine's own word")
    evidence: dict[str, Any]
    photo: int | None
    created_at: datetime
    created_by: str | None
    decision: str = Field(description="accepted, rejected, or empty")
    decided_at: datetime | None
    decided_by: str | None
    retracted_at: datetime | None
    retracted_by: str | None
    batch: int | None
    decision_batch: int | None

    @classmethod
    def of(cls, row: LedgerEntry) -> EntryOut:
        return cls(
            id=row.pk,
            product=row.product_id,
            variant=row.variant.sku if row.variant else None,
            field=row.field,
            locale=row.locale,
            value=row.value,
            source=row.source,
            model=row.model,
            confidence=row.confidence,
            said_confidence=row.said_confidence,
            evidence=row.evidence if isinstance(row.evidence, dict) else {},
            photo=row.photo_id,
            created_at=row.created_at,
            created_by=_name(row.created_by),
            decision=row.decision,
            decided_at=row.decided_at,
            decided_by=_name(row.decided_by),
            retracted_at=row.retracted_at,
            retracted_by=_name(row.retracted_by),
            batch=row.batch_id,
            decision_batch=row.decision_batch_id,
        )


def _name(user: Any) -> str | None:
    return user.get_username() if user else None


class UndecidedOut(Schema):
    suggestion: EntryOut
    restored: bool = Field(
        description="false: the text it had changed was changed again since, and stays"
    )


Offset = Annotated[int, Query(lt=10**MAX_DIGITS)]
Name = Annotated[str, Query(max_length=60, pattern=STORABLE)]


class DecideIn(Strict):
    ids: list[Id] = Field(min_length=1, max_length=MOST_AT_ONCE)
    accept: bool
    label: str = Field(
        "",
        max_length=200,
        pattern=STORABLE,
        description="What the act is called, to be undone by",
    )


class RefusedOut(Schema):
    id: int
    message: str


class DecidedOut(Schema):
    batch: int | None = Field(
        description="Undo it with POST /batches/{id}/undo; null: nothing was decided"
    )
    decided: int
    refused: list[RefusedOut]


class BatchOut(Schema):
    id: int
    label: str
    created_by: str | None
    created_at: datetime
    values: int
    decisions: int
    products: int
    undone_at: datetime | None
    undone_by: str | None

    @classmethod
    def of(cls, batch: Any) -> BatchOut:
        """From a batch with its counts."""
        return cls(
            id=batch.pk,
            label=batch.label,
            created_by=_name(batch.created_by),
            created_at=batch.created_at,
            values=batch.values_count,
            decisions=batch.decisions_count,
            products=batch.products_count,
            undone_at=batch.retracted_at,
            undone_by=_name(batch.retracted_by),
        )


class BatchPage(Schema):
    batches: list[BatchOut]
    total: int


class UndoneOut(Schema):
    values: int
    kept: int = Field(description="Texts that somebody changed since, and that stay as they are")
    batch: BatchOut


@router.get("/products/{int:pk}/suggestions", response=list[EntryOut])
def suggestions_list(request: HttpRequest, pk: int) -> Any:
    """What machines said of the product that a person is yet to decide on, surest first."""
    product = selectors.product_for(request.user, pk)
    return [EntryOut.of(row) for row in provenance.suggestions_of(product)]


@router.get("/products/{int:pk}/history", response=list[EntryOut])
def history_list(request: HttpRequest, pk: int, field: Name = "") -> Any:
    """Everything that was ever said of the product, or of one field of it, newest first."""
    product = selectors.product_for(request.user, pk)
    return [EntryOut.of(row) for row in provenance.history_of(product, field)]


def _suggestion(request: HttpRequest, pk: int) -> LedgerEntry:
    entry = provenance.entry_of(pk)
    if entry is None:
        raise Http404
    selectors.product_for(request.user, entry.product_id, selectors.REVIEW)
    return entry


def _fresh(pk: int) -> EntryOut:
    entry = provenance.entry_of(pk)
    if entry is None:
        raise Http404
    return EntryOut.of(entry)


@router.post("/suggestions/{int:pk}/accept", response=EntryOut)
def suggestion_accept(request: HttpRequest, pk: int) -> Any:
    """Accept a suggestion. A text or price is written to the product itself."""
    suggestion_decide(entry=_suggestion(request, pk), accept=True, actor=request.user)
    return _fresh(pk)


@router.post("/suggestions/{int:pk}/reject", response=EntryOut)
def suggestion_reject(request: HttpRequest, pk: int) -> Any:
    """Reject a suggestion: it counts no more, and is not made again."""
    suggestion_decide(entry=_suggestion(request, pk), accept=False, actor=request.user)
    return _fresh(pk)


@router.post("/suggestions/{int:pk}/undo", response=UndecidedOut)
def suggestion_undo(request: HttpRequest, pk: int) -> Any:
    """Take back a decision; a text that it changed is as before, unless somebody changed it since."""
    restored = suggestion_undecide(entry=_suggestion(request, pk), actor=request.user)
    return UndecidedOut(suggestion=_fresh(pk), restored=restored)


@router.post("/catalogs/{slug:slug}/suggestions/decide", response=DecidedOut)
def suggestions_decide_many(request: HttpRequest, slug: str, body: DecideIn) -> Any:
    """Accept or reject many suggestions as one act; each is decided on whole or refused."""
    catalog = selectors.catalog_for(request.user, slug, selectors.REVIEW)
    entries = provenance.entries_in(catalog, body.ids)
    known = {entry.pk for entry in entries}
    refused = [
        RefusedOut(id=pk, message="There is no such suggestion.")
        for pk in body.ids
        if pk not in known
    ]
    word = "Accepted" if body.accept else "Rejected"
    label = body.label or f"{word} {len(entries)} suggestions"
    batch, refusals = batch_decide(
        catalog=catalog, entries=entries, accept=body.accept, actor=request.user, label=label
    )
    refused += [RefusedOut(id=pk, message=first_message(error)) for pk, error in refusals.items()]
    decided = batch.decisions.count() if batch else 0
    return DecidedOut(batch=batch.pk if batch else None, decided=decided, refused=refused)


@router.get("/catalogs/{slug:slug}/batches", response=BatchPage)
def batches_list(request: HttpRequest, slug: str, offset: Offset = 0, limit: int = PAGE) -> Any:
    """Acts that can be undone as a whole, newest first."""
    batches = provenance.batches_of(selectors.catalog_for(request.user, slug))
    start, size = max(0, offset), max(1, min(limit, MAX_PAGE))
    shown = batches[start : start + size]
    return BatchPage(batches=[BatchOut.of(each) for each in shown], total=batches.count())


def _batch(request: HttpRequest, pk: int) -> Batch:
    found = Batch.objects.filter(pk=pk, catalog__deleted_at__isnull=True)
    batch = found.select_related("catalog").first()
    if batch is None:
        raise Http404
    selectors.check_undo(request.user, batch)
    return batch


@router.post("/batches/{int:pk}/undo", response={200: UndoneOut, 202: JobOut})
def batch_undo(request: HttpRequest, pk: int) -> Any:
    """Undo all that an act wrote and decided; on more than 500 products by a job, see /jobs/{id}."""
    batch = _batch(request, pk)
    return _told(batch, going_back.batch_undo(batch=batch, actor=request.user))


@router.post("/batches/{int:pk}/restore", response={200: UndoneOut, 202: JobOut})
def batch_redo(request: HttpRequest, pk: int) -> Any:
    """Do again what an act did before it was undone; on more than 500 products by a job."""
    batch = _batch(request, pk)
    return _told(batch, batch_restore(batch=batch, actor=request.user))


def _told(batch: Batch, started: Started) -> Any:
    if started.job is not None:
        return accepted(started.job)
    shown = BatchOut.of(provenance.batches_of(batch.catalog).get(pk=batch.pk))
    result = started.result
    return Status(200, UndoneOut(values=result["values"], kept=result["kept"], batch=shown))
