"""The tus protocol, version 1.0.0, of resumable uploads: requests read, answers written.

With the extensions creation, creation-with-upload, checksum, termination and expiration. Whoever
asks is known by then; see https://tus.io/protocols/resumable-upload.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import IO, Any, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import http_date

from catalog import storage
from catalog.models import Catalog, Upload
from catalog.uploads.services import (
    Checksum,
    ChecksumMismatch,
    OffsetMismatch,
    upload_append,
    upload_begin,
    upload_drop,
    uploads_waiting,
)
from catalog.uploads.streams import UploadTooLarge

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
ALGORITHMS = ("sha1", "sha256")
CONTENT_TYPE = "application/offset+octet-stream"
OVERRIDE = "X-HTTP-Method-Override"
# Of the protocol, and of no registry of statuses.
CHECKSUM_MISMATCH = 460
MAX_METADATA = 4000
MAX_DIGITS = 18
RETRY_AFTER = "5"


class TusRefused(Exception):  # noqa: N818 -- an answer, not a fault
    """The request is not carried out."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})


def refusal(error: TusRefused) -> HttpResponse:
    """A refusal in the form of the API's errors, which pages understand as well."""
    body = {"error": {"code": error.code, "message": error.message, "fields": {}}}
    # Django knows no phrase for the protocol's own status.
    reason = "Checksum Mismatch" if error.status == CHECKSUM_MISMATCH else None
    response = JsonResponse(body, status=error.status, reason=reason)
    for name, value in {"Tus-Resumable": VERSION, **error.headers}.items():
        response[name] = value
    return response


def _speaks_tus(answer: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Checks the version, and says what went wrong as the protocol wants it."""

    @wraps(answer)
    def checked(request: HttpRequest, *args: Any) -> HttpResponse:
        try:
            _check_version(request)
            response = answer(request, *args)
        except Exception as error:
            refused = _refused(error)
            if refused is None:
                raise
            return refusal(refused)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return checked


# What services raise: the status, the code, and what is said, or as the error has it.
_ANSWERS: tuple[tuple[type[Exception], int, str, str], ...] = (
    (
        ChecksumMismatch,
        CHECKSUM_MISMATCH,
        "checksum",
        "These bytes were damaged on their way. Send them again.",
    ),
    (UploadTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", ""),
    (ValidationError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", ""),
    (storage.StorageFull, HTTPStatus.INSUFFICIENT_STORAGE, "storage_full", ""),
    (
        storage.StorageUnavailable,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "storage",
        "The file storage does not answer. The upload can be continued in a moment.",
    ),
)


def _refused(error: Exception) -> TusRefused | None:
    """What was raised, as a refusal; None for what is none."""
    if isinstance(error, TusRefused):
        return error
    if isinstance(error, OffsetMismatch):
        headers = {"Upload-Offset": str(error.offset)}
        return TusRefused(HTTPStatus.CONFLICT, "offset", str(error), headers)
    for kind, status, code, words in _ANSWERS:
        if isinstance(error, kind):
            said = error.messages[0] if isinstance(error, ValidationError) else str(error)
            away = status == HTTPStatus.SERVICE_UNAVAILABLE
            headers = {"Retry-After": RETRY_AFTER} if away else {}
            return TusRefused(status, code, words or said, headers)
    return None


def _check_version(request: HttpRequest) -> None:
    if _method(request) != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        status = HTTPStatus.PRECONDITION_FAILED
        message = f"Send the header Tus-Resumable: {VERSION}."
        raise TusRefused(status, "version", message, {"Tus-Version": VERSION})


def _method(request: HttpRequest) -> str:
    # For clients that cannot send PATCH or DELETE.
    if request.method == "POST":
        return request.headers.get(OVERRIDE, "POST").upper()
    return request.method or ""


@_speaks_tus
def answer_uploads(
    request: HttpRequest, catalog: Catalog, user: Any, location: Callable[[Upload], str]
) -> HttpResponse:
    """What is asked of the place where uploads are begun."""
    if _method(request) == "OPTIONS":
        return _abilities()
    size = _number(request, "Upload-Length")
    metadata = request.headers.get("Upload-Metadata", "")
    names = _metadata(metadata)
    upload = upload_begin(
        catalog=catalog,
        actor=user,
        name=names.get("filename") or names.get("name") or "",
        size=size,
        metadata=metadata,
    )
    response = HttpResponse(status=HTTPStatus.CREATED)
    if request.content_type == CONTENT_TYPE:
        _append(request, upload, user, 0)
        response["Upload-Offset"] = str(upload.offset)
    response["Location"] = location(upload)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


@_speaks_tus
def answer_upload(request: HttpRequest, upload: Upload, user: Any) -> HttpResponse:
    """What is asked of one upload."""
    match _method(request):
        case "HEAD":
            response = HttpResponse()
            response["Upload-Length"] = str(upload.size)
            if upload.metadata:
                response["Upload-Metadata"] = upload.metadata
        case "PATCH":
            if request.content_type != CONTENT_TYPE:
                status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
                raise TusRefused(status, "media_type", f"Send Content-Type: {CONTENT_TYPE}.")
            _append(request, upload, user, _number(request, "Upload-Offset"))
            response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        case "DELETE":
            if not uploads_waiting().filter(pk=upload.pk).exists():
                message = "An import uses this file. Remove the import instead."
                raise TusRefused(HTTPStatus.CONFLICT, "in_use", message)
            upload_drop(upload=upload, actor=user)
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        case "OPTIONS":
            return _abilities()
        case _:
            raise TusRefused(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "An upload takes HEAD, PATCH and DELETE.",
                {"Allow": "HEAD, PATCH, DELETE, OPTIONS"},
            )
    response["Upload-Offset"] = str(upload.offset)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


def _abilities() -> HttpResponse:
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = EXTENSIONS
    response["Tus-Max-Size"] = str(settings.MAX_UPLOAD_BYTES)
    response["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return response


def _append(request: HttpRequest, upload: Upload, user: Any, offset: int) -> None:
    checksum = _checksum(request.headers.get("Upload-Checksum", ""))
    body = cast("IO[bytes]", request)
    upload_append(upload=upload, offset=offset, data=body, actor=user, checksum=checksum)


def _number(request: HttpRequest, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        message = f"Send the header {name} with a number of bytes."
        raise TusRefused(HTTPStatus.BAD_REQUEST, "bad_request", message)
    return int(text)


def _metadata(text: str) -> dict[str, str]:
    """What the client says of the file: names, each with its value in Base64, by commas."""
    found = {}
    try:
        if len(text) > MAX_METADATA or not text.isprintable():
            raise ValueError(len(text))  # noqa: TRY301 -- bad like the rest
        for pair in filter(None, (each.strip() for each in text.split(","))):
            name, _, value = pair.partition(" ")
            found[name] = base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError as error:
        message = "Upload-Metadata cannot be read: names with values in Base64, by commas."
        raise TusRefused(HTTPStatus.BAD_REQUEST, "bad_request", message) from error
    return found


def _checksum(text: str) -> Checksum | None:
    if not text:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        if algorithm in ALGORITHMS:
            return Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error:
        pass
    message = f"Upload-Checksum cannot be read: {' or '.join(ALGORITHMS)} and Base64."
    raise TusRefused(HTTPStatus.BAD_REQUEST, "bad_request", message)
