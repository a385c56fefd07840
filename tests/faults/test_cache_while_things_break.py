"""Cached answers against what was answered to changes, at random, while the database fails over and chunks move."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.realtime.test_events import call
from tests.sharded.shards import Shards, other
from tests.support.caches import Scene, Worker, caches
from tests.support.nodes import lab, primary, seller_there
from tests.support.shop import Shop

SECONDS = 3.0  # before and after what happens
LEAST = 200  # cached readings: fewer prove nothing


async def _elections(shop: Shop, scene: Scene) -> None:
    for how in ("stepdown", "kill"):
        await call(lab, shop, await call(primary, shop), how)
        await asyncio.sleep(SECONDS)


async def _moves(shop: Shop, scene: Scene) -> None:
    """The seller's chunk, there and back; on a replica set there is none."""
    if shop.demo.topology == "sharded":
        with Shards(shop) as shards:
            seller = shop.seller()
            seller.user["id"] = scene.seller_id
            home = (await call(shards.of, seller))["products"]
            for shard in (other(home), home):
                await call(shards.move, "products", seller, shard)


@pytest.mark.parametrize("happens", [_moves, _elections])
async def test_no_cached_answer_is_older_than_allowed_or_of_no_version(
    broken: Shop, tmp_path: Path, happens: Callable[[Shop, Scene], Awaitable[None]]
) -> None:
    async with caches(broken, seller_there(broken).id, tmp_path, seed=5) as scene:
        going_on = asyncio.create_task(scene.go_on(SECONDS * 3))
        await asyncio.sleep(SECONDS)
        await happens(broken, scene)
        await going_on
        await scene.until_answered()
        await scene.go_on(SECONDS)
        assert scene.ledger.faults(scene.products) == []
        assert scene.ledger.cached > LEAST, f"{scene.ledger.cached} cached of {len(scene.ledger.readings)}"


@pytest.mark.parametrize("fault", [Worker.marks_nothing, Worker.hears_nothing, Worker.keeps_what_changed_meanwhile])
async def test_a_cache_that_is_broken_is_found_out(
    fault_shop: Shop, tmp_path: Path, fault: Callable[[Worker], None]
) -> None:
    async with caches(fault_shop, seller_there(fault_shop).id, tmp_path, seed=6) as scene:
        for worker in scene.workers:
            fault(worker)
        for _ in range(10):
            await scene.go_on(1)
            if scene.ledger.faults(scene.products):
                return
    raise AssertionError(f"not found in {len(scene.ledger.readings)} readings, {scene.ledger.cached} of them cached")
