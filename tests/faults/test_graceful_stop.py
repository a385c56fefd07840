"""SIGTERM while a request runs: it is finished, everything ends, nothing is lost (issue §8)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.database import locked
from tests.support.ledger import clean
from tests.support.matrix import Setup
from tests.support.running import running
from tests.support.shop import Shop, new_key
from tests.support.sockets import Socket

pytestmark = pytest.mark.strategies("soak")


@pytest.fixture
def own(setup: Setup) -> Iterator[Shop]:
    with running(setup) as shop:
        yield shop


def test_a_running_checkout_is_finished_before_the_shop_stops(own: Shop) -> None:
    product, buyer, key = own.product(own.seller(), stock=10), own.buyer(), new_key()
    own.demo.note_processes()
    with ThreadPoolExecutor(1) as pool:
        with locked(own, product):  # the checkout must wait for this, so it runs when the signal comes
            running_checkout = pool.submit(own.try_to_buy, buyer, (product, 2), key=key)
            time.sleep(0.7)
            assert not running_checkout.done()
            own.demo.process.terminate()
            time.sleep(0.7)
            assert not running_checkout.done(), "the stop cut the request off"
        first = running_checkout.result(30)
    orders = ok(first, 201)["orders"]
    assert own.demo.process.wait(60) == 0, own.demo.log_tail()
    wait_until(lambda: not own.demo.leftovers(), "no process is left behind", within=5)

    own.demo.start()
    try:
        own.http.close()
        again = Shop(own.demo)
        again_buyer = again.login(buyer.email)
        assert again_buyer.api.all("/api/orders/my-orders") == orders
        replay = again.try_to_buy(again_buyer, (product, 2), key=key)
        assert (replay.status_code, replay.content) == (201, first.content)
        assert replay.headers["Idempotent-Replayed"] == "true"
        assert again.stock_of(product) == 8
        clean(again)
    finally:
        again.close()


async def test_sockets_end_with_the_shop_and_nothing_is_complained_of(own: Shop) -> None:
    """Tasks that wait for a client outlive it by seconds: with the loop gone they would each be logged."""
    demo = own.demo
    there, left = [await Socket(own.url).open() for _ in range(5)], await Socket(own.url).open()
    await left.close()
    before = len(demo.log_path.read_text())
    demo.process.terminate()
    for socket in there:
        await asyncio.wait_for(socket.ended.wait(), 20)
        await socket.close()
    assert await asyncio.to_thread(demo.process.wait, 60) == 0, demo.log_tail()
    said = demo.log_path.read_text()[before:]
    assert "pending" not in said, said
    assert '"level":"error"' not in said, said
