"""Where this site is reached from outside, for addresses that no request is at hand for."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 -- compared with, never bound to


def absolute(path: str) -> str:
    """The address of a path of this site: at `PUBLIC_URL`, or where the site listens."""
    return site_address() + path


def site_address() -> str:
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    host = "localhost" if settings.HOST in _EVERYWHERE else settings.HOST
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.PORT}"


def is_reachable() -> bool:
    """Whether platforms can be expected to reach the addresses that this site gives out."""
    host = urlsplit(site_address()).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost"))
