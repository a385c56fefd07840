"""Cached answers against what was answered to changes, at random, while the database fails over and chunks move."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.realtime.test_events import call
from tests.sharded.shards import move_there_and_back
from tests.support.api import ok
from tests.support.caches import Worker, caches
from tests.support.clock import wait_until
from tests.support.ledger import lines
from tests.support.nodes import lab, primary, seller_there
from tests.support.parallel import checkout_until_answered
from tests.support.shop import Person, Shop, new_key

SECONDS = 3.0  # before and after what happens
PURCHASES = 12
LEAST = 200  # cached readings: fewer prove nothing


async def _elections(shop: Shop, seller: Person) -> None:
    for how in ("stepdown", "kill"):
        await call(lab, shop, await call(primary, shop), how)
        await asyncio.sleep(SECONDS)


async def _moves(shop: Shop, seller: Person) -> None:
    await call(move_there_and_back, shop, seller)


@pytest.mark.parametrize("happens", [_moves, _elections])
async def test_no_cached_answer_is_older_than_allowed_or_of_no_version(
    broken: Shop, tmp_path: Path, happens: Callable[[Shop, Person], Awaitable[None]]
) -> None:
    seller = seller_there(broken)
    async with caches(broken, seller.id, tmp_path, seed=5) as scene:
        going_on = asyncio.create_task(scene.go_on(SECONDS * 3))
        await asyncio.sleep(SECONDS)
        await happens(broken, seller)
        await going_on
        await scene.until_answered()
        end = monotonic() + 60
        while scene.ledger.cached <= LEAST:
            assert monotonic() < end, f"{scene.ledger.cached} cached of {len(scene.ledger.readings)}"
            await scene.go_on(SECONDS)
        await scene.go_on(SECONDS)
        assert scene.ledger.faults(scene.products) == []


@pytest.mark.parametrize("fault", [Worker.marks_nothing, Worker.hears_nothing, Worker.keeps_what_changed_meanwhile])
async def test_a_cache_that_is_broken_is_found_out(
    fault_shop: Shop, tmp_path: Path, fault: Callable[[Worker], None]
) -> None:
    async with caches(fault_shop, seller_there(fault_shop).id, tmp_path, seed=6) as scene:
        for worker in scene.workers:
            fault(worker)
        for _ in range(30):
            await scene.go_on(1)
            if scene.ledger.faults(scene.products):
                return
    raise AssertionError(f"not found in {len(scene.ledger.readings)} readings, {scene.ledger.cached} of them cached")


def test_a_killed_worker_leaves_nothing_stale(broken: Shop) -> None:
    """Workers die while a checkout is under way, the committer among them; then every worker tells the true stock."""
    chance = random.Random(7)
    buyer, product = broken.buyer(), broken.product(seller_there(broken), stock=100)
    page, hits = f"/api/products/{product['id']}", 0
    for bought in range(1, PURCHASES + 1):
        _told(broken, page)  # and in the memory of every worker from then on
        if bought % 3 == 0:
            victim = chance.choice(sorted(wait_until(broken.demo.worker_pids, "a worker lives", within=20)))
            threading.Timer(chance.uniform(0, 0.03), os.kill, (victim, signal.SIGKILL)).start()
        with broken.anonymous.fresh() as api:
            api.token = buyer.api.token
            answer = checkout_until_answered(api, lines((product, 1)), new_key())
        assert answer.status_code == 201, answer.text
        assert _told(broken, page) == {100 - bought}
        hits += _hits(broken)
    assert hits, "nothing was answered from memory"


def _told(shop: Shop, page: str) -> set[int | None]:
    """By whoever answers, eight times."""
    return {wait_until(lambda: _stock(shop, page), "a worker answers", within=20) for _ in range(8)}


def _stock(shop: Shop, page: str) -> int | None:
    """Over a new connection, which may reach any worker; None when that one died."""
    try:
        with shop.anonymous.fresh() as api:
            return int(ok(api.get(page))["stock"])
    except httpx.TransportError:
        return None


def _hits(shop: Shop) -> float:
    try:
        text = shop.anonymous.get("/metrics").text
    except httpx.TransportError:
        return 0
    found = re.search(r'catalogue_cache_requests_total{page="product",result="hit"} (\S+)', text)
    return float(found[1]) if found else 0
