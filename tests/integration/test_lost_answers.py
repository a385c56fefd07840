"""What a checkout is worth when answers get lost, others are in the way, or the primary goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import CheckoutInProgress, IdempotencyKeyReused, Unavailable
from shardmart.domain.orders import Order
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase
from shardmart.service import checkout
from tests.integration.lab import DRIVERS, Cluster, Lab, line, opened, settings_for
from tests.integration.wire_cutter import Cutter, cutter
from tests.unit.builders import BUYER, PRODUCTS, SELLERS, a_purchase

BEA = Actor(BUYER, Role.BUYER, "s")


@dataclass
class Wired:
    """A shop whose line to the primary runs through the cutter; `lab` has a line of its own."""

    lab: Lab
    cutter: Cutter


@pytest.fixture(params=[*((driver, "auto") for driver in DRIVERS), (DRIVERS[0], "transaction")], ids="-".join)
async def wired(request: pytest.FixtureRequest, labs: dict[str, Lab]) -> AsyncIterator[Wired]:
    driver, strategy = request.param
    await labs["pymongo"].empty()
    async with cutter((await labs["pymongo"].db.command("hello"))["primary"]) as cutting:
        uri = f"mongodb://127.0.0.1:{cutting.port}/?directConnection=true"
        async with opened(settings_for(uri, "test_pymongo", driver, checkout=strategy), fresh=False) as lab:
            yield Wired(lab, cutting)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_purchase_whose_commit_answer_is_lost_is_placed_exactly_once(wired: Wired, times: int) -> None:
    product = await wired.lab.offer(stock=5)
    purchase = a_purchase(line(product, 2), claim_id=f"{BUYER}|key")
    wired.cutter.lose("commitTransaction", times)
    outcome = await wired.lab.buy(purchase)
    assert wired.cutter.lost == times
    assert isinstance(outcome, Placed)
    assert await wired.lab.stock(product) == 3
    assert await wired.lab.db["orders"].count_documents({}) == 1
    assert await wired.lab.clean()


@pytest.mark.parametrize("command", ["commitTransaction", "insert", "update", "find"])
@pytest.mark.parametrize("before", [True, False], ids=["request", "reply"])
async def test_whatever_is_lost_on_the_way_the_purchase_happens_once(
    wired: Wired, command: str, before: bool
) -> None:
    product, other = await wired.lab.offer(stock=5), await wired.lab.offer(stock=5, seller_id=SELLERS[1])
    wired.cutter.lose(command, 1, before=before)
    outcome = await wired.lab.buy(a_purchase(line(product, 2), line(other, 1)))
    assert wired.cutter.lost == 1
    assert isinstance(outcome, Placed)
    assert (await wired.lab.stock(product), await wired.lab.stock(other)) == (3, 4)
    assert await wired.lab.clean()


async def test_a_purchase_of_unknown_outcome_asked_for_again_is_the_same_purchase(wired: Wired) -> None:
    product = await wired.lab.offer(stock=5)
    purchase = a_purchase(line(product, 2))
    wired.cutter.lose("commitTransaction", 1_000)
    with pytest.raises(Unavailable):
        await wired.lab.buy(purchase, seconds=1.0)
    assert wired.cutter.lost >= 1
    wired.cutter.lose("nothing", 0)
    outcomes = [await wired.lab.buy(purchase) for _ in range(3)]
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert await wired.lab.stock(product) == 3
    assert await wired.lab.clean()


async def test_a_stock_change_whose_commit_answer_is_lost_counts_once(wired: Wired) -> None:
    product = await wired.lab.offer(stock=5)
    wired.cutter.lose("commitTransaction", 2)
    await wired.lab.products.add_stock(seller_id=product.seller_id, id=product.id, delta=3, reason="", at=clock.now())
    assert wired.cutter.lost == 2
    assert await wired.lab.stock(product) == 8
    assert await wired.lab.clean()


async def test_a_claim_whose_answer_is_lost_is_answered_by_the_next_try(wired: Wired) -> None:
    product = await wired.lab.offer(stock=5)
    wired.cutter.lose("insert", 1)
    answer = await checkout.buy(wired.lab.shop, BEA, lines=[line(product, 2)], expected_total=None, key="k")
    again = await checkout.buy(wired.lab.shop, BEA, lines=[line(product, 2)], expected_total=None, key="k")
    assert (answer.outcome, again.replayed) == (again.outcome, True)
    assert await wired.lab.stock(product) == 3
    assert await wired.lab.clean()


# ---- conflicts


@contextlib.asynccontextmanager
async def held(lab: Lab, product_id: str) -> AsyncIterator[None]:
    """A stranger's open transaction that has written the product."""
    async with lab.mongo.session() as session:
        await lab.mongo.begin(session)
        await lab.db["products"].update_one({"_id": product_id}, {"$set": {"description": "held"}}, session=session)
        try:
            yield
        finally:
            await session.abort_transaction()


