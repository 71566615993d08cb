"""Websockets for pages of this very site alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from prodintel.lib.body_limit import Application, Receive, Send

_PORTS = {"http": 80, "https": 443}


class SameOriginValidator:
    """ASGI middleware: refuses a websocket whose `Origin` is not the site that was asked.

    Scheme, host and port of the origin must be those of the request; the host must be an allowed
    one. Browsers always send an origin, so a connection without one is refused too. Behind a proxy
    (`secure_header`, as Django's SECURE_PROXY_SSL_HEADER) the scheme is what the proxy says.
    """

    def __init__(
        self, application: Application, *, secure_header: tuple[str, str] | None = None
    ) -> None:
        self._application = application
        self._secure_header = secure_header

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        allowed = self._is_same(scope)
        answer = self._application if allowed else WebsocketDenier()
        await answer(scope, receive, send)

    def _is_same(self, scope: Any) -> bool:
        headers: dict[str, list[str]] = {}
        for name, value in scope.get("headers", []):
            headers.setdefault(name.decode("latin1").lower(), []).append(value.decode("latin1"))
        origins, hosts = headers.get("origin", []), headers.get("host", [])
        if len(origins) != 1 or len(hosts) != 1:
            return False
        scheme = self._scheme(scope, headers)
        origin = _parts(origins[0])
        return (
            origin is not None
            and _is_allowed(hosts[0])
            and origin == _parts(f"{scheme}://{hosts[0]}")
        )

    def _scheme(self, scope: Any, headers: dict[str, list[str]]) -> str:
        secure = scope.get("scheme") == "wss"
        if self._secure_header is not None:
            name, value = self._secure_header
            said = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower())
            if said:
                secure = said[0].partition(",")[0].strip() == value
        return "https" if secure else "http"


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin, or None for what is none (such as "null")."""
    try:
        url = urlsplit(origin)
        port = url.port
    except ValueError:
        return None
    rest = url.path or url.query or url.fragment or "@" in url.netloc
    if url.scheme not in _PORTS or not url.hostname or rest:
        return None
    return url.scheme, url.hostname, port or _PORTS[url.scheme]


def _is_allowed(host: str) -> bool:
    request = HttpRequest()
    request.META = {"HTTP_HOST": host}
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
