"""A finished run with other comparables: worked out anew at once, or written again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from catalog import selectors as catalog_selectors
from catalog.views.http import Request, first_message, refused
from tools import selectors
from tools.kinds.pricing.blocks import COMPARABLES
from tools.kinds.pricing.options import MAX_AMOUNT
from tools.kinds.pricing.prompts import VERSION
from tools.kinds.pricing.services import excluded_from, pricing_recompute
from tools.models import UNFINISHED, ToolRun
from tools.runs import running
from tools.services.runs import run_create
from tools.views.live import news
from tools.views.runs import run_in


class RecomputeForm(forms.Form):
    try_price = forms.DecimalField(
        label="A price to try",
        required=False,
        min_value=0,
        max_value=MAX_AMOUNT - 1,
        max_digits=14,
        decimal_places=4,
    )


@require_POST
@login_required
def recompute(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Count what is ticked (`counts`) and nothing else; htmx gets what changed, out of band."""
    run = _pricing_run(request, slug, pk)
    form = RecomputeForm(request.POST)
    back = f"{run.get_absolute_url()}#block-{COMPARABLES}"
    if not form.is_valid():
        return refused(request, f"A price to try: {form.errors['try_price'][0]}", back)
    ticked = set(request.POST.getlist("counts"))
    known = run.evidence.get("case", {}).get("comparables", [])
    excluded = [each["key"] for each in known if each["key"] not in ticked]
    number = run.last_event
    try:
        run, course = pricing_recompute(
            run=run, excluded=excluded, try_price=form.cleaned_data["try_price"] or None
        )
    except ValidationError as error:
        return refused(request, first_message(error), back)
    if not request.htmx:
        return redirect(back)
    return HttpResponse(news(run, course, number, may_edit=True))


@require_POST
@login_required
def write_again(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Run again with the options of before, and the comparables as they count now."""
    run = _pricing_run(request, slug, pk)
    if run.state in UNFINISHED:
        message = "This is still being written. Write it again when it is done."
        return refused(request, message, run.get_absolute_url())
    product = catalog_selectors.product_for(request.user, run.product_id)
    options: dict[str, Any] = {**run.options, "excluded": excluded_from(run)}
    again = run_create(
        product=product,
        tool=run.tool,
        options=options,
        actor=request.user,
        prompt_version=VERSION,
        redone_from=run,
    )
    running.start(again)
    if request.htmx:
        return HttpResponseClientRedirect(again.get_absolute_url())
    return redirect(again)


def _pricing_run(request: Request, slug: str, pk: int) -> ToolRun:
    run = run_in(request, slug, pk, selectors.RUN)
    if run.tool != "pricing":
        raise Http404
    return run
