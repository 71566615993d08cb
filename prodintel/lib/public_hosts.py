"""Which hosts of the open internet an address leads to; anything nearer is not for outsiders to name.

An address that somebody writes must not make the site ask what only its own network may ask: other
machines there, the machine itself, the cloud's metadata.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Collection
from typing import Any

# What names of the open internet are given: see the registries of special addresses (RFC 6890).
_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_SPECIAL = [
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocols' own
        "192.88.99.0/24",  # relays into IPv6, given up
        "168.63.129.16/32",  # the host of a virtual machine at Azure
        "2001::/23",  # protocols' own, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # holds any IPv4 address
        "3fff::/20",  # documentation
    )
]


class HostRefusedError(Exception):
    """The host is not one of the open internet."""


class HostUnknownError(Exception):
    """The host's name leads nowhere; `permanent` where it will not by itself."""

    def __init__(self, host: str, *, permanent: bool) -> None:
        super().__init__(host)
        self.permanent = permanent


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet's own."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if any(found.version == each.version and found in each for each in _SPECIAL):
        return False
    # All that embeds an IPv4 address, such as ::ffff:127.0.0.1 or 64:ff9b::7f00:1, lies outside.
    if found.version == 6 and found not in _UNICAST_V6:  # noqa: PLR2004 -- the protocol's number
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def is_named(host: str, port: int, named: Collection[str]) -> bool:
    """Whether `named`, of `HOST` and `HOST:PORT`, has the host."""
    shown = f"[{host}]" if ":" in host else host
    known = {each.lower() for each in named}
    return shown in known or f"{shown}:{port}" in known


def addresses_of(
    host: str, port: int, *, timeout: float, allowed: Collection[str] = ()
) -> list[str]:
    """The IP addresses that may be connected to for this host, at least one.

    Hosts in `allowed` may have any; others only those of the open internet. Raises HostRefusedError,
    HostUnknownError, TimeoutError.
    """
    found = _look_up(host, port, timeout)
    if is_named(host, port, allowed):
        return found
    public = [address for address in found if is_public(address)]
    if not public:
        raise HostRefusedError(host)
    return public


def _look_up(host: str, port: int, timeout: float) -> list[str]:
    """What the system's resolver says, which itself knows no time limit."""
    answer: list[Any] = []

    def ask() -> None:
        try:
            answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    thread = threading.Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(timeout)
    if not answer:
        raise TimeoutError(host)
    (said,) = answer
    if isinstance(said, Exception):
        later = isinstance(said, socket.gaierror) and said.errno == socket.EAI_AGAIN
        raise HostUnknownError(host, permanent=not later) from said
    return list(dict.fromkeys(str(entry[4][0]) for entry in said))
