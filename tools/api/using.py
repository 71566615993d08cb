"""Values of a run's result suggested for their fields, over the API."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field

from catalog import selectors as catalogs
from catalog.api.schemas import STORABLE, Strict
from catalog.models import Decision, LedgerEntry
from tools import selectors
from tools.models import ToolRun
from tools.services.using import field_suggest, field_withdraw

router = Router(tags=["tools"])


class UseIn(Strict):
    """A value of a block of kind "fields", by the ids that the run's blocks give."""

    block: str = Field(max_length=80, pattern=STORABLE)
    key: str = Field(max_length=80, pattern=STORABLE)


class UsedOut(Schema):
    """A suggestion in the ledger. `new` is false where it had been made before."""

    suggestion: int = Field(description="POST /suggestions/{id}/accept accepts it")
    product: int
    field: str
    locale: str
    variant: int | None
    photo: int | None
    value: list[Any] | None
    state: Literal["waiting", "accepted"]
    new: bool
    review_url: str

    @classmethod
    def of(cls, entry: LedgerEntry, run: ToolRun, *, is_new: bool) -> UsedOut:
        return cls(
            suggestion=entry.pk,
            product=entry.product_id,
            field=entry.field,
            locale=entry.locale,
            variant=entry.variant_id,
            photo=entry.photo_id,
            value=entry.value,
            state="accepted" if entry.decision == Decision.ACCEPTED else "waiting",
            new=is_new,
            review_url=reverse("catalog:review", args=[run.catalog.slug]),
        )


class WithdrawnOut(Schema):
    withdrawn: int = Field(description="The id of the suggestion that waits no more")


def _run(request: HttpRequest, pk: int) -> ToolRun:
    return selectors.run_for(request.user, pk, catalogs.EDIT)


@router.post("/runs/{int:pk}/use", response=UsedOut)
def run_use(request: HttpRequest, pk: int, body: UseIn) -> Any:
    """Suggest a value of the run for its field: it waits for review, and counts nowhere before."""
    run = _run(request, pk)
    made = field_suggest(run=run, block_id=body.block, key=body.key, actor=request.user)
    return UsedOut.of(made.entry, run, is_new=made.is_new)


@router.post("/runs/{int:pk}/use/undo", response=WithdrawnOut)
def run_use_undo(request: HttpRequest, pk: int, body: UseIn) -> Any:
    """Take a suggestion back that nobody has decided on."""
    run = _run(request, pk)
    entry = field_withdraw(run=run, block_id=body.block, key=body.key, actor=request.user)
    return WithdrawnOut(withdrawn=entry.pk)
