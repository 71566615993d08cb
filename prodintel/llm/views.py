"""The page of language models, for superusers: the key, models, limits, spend. Others get 404."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from prodintel.llm import account_models, credentials, pacing, present
from prodintel.llm.forms import KeyForm

logger = structlog.get_logger(__name__)
TEST_SECONDS = 8.0


class Request(HttpRequest):
    """A request after `for_superusers`."""

    user: User


def for_superusers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Others do not learn that the page exists."""

    @login_required
    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@for_superusers
def models(request: Request) -> HttpResponse:
    return _page(request, KeyForm())


def _page(request: Request, form: KeyForm, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    return render(request, "llm/models.html", present.page() | {"form": form}, status=status)


@sensitive_post_parameters("key")
@sensitive_variables("form")
@require_POST
@for_superusers
def key_set(request: Request) -> HttpResponseBase:
    """Use the key that was entered, and try it at once."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    credentials.credential_set(key=form.cleaned_data["key"], user=request.user)
    logger.info("language model key entered", user=request.user.pk)
    _try(request)
    return redirect("llm:models")


@require_POST
@for_superusers
def key_test(request: Request) -> HttpResponseBase:
    """Ask the provider for the account's models with the key in use; calls may go out again."""
    _try(request)
    return redirect("llm:models")


def _try(request: Request) -> None:
    active = credentials.current()
    if active is None:
        messages.error(request, credentials.why_none())
        return
    listed = account_models.fetch(active, seconds=TEST_SECONDS)
    if listed.error:
        messages.error(request, f"The key was tried. {listed.error}")
        return
    pacing.forget(active.account)
    messages.success(request, f"The key works: the account has {len(listed.ids or ())} models.")


@require_POST
@for_superusers
def key_remove(request: Request) -> HttpResponseBase:
    """Use the stored key no longer."""
    removed = credentials.credential_remove(user=request.user)
    if removed is None:
        messages.info(request, "There was no stored key.")
    else:
        logger.info("language model key removed", user=request.user.pk, key=removed.pk)
        undo = reverse("llm:key_restore", args=[removed.pk])
        messages.success(request, "The key is removed.", extra_tags=undo)
    return redirect("llm:models")


@require_POST
@for_superusers
def key_restore(request: Request, pk: int) -> HttpResponseBase:
    """Undo the removal."""
    if credentials.credential_restore(pk=pk, user=request.user):
        logger.info("language model key restored", user=request.user.pk, key=pk)
        messages.success(request, "The key is back.")
    else:
        messages.error(request, "That key cannot be brought back. Enter it again.")
    return redirect("llm:models")
