"""The address that a request comes from, for the throttle of logins."""

from __future__ import annotations

from ipaddress import ip_address

from django.http import HttpRequest


def direct(request: HttpRequest) -> str | None:
    """The address of whoever is connected, for a site without a proxy before it."""
    return request.META.get("REMOTE_ADDR") or None


def forwarded(request: HttpRequest) -> str | None:
    """The address that the proxy before the site saw.

    The last of `X-Forwarded-For`, which the proxy wrote itself; those before it are the client's
    own words. Without a usable one, the address of whoever is connected.
    """
    last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    if last.startswith("[") or last.count(":") == 1:
        # Some proxies add the port.
        last = last.rpartition(":")[0] if not last.endswith("]") else last
    try:
        return str(ip_address(last.strip("[]")))
    except ValueError:
        return direct(request)
