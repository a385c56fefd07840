"""Many sockets at once, also while the database fails over: all end at the truth, and nothing private is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.realtime.test_events import call, token_of
from tests.sharded.shards import move_there_and_back
from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.demo import Demo
from tests.support.listeners import Listener, listening
from tests.support.matrix import Setup
from tests.support.nodes import lab, primary, seller_there
from tests.support.shop import Person, Shop, new_key
from tests.support.sockets import opened

CHANGES_A_SECOND = 20
SMALL, LARGE = (30, 3.0), (300, 20.0)  # sockets, seconds
ENDS_WITHIN = 60.0
Happens = Callable[[Shop, Person], Awaitable[None]]


async def nothing(shop: Shop, seller: Person) -> None:
    pass


async def a_stepdown(shop: Shop, seller: Person) -> None:
    await call(lab, shop, await call(primary, shop), "stepdown")


async def a_kill(shop: Shop, seller: Person) -> None:
    await call(lab, shop, await call(primary, shop), "kill")


async def a_moved_chunk(shop: Shop, seller: Person) -> None:
    await call(move_there_and_back, shop, seller)


@pytest.mark.parametrize(
    "size, happens",
    [
        (SMALL, a_stepdown),
        *(pytest.param(LARGE, one, marks=pytest.mark.soak) for one in (nothing, a_stepdown, a_kill, a_moved_chunk)),
    ],
)
async def test_a_crowd_on_one_product_ends_at_its_true_stock(
    broken: Shop, size: tuple[int, float], happens: Happens
) -> None:
    sockets, seconds = size
    seller, buyers = seller_there(broken), [broken.buyer() for _ in range(4)]
    product = broken.product(seller, stock=10_000)
    async with (
        opened(broken.url, token_of(seller)) as (of_seller,),
        listening(broken.url, sockets, product["id"]) as crowd,
    ):
        due = time.monotonic() + seconds / len(buyers) / CHANGES_A_SECOND
        buying = [
            asyncio.create_task(call(buy_for, broken, one, product, seconds, due + n / CHANGES_A_SECOND))
            for n, one in enumerate(buyers)
        ]
        await asyncio.sleep(seconds / 3)
        await happens(broken, seller)
        orders = [order for bought in await asyncio.gather(*buying) for order in bought]
        stock = 10_000 - len(orders)
        await of_seller.until(lambda s: len(s.of("order_placed")) >= len(orders), "every order", within=ENDS_WITHIN)
        assert sorted(e["id"] for e in of_seller.of("order_placed")) == sorted(orders)
        await until(lambda: all(at(listener, stock) for listener in crowd), "all are at the true stock")
    for listener in crowd:
        told = [(e["version"], e["stock"]) for e in listener.of("stock_update")]
        assert told == sorted(set(told)), "a version came twice or went backwards"
        stocks = [units for _, units in told]
        assert stocks == sorted(stocks, reverse=True), "the stock rose, and nobody had put anything there"
        assert not listener.closed


def buy_for(shop: Shop, buyer: Person, product: dict[str, Any], seconds: float, due: float) -> list[str]:
    """Ids of the orders: one unit each, five times a second, asked for until there is an answer."""
    orders, end = [], due + seconds
    while due < end:
        key = new_key()

        def answered(key: str = key) -> Any:
            answer = shop.try_to_buy(buyer, (product, 1), key=key)
            return answer if answer.status_code not in (409, 503) else None

        bought = ok(wait_until(answered, "the checkout is answered", within=40), 201)
        orders.append(str(bought["orders"][0]["id"]))
        due += 4 / CHANGES_A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
    return orders


def at(listener: Listener, stock: int) -> bool:
    told = listener.of("stock_update")
    return bool(told) and told[-1]["stock"] == stock


async def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + ENDS_WITHIN
    while not true():
        assert time.monotonic() < end, f"not within {ENDS_WITHIN} s: {what}"
        await asyncio.sleep(0.05)


SOCKETS, OWN, EVENTS, STRANGERS = 50, 5, 1_000, 8


@pytest.mark.soak
async def test_fifty_sockets_on_four_workers_hear_their_own_once_and_a_stranger_nothing_of_a_thousand(
    setup: Setup,
) -> None:
    demo = Demo(topology=setup.topology, driver=setup.driver, workers=4)
    shop = Shop(await call(demo.start))
    try:
        sellers, stranger = [await call(shop.seller) for _ in range(SOCKETS)], await call(shop.seller)
        products = [await call(shop.product, seller, stock=10_000) for seller in sellers]
        async with (
            opened(shop.url, *map(token_of, sellers)) as sockets,
            opened(shop.url, *[token_of(stranger)] * STRANGERS) as strangers,
        ):
            for socket in strangers:  # they reach every worker
                assert (await socket.ask("subscribe", {"rooms": [f"user:{sellers[0].id}"]}))["ok"] is False
                assert (await socket.subscribe(f"user:{sellers[0].id}"))["subscriptions"] == 0
            counts = [EVENTS, *[OWN] * (SOCKETS - 1)]
            wanted = [product for product, count in zip(products, counts, strict=True) for _ in range(count)]
            bought = await asyncio.gather(*(call(buy_all, shop, wanted[n::8]) for n in range(8)))
            orders = {id: seller_id for part in bought for id, seller_id in part}
            for socket, seller, count in zip(sockets, sellers, counts, strict=True):
                placed = await socket.get("order_placed", count, within=ENDS_WITHIN)
                mine = sorted(id for id, seller_id in orders.items() if seller_id == seller.id)
                assert sorted(e["id"] for e in placed) == mine and len(mine) == count
                told = await socket.get("notification", count, within=ENDS_WITHIN)
                assert sorted(e["subject_id"] for e in told) == mine
                ids = [payload["event_id"] for _, payload in socket.heard]
                assert len(ids) == len(set(ids))
            for socket in strangers:
                assert socket.heard == []
    finally:
        shop.close()
        assert await call(demo.stop) == 0


def buy_all(shop: Shop, products: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(order, seller) of each."""
    buyer = shop.buyer()
    orders = [shop.buy(buyer, (product, 1), key=new_key())["orders"][0] for product in products]
    return [(str(order["id"]), str(order["seller_id"])) for order in orders]
