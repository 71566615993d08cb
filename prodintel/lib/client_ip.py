"""The address that a request comes from, for what is throttled."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

# A subscriber's network has so many addresses of its own that all of them count as one.
_SUBSCRIBER_BITS = 64


def client_address(request: HttpRequest) -> str | None:
    """The address as this site is set up to find it, with or without a proxy before it."""
    found: str | None = import_string(settings.AXES_CLIENT_IP_CALLABLE)(request)
    return found


def direct(request: HttpRequest) -> str | None:
    """The address of whoever is connected, for a site without a proxy before it."""
    return _counted(request.META.get("REMOTE_ADDR", ""))


def forwarded(request: HttpRequest) -> str | None:
    """The address that the proxy before the site saw.

    The last of `X-Forwarded-For`, which the proxy wrote itself; those before it are the client's
    own words. Without a usable one, the address of whoever is connected.
    """
    last = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    if last.startswith("[") or last.count(":") == 1:
        # Some proxies add the port.
        last = last.rpartition(":")[0] if not last.endswith("]") else last
    return _counted(last.strip("[]")) or direct(request)


def _counted(text: str) -> str | None:
    """The address under which attempts are counted; of IPv6, the network's. None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _SUBSCRIBER_BITS << _SUBSCRIBER_BITS))
