"""Several workers, one committer: races over the socket, and the crashes of issue 4."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from typing import Any

import pytest

from shardmart.domain.ids import new_id
from shardmart.domain.purchase import Placed
from tests.group.scene import Scene, purchase_of
from tests.group.workers import Node, WorkerProcess, app_node

STOPPED_SECONDS = 20.0
BACK_SECONDS = 2.0  # products are free again and another committer is there


def keys(number: int) -> list[str]:
    return [new_id() for _ in range(number)]


async def ask_all(node: Node, do: str, among: list[WorkerProcess] | None = None, **arguments: Any) -> list[Any]:
    return await asyncio.gather(*(worker.ask(do, **arguments) for worker in among or node.workers))


async def stored(scene: Scene, checkouts: list[str]) -> int:
    return await scene.mongo.collection("outcomes").count_documents({"_id": {"$in": checkouts}, "status": "placed"})


async def test_fifty_units_are_sold_to_fifty_of_two_hundred_over_two_workers(scene: Scene) -> None:
    product = await scene.product(50)
    async with app_node(scene) as node:
        one, two = await asyncio.gather(
            *(w.ask("buy", carts=[{product.id: 1}] * 100, keys=keys(100)) for w in node.workers)
        )
        assert Counter(placed for placed, *_ in one + two) == {True: 50, False: 150}
        assert await node.figures("fallbacks") == 0 and await node.figures("conflicts") == 0
    assert await scene.stock_of(product) == 0
    await scene.audit_is_clean()


async def test_carts_over_five_sellers_from_two_workers(scene: Scene) -> None:
    chance = random.Random(4)
    products = [await scene.product(40) for _ in range(10)]
    carts = [{p.id: chance.randint(1, 2) for p in chance.sample(products, 3)} for _ in range(200)]
    async with app_node(scene) as node:
        halves = (carts[:100], carts[100:])
        one, two = await asyncio.gather(
            *(w.ask("buy", carts=half, keys=keys(100)) for w, half in zip(node.workers, halves, strict=True))
        )
    sold: Counter[str] = Counter()
    for cart, (placed, *_) in zip(carts, one + two, strict=True):
        sold.update(cart if placed else {})
    for product in products:
        assert await scene.stock_of(product) == 40 - sold[product.id]
    await scene.audit_is_clean()


async def test_one_key_at_both_workers_is_one_checkout(scene: Scene) -> None:
    product = await scene.product(50)
    key = new_id()
    async with app_node(scene) as node:
        answers = await ask_all(node, "buy", carts=[{product.id: 2}] * 8, keys=[key] * 8)
    ids = {checkout_id for answer in answers for placed, checkout_id, _ in answer if placed}
    assert len(ids) == 1 and all(placed for answer in answers for placed, *_ in answer)
    assert await scene.stock_of(product) == 48
    await scene.audit_is_clean()


@pytest.mark.parametrize("strategy", ["group", "transaction"])
async def test_a_cancellation_a_stock_change_and_a_price_edit_succeed_within_a_second(
    scene: Scene, strategy: str
) -> None:
    """While 64 buyers hammer the same product, from either worker."""
    product = await scene.product(1_000_000)
    bought = await scene.place_all([purchase_of((product, 1)) for _ in range(6)])
    orders = [outcome.orders[0].id for outcome in bought if isinstance(outcome, Placed)]
    async with app_node(scene, SHARDMART_CHECKOUT=strategy) as node:
        load = [worker.ask("hammer", products=[product.id], buyers=32, seconds=6) for worker in node.workers]
        await asyncio.sleep(1)
        times = []
        for turn in range(3):
            for number, worker in enumerate(node.workers):
                for do, arguments in (
                    ("stock", {"product_id": product.id, "delta": 5}),
                    ("price", {"product_id": product.id, "price": f"{turn + 1}.{number}0"}),
                    ("cancel", {"order_id": orders[2 * turn + number]}),
                ):
                    _, seconds = await worker.ask(do, **arguments)
                    times.append((seconds, do))
        results = await asyncio.gather(*load)
        assert max(times)[0] < 1.0, sorted(times)
        if strategy == "group":
            assert await node.figures("conflicts") == 0
        assert sum(result["placed"] for result in results) > (100 if strategy == "group" else 20)
    await scene.audit_is_clean()


async def survive(scene: Scene, node: Node, hurt: Any, *, seconds: float = 6.0) -> dict[str, Any]:
    """Buyers at every worker that `hurt` (given the leader) leaves alive get final answers, and not too late."""
    products = [(await scene.product(10_000_000)).id for _ in range(5)]
    leader = await node.leader()
    safe = node.others(leader)
    doomed = leader.ask("hammer", products=products, buyers=32, seconds=seconds)
    load = [worker.ask("hammer", products=products, buyers=32, seconds=seconds) for worker in safe]
    await asyncio.sleep(1.5)
    started = time.monotonic()
    await hurt(leader)
    found = {"took": time.monotonic() - started}
    results = await asyncio.gather(*load)
    await asyncio.gather(doomed, return_exceptions=True)
    for result in results:
        assert await stored(scene, result["checkouts"]) == len(result["checkouts"]) == result["placed"]
        assert result["longest"] < BACK_SECONDS + 1.0, f"{result['longest']:.1f} s without an answer"
    found["longest"] = max(result["longest"] for result in results)
    return found


async def test_committer_killed_with_a_full_queue(scene: Scene) -> None:
    async with app_node(scene, 3) as node:

        async def kill(leader: WorkerProcess) -> None:
            leader.signal(signal.SIGKILL)
            await node.leader(within=BACK_SECONDS, among=node.others(leader))

        print("killed:", await survive(scene, node, kill))
    await scene.audit_is_clean()


async def test_committer_stopped_for_a_while(scene: Scene) -> None:
    """Its lock is kept: it must be taken away, and what it has open ended. When it goes on, it does no harm."""
    async with app_node(scene, 3) as node:

        async def stop(leader: WorkerProcess) -> None:
            leader.signal(signal.SIGSTOP)
            await node.leader(within=BACK_SECONDS + 0.5, among=node.others(leader))
            asyncio.get_running_loop().call_later(STOPPED_SECONDS, leader.signal, signal.SIGCONT)

        print("stopped:", await survive(scene, node, stop, seconds=STOPPED_SECONDS + 4))
        await node.leader()
    await scene.audit_is_clean()


@pytest.mark.parametrize("what", ["lock", "socket"])
async def test_a_file_of_the_committer_removed(scene: Scene, what: str) -> None:
    async with app_node(scene, 3) as node:

        async def remove(leader: WorkerProcess) -> None:
            getattr(node, what).unlink()
            await asyncio.sleep(0.5)
            await node.leader(within=BACK_SECONDS)
            assert node.socket.exists() and node.lock.exists()

        print(what, "removed:", await survive(scene, node, remove))
    await scene.audit_is_clean()


async def test_files_of_the_committer_are_private(scene: Scene) -> None:
    async with app_node(scene, 1) as node:
        assert scene.runtime_dir.stat().st_mode & 0o777 == 0o700
        assert node.socket.stat().st_mode & 0o777 == 0o600
        assert node.lock.stat().st_mode & 0o777 == 0o600


async def test_a_committer_that_ends_in_peace_answers_what_it_has_taken(scene: Scene) -> None:
    async with app_node(scene, 3) as node:

        async def end(leader: WorkerProcess) -> None:
            assert leader._process.stdin is not None
            leader._process.stdin.close()  # it stops once its own buyers are done

        await survive(scene, node, end, seconds=4)
    await scene.audit_is_clean()
