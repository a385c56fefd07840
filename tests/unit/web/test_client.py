"""A client's address is what trusted proxies say, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from sanic.compat import Header

from shardmart.web.client import Clients


class Request:
    def __init__(self, peer: str, *forwarded: str) -> None:
        self.ip = peer
        self.headers = Header([("x-forwarded-for", line) for line in forwarded])


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ((), "192.0.2.1", ("203.0.113.9",), "192.0.2.1"),
        (("10.0.0.0/8",), "192.0.2.1", ("203.0.113.9",), "192.0.2.1"),
        (("10.0.0.0/8",), "10.0.0.1", (), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", ("1.1.1.1, 203.0.113.9",), "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", ("1.1.1.1", "203.0.113.9, 10.0.0.2"), "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", ("nonsense",), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("203.0.113.9, nonsense, 10.0.0.2",), "10.0.0.2"),
        (("::1/128", "127.0.0.1"), "::1", ("2001:db8::7",), "2001:db8::7"),
        (("10.0.0.0/8",), "::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
    ],
)
def test_the_rightmost_address_that_is_no_trusted_proxy(
    trusted: tuple[str, ...], peer: str, forwarded: tuple[str, ...], address: str
) -> None:
    request: Any = Request(peer, *forwarded)
    assert Clients(trusted).address(request) == address
