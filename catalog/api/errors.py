"""One form for every error: {"error": {"code", "message", "fields"}} with a fitting status."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as RequestInvalid

from catalog.index.protocol import IndexProblem
from catalog.storage import StorageUnavailable
from catalog.vision.limits import PhotoRejected
from prodintel.engine.errors import EngineError

logger = structlog.get_logger(__name__)
RETRY_AFTER = "5"
_UNSUPPORTED = frozenset({"unsupported_format", "not_an_image"})
_TOO_LARGE = frozenset({"too_many_bytes", "too_many_pixels"})


class Refusal(Exception):  # noqa: N818 -- an answer, not a fault
    """An error with a code of its own."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        fields: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields


def add_error_handlers(api: NinjaAPI) -> None:  # noqa: C901 -- a list of small handlers
    """Have the API answer every error that services, selectors and outside parts raise."""

    def answer(
        request: HttpRequest,
        status: HTTPStatus,
        code: str,
        message: str,
        fields: Mapping[str, list[str]] | None = None,
    ) -> HttpResponse:
        error = {"code": code, "message": message, "fields": dict(fields or {})}
        response = api.create_response(request, {"error": error}, status=status)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            response["Retry-After"] = RETRY_AFTER
        return response

    @api.exception_handler(Refusal)
    def refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
        return answer(request, error.status, error.code, error.message, error.fields)

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        message = "Send a valid token: Authorization: Bearer TOKEN."
        response = answer(request, HTTPStatus.UNAUTHORIZED, "unauthorized", message)
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
        return answer(request, HTTPStatus.NOT_FOUND, "not_found", "There is nothing here.")

    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return answer(request, HTTPStatus.FORBIDDEN, "forbidden", str(error) or "Not allowed.")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        general = fields.pop(NON_FIELD_ERRORS, [])
        first = general or next(iter(fields.values()))
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return answer(request, status, "invalid", first[0], fields)

    @api.exception_handler(RequestInvalid)
    def request_invalid(request: HttpRequest, error: RequestInvalid) -> HttpResponse:
        fields: dict[str, list[str]] = {}
        for problem in error.errors:
            name = str(problem["loc"][-1]) if problem.get("loc") else ""
            fields.setdefault(name, []).append(problem["msg"].removeprefix("Value error, "))
        name, messages = next(iter(fields.items()))
        message = f"{name}: {messages[0]}"
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return answer(request, status, "invalid", message, fields)

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        return answer(request, HTTPStatus(error.status_code), "bad_request", str(error))

    @api.exception_handler(PhotoRejected)
    def photo_rejected(request: HttpRequest, error: PhotoRejected) -> HttpResponse:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if error.code in _TOO_LARGE:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        elif error.code in _UNSUPPORTED:
            status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return answer(request, status, error.code, error.message, {"image": [error.message]})

    @api.exception_handler(EngineError)
    @api.exception_handler(IndexProblem)
    @api.exception_handler(StorageUnavailable)
    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.warning("api call without an outside part", path=request.path, reason=str(error))
        message = "A part of the system does not answer just now. Try again in a few seconds."
        return answer(request, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message)
