"""Strategy `reservation` on real nodes: lost answers, a crash at every step, what others see meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shardmart.adapters.mongo.audit import MongoAuditor
from shardmart.adapters.mongo.transactions import Transactions, Tries
from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import EmptyCart, Unavailable
from shardmart.domain.listings import ProductChanges
from shardmart.domain.purchase import Placed, Rejected
from shardmart.domain.stock import ChangeType
from shardmart.service import checkout
from tests.integration.lab import DRIVERS, Lab, line, opened, settings_for
from tests.integration.sagas import last_units, nothing_is_left, saga_lab, sweep
from tests.integration.wire_cutter import cutter
from tests.unit.builders import BUYER, SELLERS, a_purchase

BEA = Actor(BUYER, Role.BUYER, "s")


@pytest.fixture(params=DRIVERS)
async def saga(request: pytest.FixtureRequest, labs: dict[str, Lab]) -> AsyncIterator[Lab]:
    """A shop whose strategy is `reservation`, on an empty database, once with each driver."""
    async with saga_lab(labs[request.param]) as lab:
        yield lab


@pytest.fixture
async def one_saga(labs: dict[str, Lab]) -> AsyncIterator[Lab]:
    async with saga_lab(labs["pymongo"]) as lab:
        yield lab


class Crash(BaseException):
    """The process is gone: nothing that it was about to do happens."""


@pytest.fixture
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], None]:
    """The next checkout dies at its n-th access to the database, before or after the access took place."""
    persist = Tries.persist

    def arm(step: int, when: str) -> None:
        left, dead = [step], [False]

        async def counted(self: Tries, write: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
            if dead[0]:
                raise Crash
            left[0] -= 1
            if left[0]:
                return await persist(self, write, *args, **kwargs)
            dead[0] = True
            if when == "after":
                await persist(self, write, *args, **kwargs)
            raise Crash

        monkeypatch.setattr(Tries, "persist", counted)

    return arm


async def test_what_is_bought_is_logged_and_ordered_as_with_any_strategy(saga: Lab) -> None:
    lamp, vase = await saga.offer(stock=5), await saga.offer(stock=5, seller_id=SELLERS[1])
    purchase = a_purchase(line(lamp, 2), line(vase, 5))
    outcome = await saga.buy(purchase)
    assert isinstance(outcome, Placed)
    assert await saga.buy(purchase) == outcome
    assert (await saga.stock(lamp), await saga.stock(vase)) == (3, 0)
    for order in outcome.orders:
        assert await saga.orders.get(seller_id=order.seller_id, id=order.id) == order
    logs = (await saga.products.logs(seller_id=vase.seller_id, product_id=vase.id, after=None, limit=9)).items
    assert [(log.change_type, log.old_stock, log.new_stock) for log in logs] == [
        (ChangeType.PURCHASE, 5, 0),
        (ChangeType.RESTOCK, 0, 5),
    ]
    await nothing_is_left(saga)


@pytest.mark.parametrize("total", [None, Decimal("19.80"), Decimal("19.81")])
async def test_a_no_holds_nothing_and_is_final(one_saga: Lab, total: Decimal | None) -> None:
    lamp, vase = await one_saga.offer(stock=5), await one_saga.offer(stock=0, seller_id=SELLERS[1])
    wanted = [line(lamp, 2)] if total else [line(lamp, 2), line(vase, 1)]
    outcome = await one_saga.buy(a_purchase(*wanted, expected_total=total))
    if total == Decimal("19.80"):
        assert isinstance(outcome, Placed)
    else:
        assert isinstance(outcome, Rejected)
        assert outcome.code == ("price_changed" if total else "insufficient_stock")
        assert [(item.product_id, item.available) for item in outcome.items] == ([] if total else [(vase.id, 0)])
        assert await one_saga.stock(lamp) == 5
    await nothing_is_left(one_saga)


@pytest.mark.parametrize("kind", ["sold", "repriced", "disabled"])
async def test_what_changes_between_the_holds_decides(
    one_saga: Lab, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The first line is held already when the second turns out not to be had: it is given back, and logged."""
    lamp, vase = await one_saga.offer(stock=5), await one_saga.offer(stock=1, seller_id=SELLERS[1])
    persist, seen = Tries.persist, 0

    async def interfere(self: Tries, write: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        done = await persist(self, write, *args, **kwargs)
        if write.__name__ == "hold" and not seen:
            seen = 1
            where = {"seller_id": vase.seller_id, "id": vase.id, "at": clock.now()}
            if kind == "sold":
                await one_saga.products.add_stock(delta=-1, reason="", **where)
            elif kind == "repriced":
                changes = ProductChanges(price=Decimal("1.00"))
                await one_saga.products.change(changes=changes, expected_version=None, **where)
            else:
                await one_saga.products.set_active(active=False, **where)
        return done

    monkeypatch.setattr(Tries, "persist", interfere)
    purchase = a_purchase(line(lamp, 2), line(vase, 1), expected_total=Decimal("29.70"))
    outcome = await one_saga.buy(purchase)
    assert isinstance(outcome, Rejected)
    codes = {"sold": "insufficient_stock", "repriced": "price_changed", "disabled": "product_unavailable"}
    assert outcome.code == codes[kind]
    assert await one_saga.stock(lamp) == 5
    logs = (await one_saga.products.logs(seller_id=lamp.seller_id, product_id=lamp.id, after=None, limit=9)).items
    assert [(log.change_type.value, log.old_stock, log.new_stock, log.order_id) for log in logs[::-1]] == [
        ("restock", 0, 5, None),
        ("adjustment", 5, 3, None),
        ("adjustment", 3, 5, None),
    ]
    assert await one_saga.buy(purchase) == outcome
    await nothing_is_left(one_saga)


@pytest.mark.parametrize("command", ["insert", "findAndModify", "update", "find"])
@pytest.mark.parametrize("before", [True, False], ids=["request", "reply"])
@pytest.mark.parametrize("times", [1, 3])
async def test_whatever_is_lost_on_the_way_the_purchase_happens_once(
    saga: Lab, command: str, before: bool, times: int
) -> None:
    lamp, vase = await saga.offer(stock=5), await saga.offer(stock=5, seller_id=SELLERS[1])
    async with cutter((await saga.db.command("hello"))["primary"]) as cutting:
        uri = f"mongodb://127.0.0.1:{cutting.port}/?directConnection=true"
        known = settings_for(uri, saga.settings.mongo_database, saga.settings.mongo_driver, checkout="reservation")
        async with opened(known, fresh=False) as wired:
            cutting.lose(command, times, before=before)
            outcome = await wired.buy(a_purchase(line(lamp, 2), line(vase, 1)))
            assert cutting.lost == times
    assert isinstance(outcome, Placed)
    assert (await saga.stock(lamp), await saga.stock(vase)) == (3, 4)
    await nothing_is_left(saga)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("healer", ["the sweeper", "the same key"])
async def test_a_crash_at_any_step_is_finished_or_undone(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch, when: str, healer: str
) -> None:
    steps = 0
    while True:
        steps += 1
        await one_saga.empty()
        lamp, vase, purchase = await last_units(one_saga)
        crash_at(steps, when)
        try:
            await one_saga.buy(purchase)
            break
        except Crash:
            monkeypatch.undo()
        assert await one_saga.clean(), f"a checkout on its way is no violation (step {steps})"
        if healer == "the sweeper":
            await sweep(one_saga)
            outcome = await one_saga.shop.outcomes.get(purchase.checkout_id)
        else:
            outcome = await one_saga.buy(purchase)
            assert isinstance(outcome, Placed), f"step {steps}"
        await nothing_is_left(one_saga)
        sold = isinstance(outcome, Placed)
        assert (await one_saga.stock(lamp), await one_saga.stock(vase)) == ((3, 0) if sold else (5, 3))
        assert bool((await one_saga.carts.get(BUYER)).lines) is not sold
        assert await one_saga.db["orders"].count_documents({}) == (2 if sold else 0)
        if not sold:
            assert isinstance(await one_saga.buy(purchase), Placed)
            await nothing_is_left(one_saga)
    assert steps > 10, "the crash met too few steps to tell anything"


async def test_a_crash_while_a_no_is_carried_out_is_finished(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The price is another when everything is held."""
    for steps in range(1, 40):
        await one_saga.empty()
        lamp, _, purchase = await last_units(one_saga)
        purchase = replace(purchase, expected_total=Decimal("49.50"))
        crash_at(6, "after")  # look, begin, cart, two holds, decided
        with pytest.raises(Crash):
            await one_saga.buy(purchase)
        monkeypatch.undo()
        which = {"_id": purchase.checkout_id, "seller_id": purchase.home_seller}
        done = await one_saga.db["outcomes"].update_one(
            {**which, "status": "placed"},
            {"$set": {"status": "rejected", "code": "price_changed", "items": [], "holds": []}},
        )
        assert done.modified_count == 1
        crash_at(steps, "after")
        try:
            assert await one_saga.buy(purchase) == Rejected(purchase.checkout_id, "price_changed")
            break
        except Crash:
            monkeypatch.undo()
        assert await one_saga.clean()
        await sweep(one_saga)
        await nothing_is_left(one_saga)
        assert await one_saga.stock(lamp) == 5
        assert len((await one_saga.carts.get(BUYER)).lines) == 2
    assert steps > 6


async def test_who_is_undone_while_at_work_begins_again(one_saga: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweeper that takes a living checkout for dead does no harm."""
    lamp, vase, purchase = await last_units(one_saga)
    persist, sweeps = Tries.persist, 0

    async def swept(self: Tries, write: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        nonlocal sweeps
        if write.__name__ in ("hold", "decide") and sweeps < 3:
            sweeps += 1
            with monkeypatch.context() as patch:
                patch.setattr(Tries, "persist", persist)
                await sweep(one_saga)
        return await persist(self, write, *args, **kwargs)

    monkeypatch.setattr(Tries, "persist", swept)
    assert isinstance(await one_saga.buy(purchase), Placed)
    assert sweeps == 3
    assert (await one_saga.stock(lamp), await one_saga.stock(vase)) == (3, 0)
    await sweep(one_saga)
    await nothing_is_left(one_saga)


async def test_who_comes_second_to_the_last_units_waits_until_they_are_sold_or_given_back(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, vase, purchase = await last_units(one_saga)
    crash_at(5, "after")  # both lines are held
    with pytest.raises(Crash):
        await one_saga.buy(purchase)
    monkeypatch.undo()
    assert await one_saga.stock(vase) == 0
    second = asyncio.create_task(one_saga.buy(a_purchase(line(vase, 1))))
    await asyncio.sleep(0.3)
    assert not second.done(), "units that may come back are neither sold nor refused"
    with pytest.raises(Unavailable):
        await one_saga.buy(a_purchase(line(vase, 2)), seconds=0.2)
    await sweep(one_saga)
    assert isinstance(await second, Placed)
    assert isinstance(await one_saga.buy(purchase), Rejected)
    await nothing_is_left(one_saga)


async def test_a_cart_marked_by_a_checkout_that_died_is_bought_by_the_next(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, purchase = await last_units(one_saga, vases=9)
    crash_at(3, "after")  # the cart is marked, nothing is held
    with pytest.raises(Crash):
        await one_saga.buy(purchase)
    monkeypatch.undo()
    other = replace(purchase, checkout_id=a_purchase(*purchase.lines).checkout_id, claim_id=None)
    second = asyncio.create_task(one_saga.buy(other))
    await asyncio.sleep(0.3)
    assert not second.done(), "two checkouts of one cart take turns"
    await one_saga.db["outcomes"].delete_one({"_id": purchase.checkout_id})  # undone, but for the mark
    assert isinstance(await second, Placed)
    with pytest.raises(EmptyCart):
        await one_saga.buy(purchase)
    await nothing_is_left(one_saga)


async def test_one_cart_bought_from_six_tabs_is_bought_once(saga: Lab) -> None:
    lamp, _, purchase = await last_units(saga)
    tabs = [replace(purchase, checkout_id=a_purchase(*purchase.lines).checkout_id, claim_id=None) for _ in range(6)]
    outcomes = await asyncio.gather(*(saga.buy(tab) for tab in tabs), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmptyCart"] * 5 + ["Placed"]
    assert await saga.stock(lamp) == 3
    await nothing_is_left(saga)


async def test_one_key_run_by_eight_at_once_is_one_checkout(saga: Lab) -> None:
    lamp, _, purchase = await last_units(saga)
    outcomes = await asyncio.gather(*(saga.buy(purchase) for _ in range(8)))
    assert all(outcome == outcomes[0] and isinstance(outcome, Placed) for outcome in outcomes)
    assert await saga.stock(lamp) == 3
    await sweep(saga)
    await nothing_is_left(saga)


async def test_low_stock_by_units_that_were_held_is_told_once_they_are_sold_or_back(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 in stock, threshold 5: 5 are held, others buy from the rest, then the 5 come back."""
    for units, told in ((2, []), (5, [5])):
        await one_saga.empty()
        lamp = await one_saga.offer(stock=10)
        crash_at(3, "after")  # looked, begun, held
        with pytest.raises(Crash):
            await one_saga.buy(a_purchase(line(lamp, 5)))
        monkeypatch.undo()
        assert isinstance(await one_saga.buy(a_purchase(line(lamp, units))), Placed)
        await sweep(one_saga)
        found = await one_saga.db["notifications"].find({"kind": "low_stock"}).to_list(9)
        assert [notice["details"]["stock"] for notice in found] == told, units
        await sweep(one_saga)
        await nothing_is_left(one_saga)


async def test_an_answer_is_one_only_when_its_orders_are_there(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = await one_saga.offer(stock=5)
    crash_at(6, "before")  # claimed, looked, begun, held, decided: the orders are not written
    with pytest.raises(Crash):
        await checkout.buy(one_saga.shop, BEA, lines=[line(lamp, 2)], expected_total=None, key="k")
    monkeypatch.undo()
    claim = await one_saga.shop.claims.get(f"{BUYER}|k")
    assert await one_saga.shop.outcomes.get(claim.purchase.checkout_id) is None
    await sweep(one_saga)
    answer = await checkout.buy(one_saga.shop, BEA, lines=[line(lamp, 2)], expected_total=None, key="k")
    assert answer.replayed
    await nothing_is_left(one_saga)


@pytest.mark.parametrize("left", ["an intent", "a hold"])
async def test_what_is_left_longer_than_the_recovery_interval_breaks_invariant_5(
    one_saga: Lab, crash_at: Callable[[int, str], None], monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    lamp, vase, purchase = await last_units(one_saga)
    crash_at(5, "after")
    with pytest.raises(Crash):
        await one_saga.buy(purchase)
    monkeypatch.undo()
    if left == "an intent":
        await one_saga.db["products"].update_many({}, {"$unset": {"reservations": ""}, "$inc": {"stock": 0}})
        for product, units in ((lamp, 2), (vase, 3)):
            await one_saga.db["products"].update_one({"_id": product.id}, {"$inc": {"stock": units}})
    else:
        await one_saga.db["outcomes"].delete_one({"_id": purchase.checkout_id})
    assert await one_saga.clean()
    strict = MongoAuditor(one_saga.mongo, Transactions(one_saga.mongo), seconds=20, recovery_seconds=0.0)
    report = await strict.run()
    assert {violation.invariant for violation in report.violations} == {5}
    named = [purchase.checkout_id] if left == "an intent" else [lamp.id, vase.id]
    assert all(any(name in violation.detail for violation in report.violations) for name in named)
    await sweep(one_saga)
    assert (await strict.run()).violations == []


async def test_an_audit_in_the_middle_of_hundred_checkouts_and_changes_finds_nothing(one_saga: Lab) -> None:
    lamp, vase = await one_saga.offer(stock=60), await one_saga.offer(stock=400, seller_id=SELLERS[1])
    where = {"seller_id": vase.seller_id, "id": vase.id}

    async def one(n: int) -> None:
        outcome = await one_saga.buy(a_purchase(line(lamp, 1 + n % 2), line(vase, 1)), seconds=30)
        if isinstance(outcome, Placed) and n % 4 == 0:
            for order in outcome.orders:
                await one_saga.orders.cancel(seller_id=order.seller_id, id=order.id, at=clock.now())
        if n % 10 == 0:
            await one_saga.products.add_stock(delta=1, reason="", at=clock.now(), **where)

    buying = asyncio.gather(*(one(n) for n in range(100)))
    audits = 0
    while not buying.done():
        assert await one_saga.clean()
        audits += 1
        await asyncio.sleep(0.05)
    await buying
    assert audits > 1
    await nothing_is_left(one_saga)
