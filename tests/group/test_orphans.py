"""A committer lost at the worst moments: with its products in an open transaction, and right after its commit."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from shardmart.domain.ids import new_id
from tests.group.scene import Scene
from tests.group.workers import app_node

BACK_SECONDS = 3.0  # two to notice and take over, one for a machine with other things to do


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("at", ["written", "committed"])
async def test_lost_in_the_middle_of_a_batch(scene: Scene, how: signal.Signals, at: str) -> None:
    product, other = await scene.product(10), await scene.product(10)
    async with app_node(scene, 2) as node:
        leader = await node.leader()
        (worker,) = node.others(leader)
        await leader.ask("stall", at=at)
        carts = [{product.id: 1}, {product.id: 2, other.id: 1}, {other.id: 3}]
        waiting = worker.ask("buy", carts=carts, keys=[new_id() for _ in carts])
        await asyncio.sleep(0.7)
        started = time.monotonic()
        leader.signal(how)
        behind = worker.ask("buy", carts=[{product.id: 1}], keys=[new_id()])
        assert all(placed for placed, *_ in await waiting + await behind)
        took = time.monotonic() - started
        print(f"{how.name} {at}: {took:.2f} s")
        assert took < BACK_SECONDS
        leader.signal(signal.SIGCONT)
        assert (await worker.ask("buy", carts=[{product.id: 1}], keys=[new_id()]))[0][0]
    assert (await scene.stock_of(product), await scene.stock_of(other)) == (5, 6)
    await scene.audit_is_clean()