async def test_a_purchase_waits_for_who_holds_its_product(lab: Lab) -> None:
    product = await lab.offer(stock=5)
    async with held(lab, product.id):
        buying = asyncio.create_task(lab.buy(a_purchase(line(product))))
        await asyncio.sleep(0.3)
        assert not buying.done()
    assert isinstance(await buying, Placed)
    assert await lab.clean()


async def test_the_deadline_ends_the_waiting_and_nothing_is_half_done(lab: Lab) -> None:
    product, free = await lab.offer(stock=5), await lab.offer(stock=5)
    async with held(lab, product.id):
        started = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable):
            await lab.buy(a_purchase(line(product), line(free)), seconds=0.5)
        assert asyncio.get_running_loop().time() - started < 3
        assert await lab.stock(free) == 5
    assert await lab.db["outcomes"].count_documents({}) == 0
    assert await lab.clean()


async def test_two_workers_sell_every_unit_and_no_more(cluster: Cluster, labs: dict[str, Lab]) -> None:
    await labs["motor"].empty()
    async with opened(replace(labs["motor"].settings, mongo_driver="pymongo"), fresh=False) as other:
        product = await other.offer(stock=10)
        both = [labs["motor"], other]
        sales = (both[n % 2].buy(a_purchase(line(product)), seconds=60) for n in range(30))
        outcomes = await asyncio.gather(*sales)
        assert sum(isinstance(outcome, Placed) for outcome in outcomes) == 10
        assert await other.stock(product) == 0
        assert await other.clean()


async def test_carts_that_cross_do_not_block_each_other_for_good(lab: Lab) -> None:
    products = [await lab.offer(stock=40, seller_id=SELLERS[n % 3]) for n in range(4)]
    ways = [products, products[::-1], products[1:], products[:2]]
    carts = [a_purchase(*(line(p) for p in ways[n % 4])) for n in range(20)]
    outcomes = await asyncio.gather(*(lab.buy(cart, seconds=60) for cart in carts))
    assert all(isinstance(outcome, Placed) for outcome in outcomes)
    assert await lab.clean()


