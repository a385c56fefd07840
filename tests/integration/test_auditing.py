"""The audit on real data: silent on what the shop can do, loud about every way in which data can be wrong."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from pymongo.errors import OperationFailure

from shardmart.adapters.mongo import audit
from shardmart.adapters.mongo.audit import MongoAuditor
from shardmart.adapters.mongo.checkout_naive import NaiveCheckout
from shardmart.adapters.mongo.checkouts import CLAIM_SECONDS
from shardmart.adapters.mongo.documents import log_document, order_document, outcome_document, product_document
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import clock
from shardmart.domain.errors import InvalidTransition, NotFound, Unavailable
from shardmart.domain.ids import log_id, owned_id
from shardmart.domain.listings import ProductChanges
from shardmart.domain.orders import Order, Status
from shardmart.domain.purchase import Line, Placed
from tests.integration.lab import Lab, line
from tests.unit.builders import BUYER, SELLERS, a_log, a_product, a_purchase

Corruption = Callable[[Lab, "Trade"], Awaitable[Any]]


class Trade:
    """Three products, and an order of each status on the first two, made through the shop."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.orders: dict[Status, Order] = {}

    async def happen(self) -> Trade:
        self.lamp = await self.lab.offer(stock=20)
        self.vase = await self.lab.offer(stock=5, seller_id=SELLERS[1])
        self.empty = await self.lab.offer(stock=0)
        for status in Status:
            purchase = a_purchase(line(self.lamp, 2), line(self.vase, 1), claim_id=f"{BUYER}|{status.value}")
            outcome = await self.lab.buy(purchase)
            assert isinstance(outcome, Placed)
            self.orders[status] = order = outcome.orders[0]
            where = {"seller_id": order.seller_id, "id": order.id, "at": clock.now()}
            if status is Status.COMPLETED:
                await self.lab.orders.complete(**where)
            if status is Status.CANCELLED:
                await self.lab.orders.cancel(**where)
        short = await self.lab.buy(a_purchase(line(self.vase, 999)))
        assert not isinstance(short, Placed)
        for product in (self.lamp, self.vase):
            await self.lab.products.change(
                seller_id=product.seller_id,
                id=product.id,
                changes=ProductChanges(name="Renamed", stock=30),
                expected_version=None,
                at=clock.now(),
            )
        await self.lab.products.set_active(
            seller_id=self.lamp.seller_id, id=self.lamp.id, active=False, at=clock.now()
        )
        await self.lab.products.remove(seller_id=self.vase.seller_id, id=self.vase.id, at=clock.now())
        return self


@pytest.fixture
async def trade(one_lab: Lab) -> Trade:
    return await Trade(one_lab).happen()


async def test_the_audit_is_silent_on_everything_the_shop_does(lab: Lab) -> None:
    trade = await Trade(lab).happen()
    report = await lab.shop.auditor.run()
    assert report.violations == []
    assert report.consistent
    assert report.checked == {"products": 3, "logs": 12, "orders": 6, "checkouts": 3}
    late = trade.orders[Status.PLACED]  # a cancellation puts back even what has left the shop
    await lab.orders.cancel(seller_id=late.seller_id, id=late.id, at=clock.now())
    assert await lab.clean()


