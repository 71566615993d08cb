"""Feeds, for platforms that poll them: by their token alone, without a login, a session or a cookie."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import http_date, parse_etags, parse_http_date_safe
from django.views.decorators.http import require_safe

from catalog.publishing.feeds import Polled, feed_at, feed_poll
from catalog.views.published import POLICY, answer, later
from prodintel.lib.client_ip import client_address
from prodintel.lib.streams import streamed, taken_whole
from prodintel.lib.throttle import Throttle

logger = structlog.get_logger(__name__)
# Platforms poll once an hour at most; who tries things out asks more often for a while.
POLLS = Throttle("feed", limit=60, seconds=3600)
MISSES = Throttle("feed-misses", limit=60, seconds=60)


@require_safe
def feed(request: HttpRequest, token: str, extension: str) -> HttpResponseBase:
    """The file of a feed, streamed; 304 where nothing has changed; a plain 404 for any other token."""
    del extension  # of whoever reads the address: the feed knows its format
    found = feed_at(token)
    if found is None:
        wait = MISSES.count(client_address(request) or "")
        return later(wait) if wait else answer(HTTPStatus.NOT_FOUND)
    if wait := POLLS.count(str(found.pk)):
        return later(wait)
    polled = feed_poll(feed=found, agent=request.headers.get("User-Agent", ""))
    etag = f'W/"{polled.etag}"'
    if _has_it(request, etag, polled):
        return _dated(answer(HTTPStatus.NOT_MODIFIED), etag, polled)
    form = polled.export.form
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=form.content_type)
    else:
        pieces = taken_whole(
            polled.export.stream(polled.products),
            lambda size: logger.info("feed not taken whole", feed=found.pk, bytes=size),
        )
        response = StreamingHttpResponse(streamed(request, pieces), content_type=form.content_type)
    response["Content-Disposition"] = f'inline; filename="{polled.export.filename}"'
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return _dated(response, etag, polled)


def _has_it(request: HttpRequest, etag: str, polled: Polled) -> bool:
    """Whether the asker's copy is as the feed is now. The tag, where there is one, has the last word."""
    if tags := request.headers.get("If-None-Match"):
        return etag in parse_etags(tags)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and int(polled.changed_at.timestamp()) <= since


def _dated(response: HttpResponseBase, etag: str, polled: Polled) -> HttpResponseBase:
    if response.has_header("Cache-Control"):
        del response["Cache-Control"]
    response["ETag"] = etag
    response["Last-Modified"] = http_date(polled.changed_at.timestamp())
    patch_cache_control(response, private=True, no_cache=True)
    return response
