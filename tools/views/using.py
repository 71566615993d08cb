"""A value of a run's result suggested for its field, from the run's page; and taken back."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import selectors
from catalog.models import Decision, LedgerEntry
from catalog.views.http import Request, done, first_message, refused, toast
from tools.models import ToolRun
from tools.services.using import field_suggest, field_withdraw
from tools.views.runs import run_in

SUGGESTED = "Suggested. It waits in the review queue."
AGAIN = "This is suggested already. It waits in the review queue."
ACCEPTED = "This was suggested and accepted already."


@require_POST
@login_required
def run_use(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Suggest a value; for htmx, answers with what stands in place of the button."""
    run = run_in(request, slug, pk, selectors.EDIT)
    block, key = request.POST.get("block", ""), request.POST.get("key", "")
    here = f"{run.get_absolute_url()}#block-{block}"
    try:
        made = field_suggest(run=run, block_id=block, key=key, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    message = SUGGESTED if made.is_new else AGAIN
    if made.entry.decision == Decision.ACCEPTED:
        message = ACCEPTED
    undo_url = ""
    if made.is_new:
        undo_url = reverse("tools:use_undo", args=[slug, pk, made.entry.pk])
    if not request.htmx:
        return done(request, message, here, undo_url=undo_url)
    values = used_values(made.entry, run, request.user)
    return toast(render(request, "tools/_suggested.html", values), message, undo_url=undo_url)


def used_values(entry: LedgerEntry, run: ToolRun, user: Any) -> dict[str, Any]:
    """What stands where a value was used, for tools/_suggested.html."""
    where = [run.catalog.slug, run.product_id, entry.pk]
    waits = entry.decision == Decision.NONE
    may_decide = waits and selectors.may(user, run.catalog, selectors.REVIEW)
    return {
        "accepted": not waits,
        "review_url": f"{reverse('catalog:review', args=[run.catalog.slug])}?source=tool",
        "accept_url": reverse("catalog:suggestion_accept", args=where) if may_decide else "",
    }


@require_POST
@login_required
def run_use_undo(request: Request, slug: str, pk: int, entry: int) -> HttpResponseBase:
    """Take back a suggestion that nobody has decided on."""
    run = run_in(request, slug, pk, selectors.EDIT)
    rows = LedgerEntry.objects.filter(product=run.product_id, evidence__run=run.pk, pk=entry)
    row = rows.first()
    here = run.get_absolute_url()
    if row is None:
        return refused(request, "This is not suggested.", here)
    block, key = str(row.evidence.get("block")), str(row.evidence.get("key"))
    try:
        field_withdraw(run=run, block_id=block, key=key, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    message = "Taken back: it does not wait for review any more."
    return done(request, message, f"{here}#block-{block}")
