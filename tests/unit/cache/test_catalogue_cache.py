"""Answers from memory: whose changes they show, and when they step aside."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from shardmart.adapters.marks import SharedMarks
from shardmart.cache import catalogue as module
from shardmart.cache.entries import Entries
from shardmart.cache.fills import Fill
from shardmart.cache.freshness import BOUND_SECONDS
from shardmart.domain.changes import Heard, Interrupted, Missed, Position, ProductChanged
from shardmart.domain.errors import NotFound
from shardmart.domain.listings import ListingQuery, Product
from tests.unit.builders import a_product
from tests.unit.cache.scene import MEGABYTE, NEWEST, Node

IN_STOCK = ListingQuery(in_stock=True)


@pytest.fixture
async def node() -> Node:
    return await Node().ready()


async def test_what_was_read_once_is_answered_without_reading(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    for _ in range(5):
        assert await worker.product(product) == f"{product.id} v1 7"
        assert await worker.listing() == f"{product.id} v1 7"
    assert node.catalogue.reads == 2


async def test_a_change_is_seen_on_every_worker_as_soon_as_it_is_marked(node: Node) -> None:
    product = node.offer(stock=7)
    for worker in node.workers:
        await worker.product(product)
        await worker.listing()
    node.change(product, stock=6)
    for worker in node.workers:
        assert await worker.product(product) == f"{product.id} v2 6"
        assert await worker.listing() == f"{product.id} v2 6"


async def test_a_change_of_one_product_leaves_the_others_and_lists_without_it(node: Node) -> None:
    here, there = node.offer(category="Here"), node.offer(category="There")
    worker, query = node.workers[0], ListingQuery(category="Here")
    for _ in range(2):
        await worker.product(here)
        await worker.listing(query)
        node.change(there, stock=1)
    assert node.catalogue.reads == 2


@pytest.mark.parametrize("marked", [True, False])
async def test_a_product_that_moves_takes_every_list_along(node: Node, marked: bool) -> None:
    node.offer(category="Here")
    there = node.offer(category="There")
    worker, query = node.workers[0], ListingQuery(category="Here")
    before = await worker.listing(query)
    moved = node.change(there, marked=marked, moves=True, category="Here")
    if not marked:
        await worker.catch_up(ProductChanged(moved.id, moved, moves=True))
    assert await worker.listing(query) == f"{before}, {there.id} v2 10"


@pytest.mark.parametrize("marked", [True, False])
async def test_a_list_of_what_is_in_stock_holds_until_any_stock_changes(node: Node, marked: bool) -> None:
    node.offer()
    sold_out = node.offer(stock=0)
    worker = node.workers[0]
    before = await worker.listing(IN_STOCK)
    filled = node.change(sold_out, marked=marked, stock=3)
    if not marked:
        await worker.catch_up(ProductChanged(filled.id, filled, moves=False))
    assert await worker.listing(IN_STOCK) == f"{before}, {filled.id} v2 3"


async def test_what_others_change_is_seen_when_the_feed_tells(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    await worker.product(product)
    await worker.listing()
    changed = node.change(product, marked=False, stock=6)
    await worker.catch_up(ProductChanged(product.id, changed, moves=False))
    assert await worker.product(product) == f"{product.id} v2 6"
    assert await worker.listing() == f"{product.id} v2 6"


async def test_what_the_feed_tells_of_an_answer_that_shows_it_already_drops_nothing(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    changed = node.change(product, stock=6)
    await worker.product(product)
    await worker.listing()
    await worker.catch_up(ProductChanged(product.id, changed, moves=False))
    await worker.product(product)
    await worker.listing()
    assert node.catalogue.reads == 2


async def test_a_change_by_hand_that_leaves_the_version_is_seen_too(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    await worker.product(product)
    by_hand = node.catalogue.put(product, stock=3)
    await worker.catch_up(ProductChanged(product.id, by_hand))
    assert await worker.product(product) == f"{product.id} v1 3"


# ---- reading while things change


async def asking(node: Node, ask: Callable[[], Any]) -> asyncio.Task[Any]:
    """Somebody whose read has seen the catalogue and is still on its way back."""
    node.catalogue.gate.clear()
    task = asyncio.create_task(ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def overtaken(node: Node, product: Product, what: str, how: str) -> tuple[Callable[[], Any], asyncio.Task[Any]]:
    """A question, and somebody who asked it just before the product lost a unit and has no answer yet."""
    worker = node.workers[0]

    async def ask() -> str | None:
        return await (worker.product(product) if what == "product" else worker.listing())

    slow = await asking(node, ask)
    changed = node.change(product, marked=how == "marked", stock=6)
    if how == "heard":
        await worker.catch_up(ProductChanged(product.id, changed, moves=False))
    return ask, slow


@pytest.mark.parametrize("what", ["product", "listing"])
@pytest.mark.parametrize("how", ["marked", "heard"])
async def test_a_read_that_a_change_overtakes_is_not_kept(node: Node, what: str, how: str) -> None:
    product = node.offer(stock=7)
    ask, slow = await overtaken(node, product, what, how)
    node.catalogue.gate.set()
    assert await slow == f"{product.id} v1 7"  # asked before the change
    assert await ask() == f"{product.id} v2 6"


@pytest.mark.parametrize("what", ["product", "listing"])
@pytest.mark.parametrize("how", ["marked", "heard"])
async def test_who_asks_after_a_change_does_not_wait_for_a_read_from_before(node: Node, what: str, how: str) -> None:
    product = node.offer(stock=7)
    ask, slow = await overtaken(node, product, what, how)
    later = asyncio.create_task(ask())
    await asyncio.sleep(0)
    node.catalogue.gate.set()
    assert await slow == f"{product.id} v1 7"
    assert await later == f"{product.id} v2 6"
    assert await ask() == f"{product.id} v2 6"
    assert node.catalogue.reads == 2


async def test_a_hundred_who_ask_at_once_cost_one_read_even_when_the_first_hangs_up(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    first = await asking(node, lambda: worker.product(product))
    others = [asyncio.create_task(worker.product(product)) for _ in range(100)]
    await asyncio.sleep(0)
    first.cancel()
    node.catalogue.gate.set()
    assert set(await asyncio.gather(*others)) == {f"{product.id} v1 7"}
    assert node.catalogue.reads == 1


async def test_a_read_that_brings_less_than_was_heard_is_not_kept(node: Node) -> None:
    """A new primary may not know yet that a majority has what the one before told."""
    product = node.offer(stock=7, version=3)
    worker = node.workers[0]
    await worker.catch_up(ProductChanged(product.id, a_product(id=product.id, version=4), moves=False))
    for _ in range(2):
        assert await worker.product(product) == f"{product.id} v3 7"
    assert node.catalogue.reads == 2


# ---- stepping aside


async def test_it_steps_aside_until_the_feed_has_reached_what_was_written(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    await worker.product(product)
    changed = node.change(product, marked=False, stock=6)
    await worker.cache._compare()  # the feed is behind, and was compared a moment ago
    assert await worker.product(product) == f"{product.id} v1 7"
    await asyncio.sleep(BOUND_SECONDS + 0.05)
    await worker.cache._compare()
    assert await worker.product(product) is None
    await worker.catch_up(ProductChanged(product.id, changed, moves=False))
    assert await worker.product(product) == f"{product.id} v2 6"


async def test_an_event_says_nothing_of_others_at_its_own_moment(node: Node) -> None:
    worker = Node().workers[0]
    product = a_product()
    worker.catalogue.products[product.id] = product
    worker.cache.hear(Heard(Position(worker.catalogue.time, 2), ProductChanged("x", None)))
    await worker.cache._compare()
    assert await worker.product(product) is None


@pytest.mark.parametrize("change", [Interrupted(), Missed()])
async def test_an_interruption_empties_it_and_what_is_being_read_is_not_kept(node: Node, change: Any) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    await worker.product(product)
    slow = await asking(node, worker.listing)
    worker.cache.hear(Heard(Position(node.catalogue.time, 2), change))
    assert await worker.product(product) is None
    await worker.catch_up()
    node.catalogue.gate.set()
    await slow
    assert node.catalogue.reads == 2
    await worker.product(product)
    await worker.listing()
    assert node.catalogue.reads == 4


async def test_an_election_empties_it(node: Node) -> None:
    product = node.offer(stock=7)
    worker = node.workers[0]
    await worker.product(product)
    node.catalogue.reign = "second"
    node.catalogue.products[product.id] = a_product(id=product.id, stock=8)  # undone, and nobody is told
    await worker.catch_up()
    assert await worker.product(product) == f"{product.id} v1 8"


async def test_a_frontier_that_does_not_answer_makes_it_step_aside_and_come_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", 0.1)
    product, worker = node.offer(), node.workers[0]
    watching = asyncio.create_task(worker.cache.watch())
    try:
        node.catalogue.is_away = True
        await worker.product(product)
        await asyncio.sleep(BOUND_SECONDS + 0.05)
        assert await worker.product(product) is None
        node.catalogue.is_away = False
        end = asyncio.get_running_loop().time() + 10
        while await worker.product(product) is None:
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.02)
    finally:
        watching.cancel()


async def test_it_calls_for_the_feed_when_somebody_asks_and_lets_go_of_it_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker, calls = Node().workers[0], list[None]()
    worker.cache.on_wanted(lambda: calls.append(None))
    assert not worker.cache.is_wanted
    assert await worker.listing() is None
    assert calls and worker.cache.is_wanted
    monkeypatch.setattr(module, "WARM_SECONDS", 0.0)
    await asyncio.sleep(0.01)
    assert not worker.cache.is_wanted


# ---- what is not for everybody, and memory


async def test_disabled_products_are_not_for_everybody_and_absent_ones_are_for_nobody(node: Node) -> None:
    disabled = node.offer(is_active=False)
    for _ in range(2):
        assert await node.workers[0].product(disabled) is None
    with pytest.raises(NotFound):
        await node.workers[0].product(a_product())
    assert await node.workers[0].cache.product("no id", lambda p: b"") is None


async def test_memory_is_bounded_and_what_was_asked_for_last_stays() -> None:
    node = await Node(most_bytes=20_000).ready()
    worker, hot, cold = node.workers[0], node.offer(), [node.offer() for _ in range(200)]
    for product in cold:
        await worker.product(product)
        await worker.product(hot)
        assert worker.cache._entries.bytes <= 20_000
    assert node.catalogue.reads == 201
    await worker.product(cold[0])
    assert node.catalogue.reads == 202
    for product in (hot, *cold):  # the index of what is shown where shrinks with it
        await worker.catch_up(ProductChanged(product.id, None))
    assert worker.cache._entries.bytes == 0
    assert not worker.cache._entries._showing


async def test_an_answer_that_would_take_too_much_of_it_is_not_kept() -> None:
    node = await Node(most_bytes=4_000).ready()
    for _ in range(20):
        node.offer()
    for _ in range(2):
        assert await node.workers[0].listing(NEWEST)
    assert node.catalogue.reads == 2


def test_what_is_counted_is_not_less_than_what_python_needs() -> None:
    marks, entries, products = SharedMarks(None), Entries(MEGABYTE * 1000), [a_product() for _ in range(2000)]
    lists = [products[n : n + 20] for n in range(0, 2000, 20)]
    gc.collect()
    tracemalloc.start()
    try:
        for product in products:
            entry = Fill.begin(marks, product.id).entry(bytes(400), [product], {})
            assert entry is not None
            entries.put("".join(product.id), entry)
        for n, shown in enumerate(lists):
            entry = Fill.begin(marks, None).entry(bytes(8000), shown, {})
            assert entry is not None
            entries.put((f"{'filters':300}{n}", None, 20), entry)
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < entries.bytes < used * 1.5
