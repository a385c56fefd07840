"""Right after a failover a majority read may show what was true before: nothing is given back for that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from shardmart.adapters.mongo.reservation.holds import MongoHolds
from shardmart.adapters.mongo.reservation.intents import MongoIntents
from shardmart.adapters.mongo.transactions import Tries
from shardmart.domain import clock
from shardmart.domain.listings import Product
from shardmart.domain.purchase import Placed
from shardmart.domain.reservations import Intent, State
from shardmart.domain.stock import ChangeType
from tests.integration.lab import Lab, line
from tests.integration.sagas import last_units, nothing_is_left, saga_lab, sweep
from tests.unit.builders import SELLERS, a_purchase

Persist = Callable[..., Awaitable[Any]]


@pytest.fixture
async def saga(labs: dict[str, Lab]) -> AsyncIterator[Lab]:
    async with saga_lab(labs["pymongo"]) as lab:
        yield lab


@pytest.fixture
def before_the(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Persist], None]:
    """`happens(intent)` comes before a checkout's first access of that name."""
    persist = Tries.persist

    def arm(name: str, happens: Persist) -> None:
        async def first(self: Tries, write: Persist, *args: Any, **kwargs: Any) -> Any:
            if write.__name__ == name:
                monkeypatch.setattr(Tries, "persist", persist)
                await happens(args[0])
            return await persist(self, write, *args, **kwargs)

        monkeypatch.setattr(Tries, "persist", first)

    return arm


async def changes_of(lab: Lab, product: Any) -> list[ChangeType]:
    page = await lab.products.logs(seller_id=product.seller_id, product_id=product.id, after=None, limit=9)
    return [log.change_type for log in page.items[::-1]]


async def test_units_that_another_run_bought_stay_bought_though_reads_show_it_pending(
    saga: Lab, before_the: Callable[[str, Persist], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp, vase, purchase = await last_units(saga)

    async def another_run_decides(intent: Intent) -> None:
        assert isinstance(await saga.buy(purchase), Placed)

        async def lagging(self: MongoIntents, checkout_id: str) -> Intent | None:
            return intent

        monkeypatch.setattr(MongoIntents, "get", lagging)

    before_the("decide", another_run_decides)
    assert isinstance(await saga.buy(purchase), Placed)
    assert (await saga.stock(lamp), await saga.stock(vase)) == (3, 0)
    assert await changes_of(saga, lamp) == [ChangeType.RESTOCK, ChangeType.PURCHASE]
    await nothing_is_left(saga)


@pytest.fixture
async def holding(
    saga: Lab, before_the: Callable[[str, Persist], None]
) -> AsyncIterator[tuple[Product, asyncio.Task[Any]]]:
    """A product whose last unit is held by a checkout that stands before its decision."""
    standing, go_on, vase = asyncio.Event(), asyncio.Event(), await saga.offer(stock=1, seller_id=SELLERS[1])

    async def stands(intent: Intent) -> None:
        standing.set()
        await go_on.wait()

    before_the("decide", stands)
    buying = asyncio.create_task(saga.buy(a_purchase(line(vase, 1)), seconds=30))
    await standing.wait()
    yield vase, buying
    go_on.set()
    assert isinstance(await buying, Placed)
    await nothing_is_left(saga)


async def test_an_attempt_that_a_read_denies_keeps_what_it_holds(
    saga: Lab, holding: tuple[Product, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp, vase = await saga.offer(stock=5), holding[0]
    get, asked, went_on = MongoIntents.get, 0, asyncio.Event()

    async def lagging(self: MongoIntents, checkout_id: str) -> Intent | None:
        nonlocal asked
        asked += 1
        if asked == 3:
            went_on.set()
        return None if asked == 1 else await get(self, checkout_id)

    monkeypatch.setattr(MongoIntents, "get", lagging)
    buying = asyncio.create_task(saga.buy(a_purchase(line(lamp, 2), line(vase, 1))))
    await went_on.wait()
    await saga.products.add_stock(seller_id=vase.seller_id, id=vase.id, delta=1, reason="", at=clock.now())
    assert isinstance(await buying, Placed)
    assert await changes_of(saga, lamp) == [ChangeType.RESTOCK, ChangeType.PURCHASE]


async def test_the_sweeper_leaves_a_hold_alone_while_its_attempt_is_pending(
    saga: Lab, holding: tuple[Product, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_undone(self: MongoIntents, checkout_id: str, attempt: str) -> None: ...

    monkeypatch.setattr(MongoIntents, "undo", not_undone)
    assert await sweep(saga) == 2
    assert await saga.stock(holding[0]) == 0
    assert not holding[1].done()


async def test_units_of_an_attempt_that_was_undone_are_waited_for_by_the_next(saga: Lab) -> None:
    """The sweeper has removed the intent, and not yet given back what it held."""
    lamp, vase, purchase = await last_units(saga)
    intents, holds = MongoIntents(saga.mongo), MongoHolds(saga.mongo)
    undone = await intents.begin(purchase, attempt="undone", at=clock.now())
    assert undone is not None
    for wanted in purchase.lines:
        assert await holds.hold(undone, wanted, at=clock.now())
    await intents.undo(purchase.checkout_id, "undone")
    await intents.finish(replace(undone, state=State.UNDOING))
    again = asyncio.create_task(saga.buy(purchase))
    await asyncio.sleep(0.2)
    assert not again.done(), "they are neither sold nor refused"
    await sweep(saga)
    outcome = await again
    assert isinstance(outcome, Placed), outcome
    assert (await saga.stock(lamp), await saga.stock(vase)) == (3, 0)
    await sweep(saga)
    await nothing_is_left(saga)
