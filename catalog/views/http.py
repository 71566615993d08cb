"""What the views share: the typed request, answers to htmx, uploads, errors as messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

View = Callable[..., HttpResponseBase]
# Every number of so many digits fits the columns of ids.
MAX_DIGITS = 18


class Request(HttpRequest):
    """A request as the middleware leaves it: somebody is logged in, htmx is known."""

    user: User
    htmx: HtmxDetails


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def json_error(message: str, *, code: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)


def first_message(error: ValidationError) -> str:
    """The first of a validation error's messages, with its field where there is one."""
    if not hasattr(error, "error_dict"):
        return error.messages[0]
    name, errors = next(iter(error.message_dict.items()))
    label = "" if name == NON_FIELD_ERRORS else f"{name.replace('_', ' ').capitalize()}: "
    return label + errors[0]


def toast(
    response: HttpResponse, message: str, *, level: str = "success", undo_url: str = ""
) -> HttpResponse:
    """Have the page that asked show a message, with a way back where there is one."""
    details = {"message": message, "level": level}
    if undo_url:
        details["undo_url"] = undo_url
    response["HX-Trigger"] = json.dumps({"toast": details})
    return response


def done(
    request: Request, message: str, to: str, *, undo_url: str = "", level: int = messages.SUCCESS
) -> HttpResponseBase:
    """After a form was posted: the message (and its undo) on the next page."""
    messages.add_message(request, level, message, extra_tags=undo_url)
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = to
        return response
    return redirect(to)


def refused(request: Request, message: str, to: str) -> HttpResponseBase:
    """A post that was not carried out, and why."""
    if request.htmx:
        # As text: the message may repeat what somebody wrote.
        response = HttpResponse(message, status=400, content_type="text/plain; charset=utf-8")
        return toast(response, message, level="error")
    return done(request, message, to, level=messages.ERROR)


def read_upload(file: UploadedFile, limit: int) -> bytes:
    """The bytes of an uploaded file, one byte more than `limit` at most: enough to refuse it."""
    data = file.read(limit + 1)
    return bytes(data)


def number(text: str | None, default: int) -> int:
    """A number from an address; the default for anything else, and for more than any id has."""
    digits = (text or "").strip()
    if len(digits) > MAX_DIGITS:
        return default
    try:
        return int(digits)
    except ValueError:
        return default


def ids(values: Iterable[str]) -> list[int]:
    """The ids among what a form or an address names."""
    return [
        int(value)
        for value in values
        if value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    ]
