"""Commits whose answer is lost: on the way there, on the way back, for a moment, and for too long."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shardmart import metrics
from shardmart.adapters.mongo.group import commit as commits
from shardmart.domain import clock
from shardmart.domain.errors import Unavailable
from tests.group.proxy import Proxy
from tests.group.scene import Scene, purchase_of


@pytest.mark.parametrize("cut", ["reply", "request"])
@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_checkout_without_a_key_whose_commit_is_in_doubt_happens_once(
    scene: Scene, line: Proxy, cut: str, times: int
) -> None:
    product = await scene.product(100)
    await scene.place(purchase_of((product, 1)))
    before = metrics.IN_DOUBT._value.get()
    line.cut, line.times = cut, times
    outcomes = await scene.place_all([purchase_of((product, 1)) for _ in range(20)])
    assert Counter(type(o).__name__ for o in outcomes) == {"Placed": 20}, outcomes
    assert line.times == 0
    assert (metrics.IN_DOUBT._value.get() > before) == (times > 1), "the driver itself asks once more"
    assert await scene.stock_of(product) == 79
    await scene.audit_is_clean()


@pytest.mark.parametrize("cut", ["reply", "request"])
async def test_a_commit_that_stays_unknown_is_run_anew_with_the_same_ids(
    scene: Scene, line: Proxy, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stock changes and cancellations too: none is made twice."""
    monkeypatch.setattr(commits, "COMMIT_SECONDS", 0.3)
    product = await scene.product(100)
    bought = await scene.place(purchase_of((product, 10)))
    order = bought.orders[0]  # type: ignore[union-attr]
    key = {"seller_id": product.seller_id, "id": product.id, "at": clock.now()}
    line.cut, line.times = cut, 1000
    asyncio.get_running_loop().call_later(1.5, setattr, line, "times", 0)
    answers = await asyncio.gather(
        scene.place_all([purchase_of((product, 1)) for _ in range(20)]),
        *(scene.products.add_stock(**key, delta=1, reason="") for _ in range(5)),
        scene.orders.cancel(seller_id=order.seller_id, id=order.id, at=clock.now()),
    )
    assert Counter(type(o).__name__ for o in answers[0]) == {"Placed": 20}
    assert await scene.stock_of(product) == 100 - 20 + 5
    await scene.audit_is_clean()


async def test_a_commit_that_nobody_can_tell_of_is_unknown_and_the_same_checkout_again_is_answered(
    scene: Scene, line: Proxy
) -> None:
    product = await scene.product(10)
    purchase = purchase_of((product, 1))
    await scene.place(purchase_of((product, 1)))
    line.cut, line.times = "reply", 1000
    with pytest.raises(Unavailable):
        await scene.place(purchase, seconds=1.0)
    line.times = 0
    outcome = await scene.place(purchase)
    assert outcome == await scene.place(purchase)
    assert await scene.stock_of(product) == 8
    await scene.audit_is_clean()
