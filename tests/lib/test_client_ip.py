"""Whom the throttle of logins counts."""

from __future__ import annotations

import pytest

from prodintel.lib.client_ip import direct, forwarded

PROXY, PERSON = "10.0.0.2", "203.0.113.5"


def request(rf, header: str | None = None):
    headers = {} if header is None else {"x-forwarded-for": header}
    return rf.get("/", REMOTE_ADDR=PROXY, headers=headers)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (PERSON, PERSON),
        (f"198.51.100.1, {PERSON}", PERSON),
        (f"{PERSON}:4711", PERSON),
        ("2001:db8::7", "2001:db8::"),
        ("[2001:db8::7]:4711", "2001:db8::"),
        ("[2001:db8::7]", "2001:db8::"),
        ("unknown", PROXY),
        ("", PROXY),
        (None, PROXY),
    ],
)
def test_behind_a_proxy_the_address_is_what_the_proxy_wrote(rf, header, address):
    assert forwarded(request(rf, header)) == address


def test_without_a_proxy_the_header_of_a_client_is_not_believed(rf):
    assert direct(request(rf, PERSON)) == PROXY


@pytest.mark.parametrize("address", ["2001:db8:1:2::7", "2001:db8:1:2:ffff:1:2:3"])
def test_addresses_of_one_subscriber_count_as_one(rf, address):
    assert direct(rf.get("/", REMOTE_ADDR=address)) == "2001:db8:1:2::"


def test_ipv4_address_on_an_ipv6_socket_is_an_ipv4_address(rf):
    assert direct(rf.get("/", REMOTE_ADDR=f"::ffff:{PERSON}")) == PERSON


def test_connection_without_an_address_has_none(rf):
    assert direct(rf.get("/", REMOTE_ADDR="")) is None
