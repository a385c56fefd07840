from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmart.adapters.mongo.gates import Gates
from shardmart.domain.errors import Unavailable


def soon(seconds: float = 5) -> float:
    return asyncio.get_running_loop().time() + seconds


def empty(gates: Gates) -> bool:
    return not gates._locks and not gates._users


async def test_who_comes_first_is_served_first() -> None:
    gates, order = Gates(), []

    async def visit(n: int) -> None:
        async with gates.hold(["lamp"], until=soon()):
            order.append(n)
            await asyncio.sleep(0)

    await asyncio.gather(*(visit(n) for n in range(50)))
    assert order == list(range(50))
    assert empty(gates)


async def test_other_products_do_not_wait() -> None:
    gates = Gates()
    async with gates.hold(["lamp"], until=soon()), gates.hold(["vase"], until=soon(0.2)):
        pass
    assert empty(gates)


async def test_the_same_product_named_twice_does_not_wait_for_itself() -> None:
    gates = Gates()
    async with gates.hold(["lamp", "lamp"], until=soon(0.2)):
        pass
    assert empty(gates)


async def test_a_deadline_that_passes_while_waiting_is_unavailable_and_leaves_nothing_held() -> None:
    gates = Gates()
    async with gates.hold(["lamp"], until=soon()):
        with pytest.raises(Unavailable):
            async with gates.hold(["a", "lamp", "z"], until=soon(0.02)):
                pytest.fail("held what another holds")
        async with gates.hold(["a", "z"], until=soon(0.2)):
            pass
    assert empty(gates)


async def test_a_deadline_in_the_past_waits_for_nobody() -> None:
    gates = Gates()
    async with gates.hold(["lamp"], until=soon()):
        with pytest.raises(Unavailable):
            async with gates.hold(["lamp"], until=soon(-1)):
                pytest.fail("held what another holds")
    assert empty(gates)


async def test_the_deadline_is_for_waiting_not_for_the_work() -> None:
    gates = Gates()
    async with gates.hold(["lamp"], until=soon(0.01)):
        await asyncio.sleep(0.03)


async def test_a_failing_body_opens_its_gates() -> None:
    gates = Gates()
    with pytest.raises(ZeroDivisionError):
        async with gates.hold(["lamp"], until=soon()):
            raise ZeroDivisionError
    assert empty(gates)


async def test_a_timeout_of_the_body_stays_a_timeout() -> None:
    gates = Gates()
    with pytest.raises(asyncio.TimeoutError):
        async with gates.hold(["lamp"], until=soon()):
            raise asyncio.TimeoutError
    assert empty(gates)


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_no_deadlock_no_overlap_no_leak_whatever_is_held_failed_or_cancelled(seed: int) -> None:
    dice = random.Random(seed)
    products = "abcde"

    async def play() -> None:
        gates, inside = Gates(), set[str]()

        async def visit() -> None:
            keys = dice.sample(products, dice.randint(1, 4))
            async with gates.hold(keys, until=soon(dice.choice([0.001, 5]))):
                assert not inside & set(keys)
                inside.update(keys)
                try:
                    await asyncio.sleep(dice.choice([0, 0, 0.0005]))
                    if dice.random() < 0.1:
                        raise ZeroDivisionError
                finally:
                    inside.difference_update(keys)

        tasks = [asyncio.create_task(visit()) for _ in range(40)]
        await asyncio.sleep(0.001)
        for task in dice.sample(tasks, 8):
            task.cancel()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        expected = (type(None), Unavailable, ZeroDivisionError, asyncio.CancelledError)
        assert all(isinstance(result, expected) for result in results), results
        assert empty(gates)

    asyncio.run(play())
