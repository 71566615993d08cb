"""Photos at published addresses: for anybody, without a login, a session or a cookie."""

from __future__ import annotations

import threading
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags, quote_etag
from django.views.decorators.http import require_safe

from catalog import storage
from catalog.models import Photo
from catalog.publishing.reading import published_photo as photo_at
from catalog.renditions import PUBLISHED_MIME, published_rendition
from catalog.vision.limits import PhotoRejected
from prodintel.lib.client_ip import client_address
from prodintel.lib.throttle import Throttle

# For so long somebody may still see a photo whose address was revoked.
KEPT_SECONDS = 300
# A platform fetches a whole catalogue's photos; who looks for addresses that are none finds few.
LOOKS = Throttle("published", limit=1200, seconds=60)
MISSES = Throttle("published-misses", limit=120, seconds=60)
# Copies are made while somebody waits: a crawler that wants all of them must not take every thread.
_making = threading.BoundedSemaphore(2)
PATIENCE_SECONDS = 10.0
# Whatever the bytes are, a browser that opens them runs nothing and lets nobody frame them.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@require_safe
def published_photo(request: HttpRequest, token: str) -> HttpResponse:
    """A published photo, as a JPEG without personal metadata; a plain 404 for any other token."""
    who = client_address(request) or ""
    if wait := LOOKS.count(who):
        return later(wait)
    photo = photo_at(token)
    if photo is None:
        wait = MISSES.count(who)
        return later(wait) if wait else answer(HTTPStatus.NOT_FOUND)
    etag = quote_etag(f"{photo.sha256[:32]}-published")
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _kept(answer(HTTPStatus.NOT_MODIFIED), etag)
    return _kept(_photo(photo), etag)


def _photo(photo: Photo) -> HttpResponse:
    if not _making.acquire(timeout=PATIENCE_SECONDS):
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, retry_after=10)
    try:
        data = published_rendition(photo)
    except (storage.FileMissing, PhotoRejected):
        return answer(HTTPStatus.NOT_FOUND)
    except storage.StorageUnavailable:
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, retry_after=10)
    finally:
        _making.release()
    response = answer(HTTPStatus.OK, data, content_type=PUBLISHED_MIME)
    response["Content-Disposition"] = "inline"
    return response


def later(seconds: int) -> HttpResponse:
    """The answer to who asks too often."""
    return answer(HTTPStatus.TOO_MANY_REQUESTS, retry_after=seconds)


def answer(
    status: HTTPStatus,
    data: bytes = b"",
    *,
    content_type: str = "text/plain; charset=utf-8",
    retry_after: int = 0,
) -> HttpResponse:
    """An answer to a machine, without a page's trimmings; in words where it is no success."""
    if status >= HTTPStatus.BAD_REQUEST:
        data = f"{status.phrase}.".encode()
    response = HttpResponse(data, status=status, content_type=content_type)
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def _kept(response: HttpResponse, etag: str) -> HttpResponse:
    if response.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
        del response["Cache-Control"]
        response["ETag"] = etag
        patch_cache_control(response, public=True, max_age=KEPT_SECONDS, must_revalidate=True)
    return response
