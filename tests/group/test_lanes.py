"""Who may go next, without a database."""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.adapters.mongo.group.lanes import Lanes
from shardmart.adapters.mongo.group.lock import Lock, depose, holder_of, inode, prepare, sessions_of


def ticket(*products: str, number: int = 0) -> Any:
    return SimpleNamespace(member=SimpleNamespace(shard=0), holds=products, number=number)


async def nothing_for(lanes: Lanes, lane: int = 0) -> bool:
    try:
        await asyncio.wait_for(lanes.take(lane, most=9), 0.01)
    except asyncio.TimeoutError:
        return True
    return False


async def test_all_that_wait_for_one_product_are_one_batch() -> None:
    lanes = Lanes()
    waiting = [ticket("a") for _ in range(5)]
    for one in waiting:
        lanes.put(one)
    assert await lanes.take(0, most=9) == waiting


async def test_no_two_lanes_hold_one_product() -> None:
    lanes = Lanes()
    first, second, other = ticket("a"), ticket("a", "b"), ticket("c")
    lanes.put(first)
    batch = await lanes.take(0, most=9)
    lanes.put(second)
    lanes.put(other)
    assert await lanes.take(1, most=9) == [other]
    assert await nothing_for(lanes)
    lanes.done(batch)
    assert await lanes.take(0, most=9) == [second]


async def test_a_cart_that_waits_is_not_overtaken_for_any_of_its_products() -> None:
    lanes = Lanes()
    lanes.put(ticket("a"))
    held = await lanes.take(0, most=9)
    cart, late = ticket("a", "b"), ticket("b")
    lanes.put(cart)
    lanes.put(late)
    assert await nothing_for(lanes, 1), "b is free, but the cart was first"
    lanes.done(held)
    assert await lanes.take(1, most=9) == [cart, late]


async def test_what_exceeds_a_batch_stays_in_order() -> None:
    lanes = Lanes()
    waiting = [ticket("a", number=n) for n in range(5)]
    for one in waiting:
        lanes.put(one)
    batch = await lanes.take(0, most=3)
    assert batch == waiting[:3] and await nothing_for(lanes, 1)
    lanes.done(batch)
    assert await lanes.take(1, most=3) == waiting[3:]


async def test_a_batch_is_bounded_by_its_lines_and_the_rest_goes_to_another_lane_at_once() -> None:
    lanes = Lanes()
    idle = asyncio.create_task(lanes.take(1, most=4))
    await asyncio.sleep(0)
    carts = [ticket(f"a{n}", f"b{n}", f"c{n}") for n in range(4)]
    for cart in carts:
        lanes.put(cart)
    assert await lanes.take(0, most=4) == carts[:2]
    assert await asyncio.wait_for(idle, 1) == carts[2:]


async def test_a_product_that_became_free_is_handed_out_at_once() -> None:
    lanes = Lanes()
    lanes.put(ticket("a"))
    lanes.done(await lanes.take(0, most=9))
    taking = asyncio.create_task(lanes.take(0, most=9))
    await asyncio.sleep(0)
    again = ticket("a")
    lanes.put(again)
    assert await asyncio.wait_for(taking, 1) == [again]


async def test_a_lane_takes_only_what_is_its_own() -> None:
    lanes = Lanes(lane_of=lambda member: member.shard)  # type: ignore[attr-defined]
    one, two = ticket("a"), ticket("b")
    two.member.shard = 1
    lanes.put(one)
    lanes.put(two)
    assert await lanes.take(1, most=9) == [two]
    assert await lanes.take(0, most=9) == [one]


wishes = st.sets(st.sampled_from("abcd"), min_size=1, max_size=3)


@given(st.lists(wishes, max_size=20), st.integers(0, 1 << 30))
def test_every_product_is_served_first_come_first_served_and_nothing_is_left(wanted: Any, seed: int) -> None:
    chance = random.Random(seed)

    async def scenario() -> None:
        lanes, running, served = Lanes(), {}, defaultdict(list)
        coming = [ticket(*wish, number=number) for number, wish in enumerate(wanted)]
        while coming or len(lanes) or running:
            moves = ["put"] * bool(coming) + ["take"] * (len(running) < 3) + ["done"] * bool(running)
            move = chance.choice(moves)
            if move == "put":
                lanes.put(coming.pop(0))
            elif move == "take":
                batch = lanes._pick(0, chance.randint(1, 4))
                assert batch or running or not len(lanes), "somebody waits, nothing is in flight, and nobody goes"
                held = {p for other in running.values() for t in other for p in t.holds}
                assert held.isdisjoint(p for t in batch for p in t.holds)
                for one in batch:
                    for product in one.holds:
                        served[product].append(one.number)
                if batch:
                    running[next(n for n in range(3) if n not in running)] = batch
            else:
                lanes.done(running.pop(chance.choice(sorted(running))))
        assert all(numbers == sorted(numbers) for numbers in served.values())
        assert sorted({n for numbers in served.values() for n in numbers}) == list(range(len(wanted)))

    asyncio.run(scenario())


def test_a_lock_is_one_process_and_names_its_sessions(tmp_path: Any) -> None:
    path = tmp_path / "committer.lock"
    held = Lock.acquire(path)
    assert held is not None and held.is_current() and Lock.acquire(path) is None
    held.write(["aa", "bb"])
    assert sessions_of(path) == ["aa", "bb"]
    held.write(["c"])
    assert sessions_of(path) == ["c"] and holder_of(path) == os.getpid()
    held._close()  # as the kernel does for the dead
    successor = Lock.acquire(path)
    assert successor is not None and successor.predecessor == ["c"]
    successor.release()
    assert sessions_of(path) == []


def test_a_hung_holder_loses_the_lock_once(tmp_path: Any) -> None:
    path = tmp_path / "committer.lock"
    hung = Lock.acquire(path)
    assert hung is not None
    seen = inode(path)
    depose(path, seen)
    successor = Lock.acquire(path)
    assert successor is not None and not hung.is_current()
    depose(path, seen)  # another worker, which saw the same and comes late
    assert successor.is_current()
    hung.release()
    successor.release()


def test_a_runtime_directory_that_others_can_enter_is_refused(tmp_path: Any) -> None:
    prepare(tmp_path / "fresh")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    (tmp_path / "link").symlink_to(tmp_path / "fresh")
    for wrong in (open_to_all, tmp_path / "link"):
        with pytest.raises(PermissionError):
            prepare(wrong)
