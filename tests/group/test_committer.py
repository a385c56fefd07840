"""One committer on a real replica set: races, repeated members, poison, time limits."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from shardmart.adapters.mongo.carts import MongoCarts
from shardmart.adapters.mongo.checkout_transaction import TransactionCheckout
from shardmart.adapters.mongo.checkouts import MongoOutcomes
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.face import GroupCheckout
from shardmart.adapters.mongo.group.members import Cancellation, Checkout
from shardmart.domain import clock
from shardmart.domain.errors import InsufficientStock, InvalidTransition, NotFound, Unavailable, VersionConflict
from shardmart.domain.ids import new_id, owned_id
from shardmart.domain.listings import ProductChanges
from shardmart.domain.orders import Order, Status
from shardmart.domain.purchase import Line, Outcome, Placed, Rejected
from tests.group.scene import Scene, purchase_of


def kinds(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def test_fifty_units_are_sold_to_fifty_of_two_hundred(scene: Scene) -> None:
    product = await scene.product(50)
    outcomes = await scene.place_all([purchase_of((product, 1)) for _ in range(200)])
    assert kinds(outcomes) == {"Placed": 50, "Rejected": 150}
    assert await scene.stock_of(product) == 0
    await scene.audit_is_clean()


async def test_carts_over_five_sellers_are_bought_whole_or_not_at_all(scene: Scene) -> None:
    chance = random.Random(3)
    products = [await scene.product(30) for _ in range(10)]
    purchases = [purchase_of(*((p, chance.randint(1, 2)) for p in chance.sample(products, 3))) for _ in range(200)]
    outcomes = await scene.place_all(purchases)
    assert set(kinds(outcomes)) == {"Placed", "Rejected"}
    sold: Counter[str] = Counter()
    for purchase, outcome in zip(purchases, outcomes, strict=True):
        if isinstance(outcome, Placed):
            assert len(outcome.orders) == 3
            sold.update({line.product_id: line.quantity for line in purchase.lines})
    for product in products:
        assert await scene.stock_of(product) == 30 - sold[product.id]
    await scene.audit_is_clean()


async def test_one_checkout_sent_sixteen_times_happens_once(scene: Scene) -> None:
    product = await scene.product(50)
    purchase = purchase_of((product, 2))
    outcomes = await scene.place_all([purchase] * 16)
    assert len(set(outcomes)) == 1 and isinstance(outcomes[0], Placed)
    assert await scene.place(purchase) == outcomes[0]
    assert await scene.stock_of(product) == 48
    await scene.audit_is_clean()


async def test_what_another_strategy_decided_is_an_answer_here(scene: Scene) -> None:
    product = await scene.product(1)
    purchases = [purchase_of((product, 1)) for _ in range(2)]
    other = TransactionCheckout(scene.mongo, scene.transactions, MongoOutcomes(scene.mongo))
    loop = asyncio.get_running_loop()
    decided = [await other.place(p, deadline=loop.time() + 5) for p in purchases]
    assert await scene.place_all(purchases) == decided
    await scene.audit_is_clean()


async def test_the_last_unit_wanted_by_three(scene: Scene) -> None:
    product = await scene.product(1)
    outcomes = await scene.place_all([purchase_of((product, 1)) for _ in range(3)])
    assert kinds(outcomes) == {"Placed": 1, "Rejected": 2}
    assert isinstance(outcomes[0], Placed), "first come, first served"
    await scene.audit_is_clean()


async def test_two_committers_and_plain_transactions_together_sell_what_is_there(scene: Scene) -> None:
    product = await scene.product(60)
    other = Committer(scene.mongo)
    plain = TransactionCheckout(scene.mongo, scene.transactions, MongoOutcomes(scene.mongo))
    faces = [scene.checkout, GroupCheckout(other), plain]
    until = asyncio.get_running_loop().time() + 20
    outcomes = await asyncio.gather(
        *(faces[n % 3].place(purchase_of((product, 1)), deadline=until) for n in range(120))
    )
    assert kinds(outcomes) == {"Placed": 60, "Rejected": 60}
    await other.close()
    await scene.audit_is_clean()


async def test_a_member_that_cannot_be_committed_is_found_and_alone_fails(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    product = await scene.product(100)
    purchases = [purchase_of((product, 1)) for _ in range(20)]
    poison = replace(purchases[7], buyer_id="not \ud800 unicode")
    outcomes = await scene.place_all([*purchases[:7], poison, *purchases[8:]])
    assert isinstance(outcomes[7], UnicodeEncodeError)
    assert kinds(outcomes[:7] + outcomes[8:]) == {"Placed": 19}
    assert [getattr(record, "member", None) for record in caplog.records] == [poison.checkout_id]
    await scene.audit_is_clean()


async def test_a_stranger_who_holds_one_product_keeps_nobody_else_waiting(scene: Scene) -> None:
    held, *others = [await scene.product(10) for _ in range(8)]
    async with scene.mongo.session() as stranger:
        await scene.mongo.begin(stranger)
        await scene.mongo.collection("products").update_one(
            {"_id": held.id}, {"$set": {"name": "Mine"}}, session=stranger
        )
        waiting = asyncio.create_task(scene.place(purchase_of((held, 1)), seconds=20))
        same_batch = scene.place_all([purchase_of((product, 1)) for product in others])
        assert kinds(await asyncio.wait_for(same_batch, 7)) == {"Placed": 7}
        later = scene.place_all([purchase_of((product, 1)) for product in others])
        assert kinds(await asyncio.wait_for(later, 7)) == {"Placed": 7}
        assert not waiting.done()
        await stranger.abort_transaction()
    assert isinstance(await waiting, Placed)
    await scene.audit_is_clean()


async def test_a_member_whose_time_is_up_is_dropped_and_not_sold(scene: Scene) -> None:
    product = await scene.product(5)
    late = purchase_of((product, 1))
    answer = scene.committer.submit(Checkout(late), deadline=asyncio.get_running_loop().time() - 1)
    with pytest.raises(Unavailable):
        await answer
    assert await scene.stock_of(product) == 5


async def test_a_full_queue_says_so_at_once(scene: Scene) -> None:
    product = await scene.product(5)
    small = Committer(scene.mongo, most_waiting=3)
    loop = asyncio.get_running_loop()
    answers = [small.submit(Checkout(purchase_of((product, 1))), deadline=loop.time() + 5) for _ in range(3)]
    with pytest.raises(Unavailable):
        small.submit(Checkout(purchase_of((product, 1))), deadline=loop.time() + 5)
    assert kinds(await asyncio.gather(*answers)) == {"Placed": 3}
    await small.close()


async def test_edits_and_cancellations_answer_as_they_do_alone(scene: Scene) -> None:
    product = await scene.product(10)
    key = {"seller_id": product.seller_id, "id": product.id, "at": clock.now()}
    bought = await scene.place(purchase_of((product, 4)))
    assert isinstance(bought, Placed)
    order = bought.orders[0]
    with pytest.raises(InsufficientStock):
        await scene.products.add_stock(**key, delta=-7, reason="")
    assert (await scene.products.add_stock(**key, delta=5, reason="more")).stock == 11
    changes = ProductChanges(price=Decimal("3.00"))
    with pytest.raises(VersionConflict):
        await scene.products.change(**key, changes=changes, expected_version=1)
    changed = await scene.products.change(**key, changes=changes, expected_version=3)
    assert (changed.version, changed.price, changed.stock) == (4, Decimal("3.00"), 11)
    cancelled = await scene.orders.cancel(seller_id=order.seller_id, id=order.id, at=clock.now())
    assert cancelled.status is Status.CANCELLED
    with pytest.raises(InvalidTransition):
        await scene.orders.cancel(seller_id=order.seller_id, id=order.id, at=clock.now())
    assert not (await scene.products.set_active(**key, active=False)).is_active
    gone = await scene.place(purchase_of((product, 1)))
    assert isinstance(gone, Rejected) and gone.code == "product_unavailable"
    await scene.products.remove(**key)
    with pytest.raises(NotFound):
        await scene.products.remove(**key)
    assert await scene.products.get(seller_id=product.seller_id, id=product.id) is None
    stored = await scene.products.logs(seller_id=product.seller_id, product_id=product.id, after=None, limit=10)
    assert [log.new_stock for log in stored.items] == [15, 11, 6, 10]
    await scene.audit_is_clean()


async def test_a_batch_of_everything_at_once_leaves_a_clean_audit(scene: Scene) -> None:
    chance = random.Random(8)
    products = [await scene.product(40) for _ in range(4)]
    bought = await scene.place_all([purchase_of((p, 1)) for p in products for _ in range(5)])
    orders = [order for outcome in bought for order in outcome.orders]

    async def edit(n: int) -> object:
        product = chance.choice(products)
        key = {"seller_id": product.seller_id, "id": product.id, "at": clock.now()}
        if n % 3 == 0:
            return await scene.products.add_stock(**key, delta=chance.randint(-3, 3), reason="")
        if n % 3 == 1:
            changes = ProductChanges(stock=chance.randint(10, 60), price=Decimal(chance.randint(1, 9)))
            return await scene.products.change(**key, changes=changes, expected_version=None)
        return await scene.products.set_active(**key, active=chance.random() < 0.8)

    work = [scene.place(purchase_of((p, 1), (q, 2))) for p in products for q in products if p is not q for _ in "123"]
    work += [scene.orders.cancel(seller_id=o.seller_id, id=o.id, at=clock.now()) for o in orders]
    work += [edit(n) for n in range(60)]
    chance.shuffle(work)
    answers = await asyncio.gather(*work, return_exceptions=True)
    assert not [a for a in answers if isinstance(a, Exception) and not isinstance(a, InsufficientStock)]
    await scene.audit_is_clean()


async def test_cancelling_one_order_from_many_sides_puts_its_units_back_once(scene: Scene) -> None:
    product = await scene.product(10)
    bought = await scene.place(purchase_of((product, 4)))
    assert isinstance(bought, Placed)
    order = bought.orders[0]
    answers = await asyncio.gather(
        *(scene.orders.cancel(seller_id=order.seller_id, id=order.id, at=clock.now()) for _ in range(8)),
        return_exceptions=True,
    )
    assert Counter(type(a).__name__ for a in answers) == {"Order": 1, "InvalidTransition": 7}
    assert await scene.stock_of(product) == 10
    await scene.audit_is_clean()


async def test_a_product_that_never_was_is_not_for_sale_and_cannot_be_edited(scene: Scene) -> None:
    product = replace(await scene.product(1), id=f"{new_id()}-{new_id()}")
    outcome = await scene.place(purchase_of((product, 1)))
    assert isinstance(outcome, Rejected) and outcome.items[0].product_id == product.id
    with pytest.raises(NotFound):
        await scene.products.add_stock(seller_id=product.id[:24], id=product.id, delta=1, reason="", at=clock.now())
    assert Line(product.id, 1).seller_id == product.id[:24]


async def test_what_is_sent_again_after_a_lost_answer_gets_that_answer_and_no_error(scene: Scene) -> None:
    """The second committer meets an empty cart, and an order that is cancelled: by these very members."""
    product, carts = await scene.product(10), MongoCarts(scene.mongo)
    purchase = purchase_of((product, 2))
    await carts.put(purchase.buyer_id, Line(product.id, 2), max_lines=50)
    purchase = replace(purchase, cart_version=(await carts.get(purchase.buyer_id)).version)
    placed = await scene.place(purchase)
    assert isinstance(placed, Placed)
    second = Committer(scene.mongo)
    scene.use(second)
    try:
        assert await scene.place(purchase) == placed
        (order,) = placed.orders
        member = Cancellation(owned_id(order.seller_id), order.id, (product.id,), clock.now())
        until = asyncio.get_running_loop().time() + 8
        answers = [await committer.submit(member, deadline=until) for committer in (scene.committer, second)]
        assert [answer.status for answer in answers if isinstance(answer, Order)] == [Status.CANCELLED] * 2
    finally:
        await second.close()
    assert await scene.stock_of(product) == 10
    await scene.audit_is_clean()