async def test_the_same_purchase_at_once_is_placed_once(lab: Lab) -> None:
    product = await lab.offer(stock=50)
    purchase = a_purchase(line(product, 3))
    outcomes = await asyncio.gather(*(lab.buy(purchase, seconds=60) for _ in range(8)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert await lab.stock(product) == 47
    assert await lab.clean()


async def test_a_purchase_that_is_cancelled_midway_holds_nothing(lab: Lab) -> None:
    product = await lab.offer(stock=50)
    for n in range(10):
        buying = asyncio.create_task(lab.buy(a_purchase(line(product))))
        await asyncio.sleep(0.002 * n)
        buying.cancel()
        await asyncio.gather(buying, return_exceptions=True)
    assert isinstance(await lab.buy(a_purchase(line(product)), seconds=8), Placed)
    assert await lab.clean()


# ---- claims and outcomes


def a_claim(key: str = "k", **fields: Any) -> Claim:
    purchase: Purchase = a_purchase(Line(PRODUCTS[0], 2))
    known = {"id": f"{BUYER}|{key}", "fingerprint": "f", "purchase": purchase, "running_until": clock.now()}
    return Claim(**{**known, **fields})


async def test_of_claims_on_one_key_the_first_is_the_claim(lab: Lab) -> None:
    claims = [a_claim() for _ in range(8)]
    taken = await asyncio.gather(*(lab.shop.claims.take(claim) for claim in claims))
    assert sum(taken) == 1
    assert await lab.shop.claims.get(claims[0].id) == claims[taken.index(True)]


async def test_a_claim_is_taken_over_by_one_only(lab: Lab) -> None:
    claim = a_claim()
    assert await lab.shop.claims.take(claim)
    until = clock.now() + timedelta(seconds=10)
    tries = (lab.shop.claims.take_over(claim, until=until + timedelta(milliseconds=n)) for n in range(6))
    assert sum(await asyncio.gather(*tries)) == 1
    stored = await lab.shop.claims.get(claim.id)
    assert not await lab.shop.claims.take_over(claim, until=until)
    await lab.shop.claims.release(stored)
    released = await lab.shop.claims.get(claim.id)
    assert released.running_until <= clock.now()
    assert replace(released, running_until=claim.running_until) == claim


async def test_an_outcome_is_stored_once(lab: Lab) -> None:
    product = await lab.offer(stock=1)
    purchase = a_purchase(line(product))
    outcome: Outcome = await lab.buy(purchase)
    assert await lab.shop.outcomes.get(purchase.checkout_id) == outcome
    assert await lab.buy(purchase) == outcome


async def test_one_key_sent_sixteen_times_at_once_is_one_checkout(lab: Lab) -> None:
    product = await lab.offer(stock=50)

    async def send(quantity: int = 2) -> checkout.Answer:
        return await checkout.buy(lab.shop, BEA, lines=[line(product, quantity)], expected_total=None, key="the key")

    results = await asyncio.gather(*(send() for _ in range(16)), return_exceptions=True)
    answers = [result for result in results if isinstance(result, checkout.Answer)]
    assert sum(not answer.replayed for answer in answers) == 1
    assert len(answers) + sum(isinstance(result, CheckoutInProgress) for result in results) == 16
    final = await send()
    assert final.replayed
    assert all(answer.outcome == final.outcome for answer in answers)
    with pytest.raises(IdempotencyKeyReused):
        await send(3)
    assert await lab.stock(product) == 48
    assert await lab.clean()


async def test_the_cart_is_bought_and_emptied_but_not_what_came_after(lab: Lab) -> None:
    product = await lab.offer(stock=50)
    await lab.carts.put(BUYER, line(product, 4), max_lines=50)
    answer = await checkout.buy(lab.shop, BEA, lines=None, expected_total=None, key="cart")
    assert isinstance(answer.outcome, Placed)
    assert (await lab.carts.get(BUYER)).lines == ()
    await lab.carts.put(BUYER, line(product, 1), max_lines=50)
    again = await checkout.buy(lab.shop, BEA, lines=None, expected_total=None, key="cart")
    assert (again.replayed, again.outcome) == (True, answer.outcome)
    assert len((await lab.carts.get(BUYER)).lines) == 1


# ---- the primary goes


@pytest.fixture
async def mending(cluster: Cluster) -> AsyncIterator[Cluster]:
    """A cluster to break; it is whole again when the test ends."""
    yield cluster
    await asyncio.to_thread(cluster.heal)


@pytest.mark.parametrize("how", ["kill", "pause"])
@pytest.mark.parametrize("driver", DRIVERS)
async def test_no_sale_is_lost_or_doubled_when_the_primary_goes(
    mending: Cluster, labs: dict[str, Lab], how: str, driver: str
) -> None:
    lab = labs[driver]
    await lab.empty()
    products = [await lab.offer(stock=10_000, seller_id=SELLERS[n % 3]) for n in range(6)]
    bought: list[Placed] = []
    done = asyncio.Event()

    async def buyer(n: int) -> None:
        while not done.is_set():
            purchase = a_purchase(line(products[n]), line(products[(n + 1) % 6], 2))
            while True:
                with contextlib.suppress(Unavailable):
                    bought.append(await lab.buy(purchase, seconds=4))
                    break

    buyers = [asyncio.create_task(buyer(n)) for n in range(4)]
    await asyncio.sleep(0.5)
    before = len(bought)
    (primary,) = await asyncio.to_thread(mending.named, "PRIMARY")
    await asyncio.to_thread(mending.run, how, primary)
    resumed, started = 0, asyncio.get_running_loop().time()
    while resumed < before + 8:
        assert asyncio.get_running_loop().time() - started < 60, "no checkout since the primary went"
        await asyncio.sleep(0.1)
        resumed = len(bought)
    done.set()
    await asyncio.gather(*buyers)
    await asyncio.to_thread(mending.heal)
    stored = {d["_id"] async for d in lab.db["orders"].find({}, {"_id": 1})}
    promised: list[Order] = [order for outcome in bought for order in outcome.orders]
    assert {order.id for order in promised} == stored
    assert len(promised) == len(stored)
    assert await lab.clean()
