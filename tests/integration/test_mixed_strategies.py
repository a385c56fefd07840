"""A restart with another strategy: workers of both serve one buyer for a while, and one cart is bought once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from shardmart.adapters.mongo import checkout_transaction
from shardmart.adapters.mongo.group.store import BatchStore
from shardmart.adapters.mongo.transactions import Tries
from shardmart.domain.errors import EmptyCart, Unavailable
from shardmart.domain.purchase import Placed, Purchase
from tests.integration.lab import Lab, opened
from tests.integration.sagas import last_units, nothing_is_left, saga_lab, sweep
from tests.unit.builders import a_purchase

STEPS = 30  # more than a checkout by reservation has


@dataclass(frozen=True)
class Workers:
    old: Lab  # by reservation
    new: Lab


@pytest.fixture(params=["group", "transaction"])
async def workers(request: pytest.FixtureRequest, labs: dict[str, Lab]) -> AsyncIterator[Workers]:
    other = replace(labs["pymongo"].settings, checkout=request.param)
    async with saga_lab(labs["pymongo"]) as old, opened(other, fresh=False) as new:
        yield Workers(old, new)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], Awaitable[None]]], None]:
    """Something happens after the n-th access of a checkout by reservation to the database, once."""
    persist = Tries.persist

    def arm(step: int, happens: Callable[[], Awaitable[None]]) -> None:
        left = [step]

        async def counted(self: Tries, write: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
            done = await persist(self, write, *args, **kwargs)
            left[0] -= 1
            if not left[0]:
                await happens()
            return done

        monkeypatch.setattr(Tries, "persist", counted)

    return arm


async def the_same_cart(workers: Workers) -> tuple[Purchase, Purchase]:
    """Bought from two tabs; there is enough for both."""
    await workers.old.empty()
    _, _, purchase = await last_units(workers.old, vases=9)
    return purchase, replace(purchase, checkout_id=a_purchase(*purchase.lines).checkout_id, claim_id=None)


async def bought_once(lab: Lab, outcomes: list[Any]) -> None:
    placed = [outcome for outcome in outcomes if isinstance(outcome, Placed)]
    assert len(placed) == 1, outcomes
    assert all(isinstance(outcome, Placed | EmptyCart | Unavailable) for outcome in outcomes)
    assert await lab.db["orders"].distinct("checkout_id") == [placed[0].checkout_id]
    await nothing_is_left(lab)


async def test_a_cart_is_bought_once_whenever_a_worker_of_another_strategy_comes_in_between(
    workers: Workers, between: Callable[[int, Callable[[], Awaitable[None]]], None]
) -> None:
    refused = 0
    for step in range(1, STEPS):
        mine, other = await the_same_cart(workers)
        came: list[Any] = []

        async def comes(other: Purchase = other, came: list[Any] = came) -> None:
            came += await asyncio.gather(workers.new.buy(other), return_exceptions=True)

        between(step, comes)
        outcomes = await asyncio.gather(workers.old.buy(mine), return_exceptions=True)
        if not came:
            break
        await bought_once(workers.old, outcomes + came)
        refused += isinstance(came[0], Unavailable)
    assert refused > 4, "the cart was never found marked"
    assert step < STEPS - 1


@dataclass
class Interrupted:
    """A checkout by reservation that comes after another's snapshot, stops on its way, and goes on when told."""

    run: Callable[[], Awaitable[Any]]
    saga: asyncio.Future[Any] | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self) -> None:
        self.stopped.set()
        await self.go_on.wait()

    def before(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def later(*args: Any, **kwargs: Any) -> Any:
            if self.saga is None:
                self.saga = asyncio.ensure_future(self.run())
                stopped = asyncio.ensure_future(self.stopped.wait())
                await asyncio.wait([self.saga, stopped], return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
            return await write(*args, **kwargs)

        return later


async def test_a_cart_that_is_marked_in_the_middle_of_a_transaction_is_bought_once(
    workers: Workers,
    between: Callable[[int, Callable[[], Awaitable[None]]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The checkout by reservation runs up to its n-th access after the other's snapshot, then the other ends."""
    group = workers.new.settings.checkout == "group"
    owner, name = (BatchStore, "write") if group else (checkout_transaction, "store_outcome")
    for step in range(1, STEPS):
        mine, other = await the_same_cart(workers)
        first = Interrupted(partial(workers.old.buy, mine))
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, first.before(getattr(owner, name)))
            between(step, first.stop)
            theirs = await asyncio.gather(workers.new.buy(other), return_exceptions=True)
            first.go_on.set()
            assert first.saga is not None
            await bought_once(workers.old, theirs + await asyncio.gather(first.saga, return_exceptions=True))
        if not first.stopped.is_set():
            break
    assert step < STEPS - 1


async def test_a_cart_marked_by_a_worker_that_died_is_bought_once_the_sweeper_was_there(
    workers: Workers, between: Callable[[int, Callable[[], Awaitable[None]]], None]
) -> None:
    mine, other = await the_same_cart(workers)

    class Killed(BaseException): ...

    async def dies() -> None:
        raise Killed

    between(4, dies)  # the cart is marked, a line is held
    with pytest.raises(Killed):
        await workers.old.buy(mine)
    with pytest.raises(Unavailable):
        await workers.new.buy(other)
    await sweep(workers.new)
    assert isinstance(await workers.new.buy(other), Placed)
    await nothing_is_left(workers.old)
