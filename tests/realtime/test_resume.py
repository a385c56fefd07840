"""Coming back: what was missed is told, or it is said that it cannot be."""

from __future__ import annotations

import time

import pytest

from tests.realtime.test_events import call, token_of
from tests.support.api import ok
from tests.support.shop import Shop
from tests.support.sockets import Socket, opened

TRIES = 4  # new connections meet both workers


async def test_what_was_missed_is_told_once_and_nothing_else(shop: Shop) -> None:
    seller, buyer = shop.seller(), shop.buyer()
    product = shop.product(seller, stock=100)
    async with opened(shop.url, token_of(seller)) as (socket,):
        await call(shop.buy, buyer, (product, 1))
        await socket.until(lambda s: {"order_placed", "notification"} <= {n for n, _ in s.heard}, "the first order")
        last, known = socket.last_event_id, [e["id"] for e in socket.of("order_placed")]
    missed = [(await call(shop.buy, buyer, (product, 1)))["orders"][0]["id"] for _ in range(3)]
    for _ in range(TRIES):
        back = Socket(shop.url)
        try:
            await back.open(token_of(seller), last_event_id=last)
            await back.get("notification", 3)
            assert [e["id"] for e in back.of("order_placed")] == missed
            assert not back.of("resync")
            assert not set(known) & {e["id"] for e in back.of("order_placed")}
        finally:
            await back.close()


async def test_a_product_is_told_as_it_is_when_its_listener_comes_back(shop: Shop) -> None:
    seller = shop.seller()
    product = shop.product(seller, stock=10)
    stock = f"/api/products/{product['id']}/stock"
    async with opened(shop.url, None) as (socket,):
        await socket.subscribe(product["id"])
        ok(await call(seller.api.post, stock, json={"delta": 1}))
        await socket.until(lambda s: any(e["stock"] == 11 for e in s.of("stock_update")), "the first change")
        last = socket.last_event_id
    for delta in (1, 1, 1):
        ok(await call(seller.api.post, stock, json={"delta": delta}))
    for _ in range(TRIES):
        back = Socket(shop.url)
        try:
            await back.open(last_event_id=last)
            await back.subscribe(product["id"])
            await back.until(lambda s: any(e["stock"] == 14 for e in s.of("stock_update")), "the last state")
            assert not back.of("resync")
        finally:
            await back.close()


@pytest.mark.parametrize("last", ["nonsense", "ffffffffffffffff-2", f"{1 << 32:016x}-2"])
async def test_who_cannot_be_told_what_was_missed_is_told_to_fetch_again(shop: Shop, last: str) -> None:
    socket = Socket(shop.url)
    try:
        await socket.open(last_event_id=last)
        (resync,) = await socket.get("resync")
        assert resync["event_id"]
        assert (await socket.subscribe(catalog=True))["ok"]
    finally:
        await socket.close()


async def test_what_no_worker_remembers_is_told_from_what_is_stored(shop: Shop) -> None:
    seller, buyer = shop.seller(), shop.buyer()
    product = shop.product(seller, stock=100)
    orders = [(await call(shop.buy, buyer, (product, 1)))["orders"][0]["id"] for _ in range(3)]
    before_the_shop_began = f"{int(time.time()) - 1800 << 32:016x}-2"
    socket = Socket(shop.url)
    try:
        await socket.open(token_of(seller), last_event_id=before_the_shop_began)
        assert [e["id"] for e in await socket.get("order_placed", 3)] == orders
        assert [e["subject_id"] for e in await socket.get("notification", 3)] == orders
    finally:
        await socket.close()
