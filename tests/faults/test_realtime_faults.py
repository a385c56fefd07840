"""Sockets while the database fails over and workers die: no order event is lost and none comes twice."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import httpx
import pytest

from tests.realtime.test_events import call, token_of
from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.nodes import lab, primary, seller_there
from tests.support.shop import Person, Shop, new_key
from tests.support.sockets import Socket, opened

ORDERS = 8


def bought(shop: Shop, buyer: Person, product: dict[str, Any]) -> str:
    """An order, asked for under one key until there is an answer."""
    key = new_key()

    def answered() -> Any:
        try:
            answer = shop.try_to_buy(buyer, (product, 1), key=key)
        except httpx.TransportError:  # the worker that had taken the connection was killed
            return None
        return answer if answer.status_code not in (409, 503) else None

    return str(ok(wait_until(answered, "the checkout is answered", within=40), 201)["orders"][0]["id"])


@pytest.mark.parametrize("how", ["stepdown", "kill"])
async def test_a_failover_costs_no_event(broken: Shop, how: str) -> None:
    seller, buyer = seller_there(broken), broken.buyer()
    product = broken.product(seller, stock=100)
    async with opened(broken.url, token_of(seller), token_of(seller), None, None) as sockets:
        *sellers, first, second = sockets
        for socket in (first, second):
            await socket.subscribe(product["id"])
        orders = [await call(bought, broken, buyer, product)]
        await call(lab, broken, await call(primary, broken), how)
        orders += [await call(bought, broken, buyer, product) for _ in range(ORDERS)]
        for socket in sellers:
            await socket.get("notification", len(orders), within=40)
            await socket.get("order_placed", len(orders), within=40)  # by reservation each is a write of its own
            assert [e["id"] for e in socket.of("order_placed")] == orders
        for socket in (first, second):
            await socket.until(lambda s: s.of("stock_update")[-1]["stock"] == 100 - len(orders), "the true stock")
            versions = [e["version"] for e in socket.of("stock_update")]
            assert versions == sorted(versions)
            assert [e["stock"] for e in socket.of("stock_update")] == [101 - v for v in versions]


async def test_admins_are_told_what_happens_to_the_nodes(broken: Shop) -> None:
    async with opened(broken.url, token_of(broken.admin(fresh=True))) as (socket,):
        await asyncio.sleep(2.5)  # the watch begins to look when there is somebody to tell
        node = await call(primary, broken)
        await call(lab, broken, node, "kill")
        await socket.until(
            lambda s: (
                {"primary_changed", "member_down"} <= {e["change"] for e in s.of("topology")}
                and node in {e["node"] for e in s.of("topology") if e["change"] == "member_down"}
            ),
            "the primary is down and another is there",
            within=40,
        )


async def test_who_was_connected_to_a_killed_worker_misses_nothing(broken: Shop) -> None:
    seller, buyer = seller_there(broken), broken.buyer()
    product = broken.product(seller, stock=100)
    sockets = [Socket(broken.url) for _ in range(6)]
    for socket in sockets:
        await socket.open(token_of(seller))
    orders = [await call(bought, broken, buyer, product)]
    for socket in sockets:
        await socket.get("notification")
    cut: list[Socket] = []
    for worker in sorted(await call(broken.demo.worker_pids)):
        os.kill(worker, signal.SIGKILL)
        orders += [await call(bought, broken, buyer, product) for _ in range(3)]
        cut = [socket for socket in sockets if socket.ended.is_set()]
        if cut:  # otherwise all of them were connected to another
            break
    for socket in cut:
        last = socket.last_event_id
        await socket.close()
        await socket.open(token_of(seller), last_event_id=last)
    for socket in sockets:
        await socket.until(lambda s: {*orders} <= {e["id"] for e in s.of("order_placed")}, "every order", within=40)
        assert not socket.of("resync")
        await socket.close()
    assert cut, "nobody was connected to a killed worker: the test does not test"
