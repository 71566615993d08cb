"""Files that programs bring in by parts: the tus protocol, with a token in place of a session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from catalog import selectors
from catalog.models import Upload
from catalog.uploads.selectors import upload_for
from catalog.uploads.tus import answer_upload, answer_uploads

router = Router(tags=["uploads"])
NO_BODY = {201: None, 204: None}


def _location(slug: str) -> Any:
    def location(upload: Upload) -> str:
        return reverse("api:upload", args=[slug, upload.pk])

    return location


@router.api_operation(["POST", "OPTIONS"], "/catalogs/{slug:slug}/uploads", response=NO_BODY)
def uploads(request: HttpRequest, slug: str) -> Any:
    """Begin an upload, as [tus 1.0.0](https://tus.io/protocols/resumable-upload) says.

    Headers: `Tus-Resumable: 1.0.0`, `Upload-Length` in bytes, `Upload-Metadata: filename BASE64`.
    The answer's `Location` takes the bytes; its last part is the upload's id. Any tus client can be
    used. Send at most 64 MB a request; 8 MB are a good size.
    """
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    return answer_uploads(request, catalog, request.user, _location(slug))


@router.api_operation(
    ["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"],
    "/catalogs/{slug:slug}/uploads/{uuid:pk}",
    response=NO_BODY,
    url_name="upload",
)
def upload(request: HttpRequest, slug: str, pk: UUID) -> Any:
    """One upload. HEAD: how far it is (`Upload-Offset`). PATCH, with `Upload-Offset` and the
    content type `application/offset+octet-stream`: its next bytes; 409 says where it goes on.
    DELETE: remove it. POST stands for what `X-HTTP-Method-Override` says.
    """
    return answer_upload(request, upload_for(request.user, slug, pk), request.user)
