"""One form for every error: {"error": {"code", "message", "fields"}} with a fitting status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import structlog
from django.conf import settings
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.deprecation import MiddlewareMixin
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
PREFIX = "/api/"
# What an error is called and said to be where nothing better is known.
_USUAL = {
    HTTPStatus.BAD_REQUEST: ("bad_request", "This request cannot be read. See /api/v1/docs."),
    HTTPStatus.FORBIDDEN: ("forbidden", "Not allowed."),
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing here."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method_not_allowed",
        "This address does not take this method. See /api/v1/docs for the calls there are.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "too_large",
        "This request is too large. Send fewer or smaller fields or files at once.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "internal",
        "Something went wrong here, and was noted. Trying again may not help.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "unavailable",
        "A part of the system does not answer just now. Try again in a few seconds.",
    ),
}
# Headers that say something of the body that is replaced.
_OF_THE_BODY = frozenset({"Content-Type", "Content-Length", "Content-Disposition"})
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


def add_error_handlers(api: NinjaAPI) -> None:
    """Have the API answer every error in its form: those of services, of requests, and defects."""
    _add_service_handlers(api)
    _add_request_handlers(api)

    @api.exception_handler(Exception)
    def defect(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("api call failed", path=request.path, exc_info=error)
        return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer(
    request: HttpRequest,
    status: HTTPStatus,
    code: str = "",
    message: str = "",
    fields: Mapping[str, list[str]] | None = None,
) -> HttpResponse:
    """An error in the form that every error has; code and message by the status if not given."""
    del request
    usual = _USUAL.get(status) or _USUAL[HTTPStatus.BAD_REQUEST]
    error = {"code": code or usual[0], "message": message or usual[1], "fields": dict(fields or {})}
    response = JsonResponse({"error": error}, status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = RETRY_AFTER
    return response


class ApiErrorsMiddleware(MiddlewareMixin):
    """Gives the API's form to errors that no call of the API answered: an unknown address, a method
    that is not offered, what Django itself refuses. Belongs before all other middleware.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The response, or an error in the API's form with the same status and headers."""
        failed = response.status_code >= HTTPStatus.BAD_REQUEST
        if not (failed and request.path.startswith(PREFIX)):
            return response
        if response.get("Content-Type", "").startswith("application/json"):
            return response
        answer = _answer(request, HTTPStatus(response.status_code))
        for name, value in response.items():
            if name not in _OF_THE_BODY:
                answer[name] = value
        answer.cookies = response.cookies
        return answer


def _add_service_handlers(api: NinjaAPI) -> None:
    """Answers to what services, selectors and outside parts raise."""

    @api.exception_handler(Refusal)
    def refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
        return _answer(request, error.status, error.code, error.message, error.fields)

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        message = "Send a valid token: Authorization: Bearer TOKEN."
        response = _answer(request, HTTPStatus.UNAUTHORIZED, "unauthorized", message)
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
        return _answer(request, HTTPStatus.NOT_FOUND)

    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return _answer(request, HTTPStatus.FORBIDDEN, "forbidden", str(error) or "Not allowed.")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        general = fields.pop(NON_FIELD_ERRORS, [])
        first = general or next(iter(fields.values()))
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _answer(request, status, "invalid", first[0], fields)

    @api.exception_handler(PhotoRejected)
    def photo_rejected(request: HttpRequest, error: PhotoRejected) -> HttpResponse:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if error.code in _TOO_LARGE:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        elif error.code in _UNSUPPORTED:
            status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return _answer(request, status, error.code, error.message, {"image": [error.message]})

    @api.exception_handler(EngineError)
    @api.exception_handler(IndexProblem)
    @api.exception_handler(StorageUnavailable)
    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.warning("api call without an outside part", path=request.path, reason=str(error))
        return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE)


def _field(loc: Sequence[str | int]) -> str:
    """The field that a problem belongs to, of where it lies: ("body", "body", "tags", 0).

    Before the field stand the part of the request and, for a body, the argument that takes it.
    """
    depth = 2 if loc[:1] == ("body",) else 1
    return str(loc[min(depth, len(loc) - 1)]) if loc else ""


def _add_request_handlers(api: NinjaAPI) -> None:
    """Answers to requests that cannot be read, or do not say what a call needs."""

    @api.exception_handler(RequestInvalid)
    def request_invalid(request: HttpRequest, error: RequestInvalid) -> HttpResponse:
        fields: dict[str, list[str]] = {}
        for problem in error.errors:
            name = _field(problem.get("loc", ()))
            fields.setdefault(name, []).append(problem["msg"].removeprefix("Value error, "))
        name, messages = next(iter(fields.items()))
        message = f"{name}: {messages[0]}"
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _answer(request, status, "invalid", message, fields)

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, SuspiciousOperation):
            return suspicious(request, error.__cause__)
        return _answer(request, HTTPStatus(error.status_code), "", str(error))

    @api.exception_handler(SuspiciousOperation)
    def suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
        if isinstance(error, RequestDataTooBig):
            return _answer(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if isinstance(error, TooManyFilesSent):
            message = f"Send at most {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files at once."
            return _answer(request, HTTPStatus.BAD_REQUEST, "too_many_files", message)
        if isinstance(error, TooManyFieldsSent):
            message = f"Send at most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields at once."
            return _answer(request, HTTPStatus.BAD_REQUEST, "too_many_fields", message)
        return _answer(request, HTTPStatus.BAD_REQUEST)

    @api.exception_handler(BadRequest)
    @api.exception_handler(MultiPartParserError)
    @api.exception_handler(UnreadablePostError)
    def unreadable(request: HttpRequest, _error: Exception) -> HttpResponse:
        return _answer(request, HTTPStatus.BAD_REQUEST)
