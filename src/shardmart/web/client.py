"""Where a request comes from."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Union

from shardmart.web.wire import ShopRequest

Address = Union[IPv4Address, IPv6Address]  # noqa: UP007 - evaluated at run time on 3.10


class Clients:
    """Reads client addresses; X-Forwarded-For counts only as far as it was written by proxies that we trust."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = [ip_network(one, strict=False) for one in trusted_proxies]

    def address(self, request: ShopRequest) -> str:
        """The rightmost address that is no trusted proxy; the peer's own when that is not one."""
        current = request.ip
        hops = [hop.strip() for line in request.headers.getall("x-forwarded-for", ()) for hop in line.split(",")]
        while hops and self._is_trusted(current):
            hop = _parsed(hops.pop())
            if hop is None:
                break
            current = str(hop)
        return current

    def _is_trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


def _parsed(address: str) -> Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
