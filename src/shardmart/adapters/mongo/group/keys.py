"""Idempotency-Keys whose checkout is under way: who comes second is told so, and waits for nothing."""

from __future__ import annotations

import asyncio

from shardmart.adapters.mongo.group.members import Answer
from shardmart.domain.errors import CheckoutInProgress, IdempotencyKeyReused
from shardmart.domain.ports import Claim


class Keys:
    """Courtesy, not safety: of two claims with one id, the database stores one."""

    def __init__(self) -> None:
        self._held: dict[str, Claim] = {}

    def hold(self, claim: Claim, answer: asyncio.Future[Answer]) -> None:
        """The key is held until `answer` is there.

        Raises CheckoutInProgress, or IdempotencyKeyReused when the body differs; the same checkout may come again.
        """
        held = self._held.setdefault(claim.id, claim)
        if held.fingerprint != claim.fingerprint:
            raise IdempotencyKeyReused
        if held.purchase.checkout_id != claim.purchase.checkout_id:
            raise CheckoutInProgress
        answer.add_done_callback(lambda _: self._free(held))

    def _free(self, claim: Claim) -> None:
        if self._held.get(claim.id) is claim:
            del self._held[claim.id]
