from __future__ import annotations

import socket
import threading

import pytest

from prodintel.lib import public_hosts
from prodintel.lib.public_hosts import (
    HostRefusedError,
    HostUnknownError,
    addresses_of,
    is_public,
)

PRIVATE = [
    "0.0.0.0",  # noqa: S104 -- an address to refuse
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.8.8",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:0:4136:e378::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_near_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.195", "2606:4700::6810:84e5"])
def test_hosts_of_the_open_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "::1", "localhost"]
)
def test_this_machine_is_refused_however_it_is_written(host):
    with pytest.raises(HostRefusedError):
        addresses_of(host, 80, timeout=5)


def test_of_a_name_with_near_and_far_addresses_the_far_are_taken(monkeypatch):
    monkeypatch.setattr(public_hosts, "_look_up", lambda *_: ["10.0.0.1", "8.8.8.8", "::1"])
    assert addresses_of("both.example", 443, timeout=5) == ["8.8.8.8"]


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.1:8099"], True),
        (["127.0.0.1:80"], False),
        (["cdn.internal"], False),
        ([], False),
    ],
)
def test_private_host_is_allowed_by_its_name_and_port(named, allowed):
    if allowed:
        assert addresses_of("127.0.0.1", 8099, timeout=5, allowed=named) == ["127.0.0.1"]
    else:
        with pytest.raises(HostRefusedError):
            addresses_of("127.0.0.1", 8099, timeout=5, allowed=named)


def test_private_ipv6_host_is_named_with_brackets():
    assert addresses_of("::1", 8099, timeout=5, allowed=["[::1]:8099"]) == ["::1"]


@pytest.mark.parametrize(
    ("code", "permanent"), [(socket.EAI_NONAME, True), (socket.EAI_AGAIN, False)]
)
def test_name_that_leads_nowhere_is_told_from_one_that_cannot_be_looked_up(
    monkeypatch, code, permanent
):
    def fail(*_args, **_options):
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(HostUnknownError) as caught:
        addresses_of("gone.example", 80, timeout=5)
    assert caught.value.permanent is permanent


def test_resolver_that_hangs_is_not_waited_for(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: ended.wait(20))
    with pytest.raises(TimeoutError):
        addresses_of("slow.example", 80, timeout=0.05)
    ended.set()
