"""Claims that ride with their checkouts: of all who ask under one key, one decides, whatever breaks in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shardmart.adapters.mongo.checkouts import MongoClaims, MongoOutcomes
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.face import GroupCheckout
from shardmart.domain import clock
from shardmart.domain.errors import CheckoutInProgress, EmptyCart, IdempotencyKeyReused, KeyTaken, Unavailable
from shardmart.domain.listings import Product
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Placed, Rejected
from tests.group.proxy import Proxy
from tests.group.scene import Scene, purchase_of

KEY = "buyer|key"


def claim_of(product: Product, quantity: int = 1, *, body: str = "body", key: str = KEY) -> Claim:
    purchase = purchase_of((product, quantity), claim_id=key)
    return Claim(key, body, purchase, clock.now() + timedelta(seconds=10))


async def asked(scene: Scene, claims: Sequence[Claim], *others: Committer, seconds: float = 8.0) -> list[Any]:
    """All at once, in turn through the scene's committer and the others."""
    faces = [scene.checkout, *map(GroupCheckout, others)]
    until = asyncio.get_running_loop().time() + seconds
    asking = (faces[n % len(faces)].claim_and_place(claim, deadline=until) for n, claim in enumerate(claims))
    return await asyncio.gather(*asking, return_exceptions=True)


async def decided(scene: Scene, key: str = KEY) -> Any:
    """What the key leads to."""
    claim = await MongoClaims(scene.mongo).get(key)
    assert claim is not None
    return await MongoOutcomes(scene.mongo).get(claim.purchase.checkout_id)


async def test_one_key_asked_for_by_many_on_two_committers_decides_once(scene: Scene) -> None:
    product, other = await scene.product(50), Committer(scene.mongo)
    for key in (f"buyer|{n}" for n in range(10)):
        answers = await asked(scene, [claim_of(product, key=key) for _ in range(16)], other)
        placed = [one for one in answers if isinstance(one, Placed)]
        assert len(placed) == 1 and await decided(scene, key) == placed[0]
        assert all(isinstance(one, Placed | KeyTaken | CheckoutInProgress) for one in answers), answers
    assert await scene.stock_of(product) == 40
    await other.close()
    await scene.audit_is_clean()


async def test_the_same_claim_sent_again_is_the_same_checkout(scene: Scene) -> None:
    """As a worker does whose committer died."""
    product, other = await scene.product(5), Committer(scene.mongo)
    claim = claim_of(product)
    answers = await asked(scene, [claim] * 4, other) + await asked(scene, [claim])
    await other.close()
    assert len(set(answers)) == 1 and isinstance(answers[0], Placed)
    assert await scene.stock_of(product) == 4
    await scene.audit_is_clean()


async def test_a_key_under_way_is_in_progress_and_another_body_is_refused(scene: Scene) -> None:
    product = await scene.product(5)
    answers = await asked(scene, [claim_of(product), claim_of(product), claim_of(product, 2, body="other")])
    assert isinstance(answers[0], Placed)
    assert [type(one) for one in answers[1:]] == [CheckoutInProgress, IdempotencyKeyReused]
    assert [type(one) for one in await asked(scene, [claim_of(product)])] == [KeyTaken]
    await scene.audit_is_clean()


async def test_a_taken_key_costs_the_rest_of_the_batch_nothing(scene: Scene) -> None:
    product = await scene.product(50)
    await asked(scene, [claim_of(product)])
    new = [purchase_of((product, 1)) for _ in range(20)]
    answers, outcomes = await asyncio.gather(asked(scene, [claim_of(product)]), scene.place_all(new))
    assert [type(one) for one in answers] == [KeyTaken]
    assert {type(one) for one in outcomes} == {Placed}
    assert await scene.stock_of(product) == 29
    await scene.audit_is_clean()


async def test_a_no_keeps_its_key_and_an_empty_cart_leaves_it_free(scene: Scene) -> None:
    product = await scene.product(1)
    mine = claim_of(product)
    emptied = replace(mine, purchase=replace(mine.purchase, cart_version=3))
    assert [type(one) for one in await asked(scene, [emptied])] == [EmptyCart]
    assert await MongoClaims(scene.mongo).get(KEY) is None
    answers = await asked(scene, [claim_of(product, 2)])
    assert isinstance(answers[0], Rejected) and await decided(scene) == answers[0]
    assert [type(one) for one in await asked(scene, [claim_of(product, 2)])] == [KeyTaken]
    await scene.audit_is_clean()


@pytest.mark.parametrize("cut", ["reply", "request"])
async def test_a_key_whose_commit_nobody_can_tell_of_decides_once(scene: Scene, line: Proxy, cut: str) -> None:
    """The client is told 503 and asks again, with a checkout id that the shop makes anew."""
    product = await scene.product(10)
    await scene.place(purchase_of((product, 1)))
    line.cut, line.times = cut, 1000
    first = claim_of(product)
    assert [type(one) for one in await asked(scene, [first], seconds=1.0)] == [Unavailable]
    line.times = 0
    again = claim_of(product)
    (answer,) = await asked(scene, [again])
    stored = await decided(scene)
    assert answer == stored if isinstance(answer, Placed) else isinstance(answer, KeyTaken)
    assert stored.checkout_id in {first.purchase.checkout_id, again.purchase.checkout_id}
    assert await scene.stock_of(product) == 8
    await scene.audit_is_clean()
