"""Files that pages bring in by parts. What is said and answered is the tus protocol's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog import selectors
from catalog.models import Upload
from catalog.uploads.selectors import upload_for
from catalog.uploads.tus import TusRefused, answer_upload, answer_uploads, refusal
from catalog.views.http import Request


def _logged_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As `login_required` for a script: a redirect to a form would not tell it anything."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated:
            message = "Log in again. The upload goes on where it was."
            return refusal(TusRefused(HTTPStatus.UNAUTHORIZED, "unauthorized", message))
        return view(request, *args, **kwargs)

    return checked


@require_http_methods(["POST", "OPTIONS"])
@_logged_in
def uploads(request: Request, slug: str) -> HttpResponse:
    """Where an upload is begun."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)

    def location(upload: Upload) -> str:
        return reverse("catalog:upload_part", args=[slug, upload.pk])

    return answer_uploads(request, catalog, request.user, location)


@require_http_methods(["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"])
@_logged_in
def upload_part(request: Request, slug: str, pk: UUID) -> HttpResponse:
    """One upload: how far it is, its next bytes, its end."""
    return answer_upload(request, upload_for(request.user, slug, pk), request.user)
