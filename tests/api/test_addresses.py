"""Who is counted: the address of the client, whichever socket it comes in by and whatever stands between."""

from __future__ import annotations

import falcon.asgi
import falcon.testing
import pytest

from api.credentials import UNKNOWN, client_address, client_place

PROXY = frozenset({"192.0.2.80"})


def request(remote: str, forwarded: str | None = None) -> falcon.asgi.Request:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return falcon.testing.create_asgi_req(remote_addr=remote, headers=headers)


@pytest.mark.parametrize(
    ("remote", "forwarded", "counted"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", None, "198.51.100.7"),  # An IPv4 client at a socket of both kinds.
        ("::ffff:c633:6407", None, "198.51.100.7"),
        ("192.0.2.80", "203.0.113.9, ::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.80", "198.51.100.7", "198.51.100.7"),  # The proxy is believed there, too.
        ("192.0.2.80", "198.51.100.7, ::ffff:192.0.2.80", "198.51.100.7"),
        ("::ffff:203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("192.0.2.80", "198.51.100.7, made up", UNKNOWN),
        ("192.0.2.80", "", "192.0.2.80"),
    ],
)
def test_each_client_is_counted_by_itself(remote: str, forwarded: str | None, counted: str) -> None:
    assert client_address(request(remote, forwarded), PROXY) == counted


def test_a_place_is_the_network_of_the_ipv4_address() -> None:
    assert client_place(request("::ffff:198.51.100.7"), PROXY) == "198.51.100.0/24"
