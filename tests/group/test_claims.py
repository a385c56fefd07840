"""Claims stored in batches: each waiting claim still gets an answer of its own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from shardmart.adapters.mongo.checkouts import MongoClaims
from shardmart.domain import clock
from shardmart.domain.ports import Claim
from tests.group.scene import Scene, purchase_of


async def test_claims_taken_at_once_are_all_stored_and_one_of_each_key_wins(scene: Scene) -> None:
    product = await scene.product(5)
    claims = MongoClaims(scene.mongo)
    until = clock.now() + timedelta(seconds=10)
    made = [Claim(f"buyer|{n % 40}", "body", purchase_of((product, 1)), until) for n in range(120)]
    taken = await asyncio.gather(*(claims.take(claim) for claim in made))
    winners = {claim.id: claim for claim, got in zip(made, taken, strict=True) if got}
    assert len(winners) == sum(taken) == 40
    for claim in made:
        stored = await claims.get(claim.id)
        assert stored is not None and stored.purchase == winners[claim.id].purchase


async def test_a_claim_that_cannot_be_stored_fails_alone(scene: Scene) -> None:
    product = await scene.product(5)
    claims = MongoClaims(scene.mongo)
    good = Claim("buyer|1", "body", purchase_of((product, 1)), clock.now())
    bad = replace(good, id="buyer|\ud800")
    answers = await asyncio.gather(claims.take(good), claims.take(bad), return_exceptions=True)
    assert answers[0] is True and isinstance(answers[1], UnicodeEncodeError)