@pytest.fixture(params=["snapshot", "fallback"])
def snapshots(request: pytest.FixtureRequest, one_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `fallback` as on a server that keeps no history: reads at a snapshot fail, transactions do not."""
    real = one_lab.mongo.session

    def session(**options: Any) -> Any:
        if options.get("snapshot"):
            raise OperationFailure("no snapshot", 246)
        return real(**options)

    if request.param == "fallback":
        monkeypatch.setattr(one_lab.mongo, "session", session)


def setting(collection: str, which: Callable[[Trade], Any], **fields: Any) -> Corruption:
    async def corrupt(lab: Lab, trade: Trade) -> Any:
        return await lab.db[collection].update_one({"_id": which(trade)}, {"$set": fields})

    return corrupt


def removing(collection: str, which: Callable[[Trade], Any]) -> Corruption:
    async def corrupt(lab: Lab, trade: Trade) -> Any:
        return await lab.db[collection].delete_one({"_id": which(trade)})

    return corrupt


def lamp(trade: Trade) -> str:
    return trade.lamp.id


def an_order_of(status: Status) -> Callable[[Trade], str]:
    return lambda trade: trade.orders[status].id


def a_lamp_log(version: int) -> Callable[[Trade], str]:
    return lambda trade: log_id(trade.lamp.id, version)


async def stock_below_zero(lab: Lab, trade: Trade) -> Any:
    await lab.db["products"].update_one(
        {"_id": trade.lamp.id}, {"$set": {"stock": -1}}, bypass_document_validation=True
    )


async def a_product_lost(lab: Lab, trade: Trade) -> Any:
    await lab.db["products"].delete_one({"_id": trade.lamp.id})


async def a_product_without_log(lab: Lab, trade: Trade) -> Any:
    await lab.db["products"].insert_one(product_document(a_product(stock=3)))


async def a_log_of_nothing(lab: Lab, trade: Trade) -> Any:
    await lab.db["inventory_logs"].insert_one(log_document(a_log(1, 0, 5, product_id=owned_id("f" * 24))))


async def a_purchase_logged_twice(lab: Lab, trade: Trade) -> Any:
    found = await lab.db["inventory_logs"].find_one({"_id": log_id(trade.lamp.id, 2)})
    version = (await lab.db["products"].find_one({"_id": trade.lamp.id}))["version"]
    found |= {"_id": log_id(trade.lamp.id, version), "version": version, "old_stock": 30, "new_stock": 28}
    await lab.db["inventory_logs"].insert_one(found)


async def an_order_out_of_nothing(lab: Lab, trade: Trade) -> Any:
    order = replace(trade.orders[Status.PLACED], id=owned_id(SELLERS[0]))
    await lab.db["orders"].insert_one(order_document(order))


async def a_log_of_an_order_that_is_not_there(lab: Lab, trade: Trade) -> Any:
    await lab.db["inventory_logs"].update_one(
        {"_id": log_id(trade.lamp.id, 2)}, {"$set": {"order_id": owned_id(SELLERS[0])}}
    )


async def more_in_the_order(lab: Lab, trade: Trade) -> Any:
    await lab.db["orders"].update_one(
        {"_id": trade.orders[Status.PLACED].id}, {"$set": {"product_list.0.quantity": 3}}
    )


async def one_key_for_two(lab: Lab, trade: Trade) -> Any:
    purchase = a_purchase(Line(trade.lamp.id, 1), claim_id=f"{BUYER}|placed")
    rejected = await lab.buy(a_purchase(Line(trade.lamp.id, 1)))
    await lab.db["outcomes"].insert_one(
        outcome_document(purchase, replace(rejected, checkout_id=purchase.checkout_id))
    )


PLACED, COMPLETED, CANCELLED = map(an_order_of, Status)


@pytest.mark.parametrize(
    ("corruption", "invariants"),
    [
        pytest.param(stock_below_zero, {1, 2}, id="stock below zero"),
        pytest.param(setting("products", lamp, stock=31), {2}, id="another stock"),
        pytest.param(setting("products", lamp, version=2), {2}, id="an older version"),
        pytest.param(a_product_lost, {2}, id="product lost"),
        pytest.param(a_product_without_log, {2}, id="product without log"),
        pytest.param(a_log_of_nothing, {2}, id="log of nothing"),
        pytest.param(removing("inventory_logs", a_lamp_log(1)), {2}, id="first log lost"),
        pytest.param(removing("inventory_logs", a_lamp_log(2)), {2, 3, 4}, id="purchase log lost"),
        pytest.param(removing("inventory_logs", a_lamp_log(6)), {2}, id="last log lost"),
        pytest.param(setting("inventory_logs", a_lamp_log(2), new_stock=17), {2, 3, 4}, id="log ends elsewhere"),
        pytest.param(setting("inventory_logs", a_lamp_log(6), old_stock=15), {2}, id="log starts elsewhere"),
        pytest.param(setting("inventory_logs", a_lamp_log(2), version=7), {2}, id="log of another version"),
        pytest.param(
            setting("inventory_logs", a_lamp_log(2), change_type="adjustment"),
            {3, 4},
            id="purchase called adjustment",
        ),
        pytest.param(setting("inventory_logs", a_lamp_log(2), order_id=None), {4}, id="purchase without order"),
        pytest.param(a_log_of_an_order_that_is_not_there, {4}, id="log of an absent order"),
        pytest.param(a_purchase_logged_twice, {2, 3, 4}, id="purchase logged twice"),
        pytest.param(removing("orders", PLACED), {3, 4}, id="placed order lost"),
        pytest.param(removing("orders", COMPLETED), {3, 4}, id="completed order lost"),
        pytest.param(removing("orders", CANCELLED), {4}, id="cancelled order lost"),
        pytest.param(setting("orders", PLACED, status="cancelled"), {3, 4}, id="cancelled without putting back"),
        pytest.param(setting("orders", CANCELLED, status="completed"), {3, 4}, id="cancelled made completed"),
        pytest.param(setting("orders", PLACED, total_amount=Decimal128("0.01")), {4}, id="another total"),
        pytest.param(setting("orders", PLACED, buyer_id="f" * 24), {4}, id="another buyer"),
        pytest.param(more_in_the_order, {3, 4}, id="more in the order"),
        pytest.param(an_order_out_of_nothing, {3, 4}, id="order out of nothing"),
        pytest.param(one_key_for_two, {4}, id="one key for two"),
    ],
)
@pytest.mark.usefixtures("snapshots")
async def test_every_corruption_is_reported_under_its_number(
    one_lab: Lab, trade: Trade, corruption: Corruption, invariants: set[int]
) -> None:
    await corruption(one_lab, trade)
    report = await one_lab.shop.auditor.run()
    assert {violation.invariant for violation in report.violations} == invariants
    assert not report.consistent


async def test_another_failure_of_the_snapshot_is_not_hidden(one_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def session(**options: Any) -> Any:
        raise OperationFailure("not allowed", 13)

    monkeypatch.setattr(one_lab.mongo, "session", session)
    with pytest.raises(OperationFailure):
        await one_lab.shop.auditor.run()


async def test_a_naive_race_is_seen(one_lab: Lab) -> None:
    product = await one_lab.offer(stock=5)
    naive = NaiveCheckout(one_lab.mongo)
    outcomes = await asyncio.gather(*(naive.place(a_purchase(line(product, 1)), deadline=0) for _ in range(12)))
    assert sum(isinstance(outcome, Placed) for outcome in outcomes) > 5, "the lab's bug is gone"
    report = await one_lab.shop.auditor.run()
    assert {3, 4} <= {violation.invariant for violation in report.violations}


@pytest.mark.usefixtures("snapshots")
async def test_under_load_nothing_false_is_reported(one_lab: Lab) -> None:
    products = [await one_lab.offer(stock=500, seller_id=SELLERS[n % 3]) for n in range(12)]
    dice, running, done = random.Random(2), True, 0

    async def trade() -> None:
        nonlocal done
        placed: list[Order] = []
        while running:
            wanted = [line(product, 1) for product in dice.sample(products, 2)]
            outcome = await one_lab.buy(a_purchase(*wanted), seconds=20)
            placed += outcome.orders if isinstance(outcome, Placed) else ()
            if placed and dice.random() < 0.4:
                order = placed.pop(dice.randrange(len(placed)))
                await one_lab.orders.cancel(seller_id=order.seller_id, id=order.id, at=clock.now())
            if dice.random() < 0.2:
                product = dice.choice(products)
                await one_lab.products.add_stock(
                    seller_id=product.seller_id, id=product.id, delta=3, reason="", at=clock.now()
                )
            done += 1

    traders = [asyncio.create_task(trade()) for _ in range(4)]
    reports = []
    for _ in range(6):
        reports.append(await one_lab.shop.auditor.run())
        await asyncio.sleep(0.05)
    running = False
    await asyncio.gather(*traders)
    assert done > 4
    assert [report.violations for report in reports] == [[]] * 6
    assert await one_lab.clean()


async def test_audits_take_turns_and_keep_to_their_time(one_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    auditor = MongoAuditor(one_lab.mongo, Transactions(one_lab.mongo), seconds=0.2)
    busy = 0

    async def slowly(self: MongoAuditor) -> Any:
        nonlocal busy
        busy += 1
        assert busy == 1
        try:
            await asyncio.sleep(0.15)
            return {}, {}
        finally:
            busy -= 1

    monkeypatch.setattr(MongoAuditor, "_look", slowly)
    started = asyncio.get_running_loop().time()
    results = await asyncio.gather(*(auditor.run() for _ in range(3)), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["AuditReport", "Unavailable", "Unavailable"]
    assert asyncio.get_running_loop().time() - started < 0.6


async def test_an_audit_that_is_cut_off_leaves_the_next_one_its_turn(one_lab: Lab) -> None:
    await one_lab.offer()
    auditor = MongoAuditor(one_lab.mongo, Transactions(one_lab.mongo), seconds=0.0001)
    for _ in range(5):
        with pytest.raises(Unavailable):
            await auditor.run()
    auditor._seconds = 30
    assert (await auditor.run()).consistent


async def test_a_thoroughly_broken_database_is_reported_and_not_counted_to_the_end(
    one_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_VIOLATIONS", 5)
    broken = [product_document(a_product(stock=3)) for _ in range(50)]
    await one_lab.db["products"].insert_many(broken)
    report = await one_lab.shop.auditor.run()
    assert 5 <= len(report.violations) <= 10
    assert report.checked["products"] == 50
    named = {violation.detail.split(":")[0] for violation in report.violations}
    assert report.checked["suspects_left_out"] == 50 - len(named), "what was cut is told"


async def test_suspects_beyond_the_bound_are_counted_and_never_called_consistent(
    one_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_SUSPECTS", 3)
    await one_lab.db["products"].insert_many([product_document(a_product(stock=3)) for _ in range(8)])
    report = await one_lab.shop.auditor.run()
    assert len({violation.detail.split(":")[0] for violation in report.violations}) == 3
    assert report.checked["suspects_left_out"] == 5

    async def nothing_persists(self: audit.Look, what: str, id: str) -> list[Any]:
        return []

    monkeypatch.setattr(audit.Look, "one", nothing_persists)
    with pytest.raises(Unavailable, match="more suspects"):
        await one_lab.shop.auditor.run()


async def test_a_key_of_yesterday_that_is_used_again_is_no_double(one_lab: Lab) -> None:
    lamp, claim_id = await one_lab.offer(stock=9), f"{BUYER}|k"
    yesterday = f"{int(time.time()) - CLAIM_SECONDS:08x}{1:016x}"
    old = replace(a_purchase(line(lamp, 1), claim_id=claim_id), checkout_id=owned_id(lamp.seller_id, yesterday))
    assert isinstance(await one_lab.buy(old), Placed)
    assert isinstance(await one_lab.buy(a_purchase(line(lamp, 1), claim_id=claim_id)), Placed)
    assert await one_lab.clean()


# ---- cancellation and completion, which the audit judges


async def test_of_racing_cancellations_and_completions_one_wins(lab: Lab) -> None:
    product = await lab.offer(stock=10)
    for _ in range(3):
        outcome = await lab.buy(a_purchase(line(product, 4)))
        order = outcome.orders[0]
        where = {"seller_id": order.seller_id, "id": order.id, "at": clock.now()}
        tries = [lab.orders.cancel(**where) for _ in range(4)] + [lab.orders.complete(**where) for _ in range(2)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, Order) for result in results) == 1
        assert sum(isinstance(result, InvalidTransition) for result in results) == 5
        stored = await lab.orders.get(seller_id=order.seller_id, id=order.id)
        assert stored is not None
        if stored.status is Status.COMPLETED:
            await lab.products.add_stock(
                seller_id=product.seller_id, id=product.id, delta=4, reason="", at=clock.now()
            )
        assert await lab.stock(product) == 10
    assert await lab.clean()


async def test_an_order_that_is_not_there_cannot_be_finished(lab: Lab) -> None:
    for finish in (lab.orders.cancel, lab.orders.complete):
        with pytest.raises(NotFound):
            await finish(seller_id=SELLERS[0], id=owned_id(SELLERS[0]), at=clock.now())
