"""Webhooks of a catalogue, for its owners: set up, tried, and their log."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors
from catalog.models import Catalog, Webhook, WebhookDelivery
from catalog.views.http import Request, done, first_message, refused
from catalog.views.out_tabs import out_tabs
from catalog.webhooks import services
from catalog.webhooks.events import EVENTS
from prodintel.lib.work import WorkState

SHOWN = 200


class WebhookForm(forms.Form):
    address = forms.CharField(
        max_length=500,
        help_text="Messages are sent there by POST. Use https, so that nobody reads along.",
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example/hooks/prodintel"}),
    )
    events = forms.MultipleChoiceField(
        choices=list(EVENTS.items()), widget=forms.CheckboxSelectMultiple, label="Tell it of"
    )


@require_http_methods(["GET", "POST"])
@login_required
def webhooks(request: Request, slug: str) -> HttpResponseBase:
    """The webhooks that there are; a new one, whose secret is shown in the answer alone."""
    catalog = selectors.catalog_for(request.user, slug, selectors.MANAGE)
    form = WebhookForm(request.POST or None, initial={"events": list(EVENTS)})
    if request.method == "POST" and form.is_valid():
        try:
            hook, secret = services.webhook_create(
                catalog=catalog, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, first_message(error))
        else:
            return _page(request, hook, secret=secret)
    values = {
        "catalog": catalog,
        "tabs": out_tabs(catalog, "webhooks", request.user),
        "webhooks": [
            {"row": hook, "events": [EVENTS[event] for event in hook.events if event in EVENTS]}
            for hook in Webhook.objects.filter(catalog=catalog)
        ],
        "form": form,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "catalog/webhooks.html", values, status=status)


def _webhook(request: Request, slug: str, pk: int) -> Webhook:
    catalog = selectors.catalog_for(request.user, slug, selectors.MANAGE)
    hook = Webhook.objects.filter(catalog=catalog, pk=pk).select_related("catalog").first()
    if hook is None:
        raise Http404
    return hook


def _here(hook: Webhook) -> str:
    return reverse("catalog:webhook", args=[hook.catalog.slug, hook.pk])


@require_http_methods(["GET", "POST"])
@login_required
def webhook(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """One webhook: where it goes, what it tells of, and what was sent."""
    hook = _webhook(request, slug, pk)
    if request.method != "POST":
        return _page(request, hook)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            services.webhook_update(webhook=hook, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, first_message(error))
        else:
            return done(request, "Saved.", _here(hook))
    return _page(request, hook, form=form)


def _page(
    request: Request, hook: Webhook, *, secret: str = "", form: WebhookForm | None = None
) -> HttpResponseBase:
    catalog: Catalog = hook.catalog
    log = hook.deliveries.all()[:SHOWN]
    values = {
        "catalog": catalog,
        "hook": hook,
        "tabs": out_tabs(catalog, "webhooks", request.user),
        "form": form or WebhookForm(initial={"address": hook.address, "events": hook.events}),
        "deliveries": [_delivery(row) for row in log],
        "waits": hook.deliveries.filter(state__in=[WorkState.PENDING, WorkState.RUNNING]).exists(),
        "secret": secret,
        "overlap_until": hook.old_secret_until,
        "shown": SHOWN,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK
    response = render(request, "catalog/webhook.html", values, status=status)
    if secret:
        response["Cache-Control"] = "no-store"
    return response


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "row": row,
        "payload": json.dumps(row.payload, indent=2, ensure_ascii=False),
        "failed": row.state == WorkState.FAILED,
        "tries_again": row.state == WorkState.PENDING and row.attempts > 0,
    }


@require_safe
@login_required
def webhook_log(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The log alone, for the page that waits for what is under way."""
    hook = _webhook(request, slug, pk)
    values = {
        "catalog": hook.catalog,
        "hook": hook,
        "deliveries": [_delivery(row) for row in hook.deliveries.all()[:SHOWN]],
        "waits": hook.deliveries.filter(state__in=[WorkState.PENDING, WorkState.RUNNING]).exists(),
        "shown": SHOWN,
    }
    return render(request, "catalog/webhook_log.html", values)


@require_POST
@login_required
def webhook_rotate(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Another secret, shown in the answer alone."""
    hook = _webhook(request, slug, pk)
    secret = services.webhook_rotate(webhook=hook, actor=request.user)
    return _page(request, hook, secret=secret)


@require_POST
@login_required
def webhook_turn(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Turn it on, or with `to=off` off."""
    hook = _webhook(request, slug, pk)
    if request.POST.get("to") == "off":
        services.webhook_disable(webhook=hook, actor=request.user)
        return done(request, "Turned off: nothing is sent there.", _here(hook))
    services.webhook_enable(webhook=hook, actor=request.user)
    return done(request, "Turned on. What happened meanwhile is not sent.", _here(hook))


@require_POST
@login_required
def webhook_ping(request: Request, slug: str, pk: int) -> HttpResponseBase:
    hook = _webhook(request, slug, pk)
    try:
        services.webhook_ping(webhook=hook, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), _here(hook))
    return done(request, "A test message is on its way: see the log.", _here(hook))


@require_POST
@login_required
def webhook_delete(request: Request, slug: str, pk: int) -> HttpResponseBase:
    hook = _webhook(request, slug, pk)
    address = hook.address
    services.webhook_delete(webhook=hook, actor=request.user)
    to = reverse("catalog:webhooks", args=[slug])
    return done(request, f"The webhook to {address} is deleted with its log.", to)


@require_POST
@login_required
def delivery_retry(request: Request, slug: str, pk: int, delivery: int) -> HttpResponseBase:
    """Send a message that failed once more."""
    hook = _webhook(request, slug, pk)
    row = hook.deliveries.filter(pk=delivery).select_related("webhook__catalog").first()
    if row is None:
        raise Http404
    try:
        services.delivery_retry(delivery=row, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), _here(hook))
    return done(request, "It is sent again, by the id that it has.", _here(hook))
