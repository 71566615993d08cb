"""What people do with suggestions one after the other, in the order in which they did it.

The pages send acts in small groups and again when they got no answer, so each act says what became
of it, and an act that was carried out already is no error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import (
    Catalog,
    Decision,
    LedgerEntry,
    ReviewSample,
    ReviewSampleItem,
    Source,
    Verdict,
)
from catalog.services.projection import lock_products
from catalog.services.suggestions import (
    suggestion_replace,
    suggestion_undecide,
    suggestions_decide,
)


class ActKind(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    EDIT = "edit"
    UNDO = "undo"


class OutcomeState(StrEnum):
    """What became of an act: it was carried out; it, or the like, had been carried out before; it
    cannot be, and the suggestion still waits.
    """

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True)
class Act:
    """One act of a person on one suggestion; `value` is what to write instead, for an edit."""

    entry_id: int
    kind: ActKind
    value: Any = None


@dataclass(frozen=True)
class Outcome:
    """What became of an act. `message` is for the person, empty where all went as they meant it."""

    entry_id: int
    state: OutcomeState
    message: str = ""


def review_acts(
    *, catalog: Catalog, acts: Sequence[Act], actor: Any, sample: ReviewSample | None = None
) -> list[Outcome]:
    """Carry out acts on suggestions of a catalogue in their order, each by itself.

    With a `sample`, what is accepted of it counts as right and what is rejected or edited as wrong.
    Taken back is only what the same person decided.
    """
    return [_carry_out(catalog, act, actor, sample) for act in acts]


def _carry_out(catalog: Catalog, act: Act, actor: Any, sample: ReviewSample | None) -> Outcome:
    entry = LedgerEntry.objects.filter(pk=act.entry_id, product__catalog=catalog).first()
    if entry is None:
        return Outcome(act.entry_id, OutcomeState.REFUSED, "This suggestion is no longer there.")
    try:
        with transaction.atomic():
            # So that nobody else decides between the look at it and the decision.
            lock_products([entry.product_id])
            entry = LedgerEntry.objects.select_related("decided_by").get(pk=entry.pk)
            outcome = _settled(entry, act, actor) or _do(entry, act, actor)
            if sample is not None and outcome.state == OutcomeState.DONE:
                _judge(sample, act)
    except ValidationError as error:
        return Outcome(act.entry_id, OutcomeState.REFUSED, " ".join(error.messages))
    except LedgerEntry.DoesNotExist:
        return Outcome(act.entry_id, OutcomeState.REFUSED, "This suggestion is no longer there.")
    return outcome


def _settled(entry: LedgerEntry, act: Act, actor: Any) -> Outcome | None:
    """What to say of a suggestion on which nothing can be decided any more; None where it can."""
    state = OutcomeState.ALREADY
    if act.kind == ActKind.UNDO and entry.decision == Decision.NONE:
        return Outcome(entry.pk, state)
    if act.kind == ActKind.UNDO and entry.decided_by_id == actor.pk:
        return None
    if entry.retracted_at is not None:
        return Outcome(entry.pk, state, "The machine has said something else since.")
    if entry.decision == Decision.NONE:
        return None
    if entry.decided_by_id == actor.pk and entry.decision == _leads_to(act):
        return Outcome(entry.pk, state)
    who = "You have" if entry.decided_by_id == actor.pk else f"{entry.decided_by or 'Somebody'} has"
    return Outcome(entry.pk, state, f"{who} {entry.decision} this already.")


def _leads_to(act: Act) -> Decision:
    return Decision.ACCEPTED if act.kind == ActKind.ACCEPT else Decision.REJECTED


def _do(entry: LedgerEntry, act: Act, actor: Any) -> Outcome:
    if act.kind == ActKind.UNDO:
        whole = _undo(entry, actor)
        note = "" if whole else "The text was changed since, and stays as it is."
        return Outcome(entry.pk, OutcomeState.DONE, note)
    if act.kind == ActKind.EDIT:
        suggestion_replace(entry=entry, value=act.value, actor=actor)
        return Outcome(entry.pk, OutcomeState.DONE)
    accept = act.kind == ActKind.ACCEPT
    for problem in suggestions_decide(entries=[entry], accept=accept, actor=actor).values():
        raise problem
    return Outcome(entry.pk, OutcomeState.DONE)


def _undo(entry: LedgerEntry, actor: Any) -> bool:
    """Take a decision back, and what was written instead of the suggestion at the same moment."""
    LedgerEntry.objects.filter(
        product=entry.product_id,
        variant=entry.variant_id,
        field=entry.field,
        locale=entry.locale,
        source=Source.PERSON,
        created_by=entry.decided_by_id,
        created_at=entry.decided_at or timezone.now(),
        retracted_at=None,
    ).update(retracted_at=timezone.now(), retracted_by=actor)
    return suggestion_undecide(entry=entry, actor=actor)


def _judge(sample: ReviewSample, act: Act) -> None:
    verdicts = {ActKind.ACCEPT: Verdict.RIGHT, ActKind.UNDO: Verdict.NONE}
    items = ReviewSampleItem.objects.filter(sample=sample, entry=act.entry_id)
    items.update(verdict=verdicts.get(act.kind, Verdict.WRONG))
