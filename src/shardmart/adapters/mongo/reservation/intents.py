"""Intents: the one document per checkout whose change of status is its commit.

      begin            decide                    finish
  ( ) ─────► pending ─────────► placed, rejected ──────► the same, settled: the outcome
   ▲            │ undo
   │            ▼         finish
   └───────── undoing ◄──┘  (gone: the same checkout may begin again, as another attempt)

Every arrow is one write to one document, with majority, and says which attempt it means: an attempt that has left
`pending` never returns to it, so whoever comes late changes nothing. Written twice, each is the same as once.
"""

from __future__ import annotations

from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from shardmart.adapters.mongo.checkouts import outcome_expiry, stored_outcome
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.documents import Document, outcome_document, purchase_document
from shardmart.adapters.mongo.reservation.documents import hold_document, intent_of
from shardmart.domain.ids import seller_of
from shardmart.domain.purchase import Outcome, Purchase
from shardmart.domain.reservations import Hold, Intent, State

LATEST_MS = 2000  # without a majority it would wait for ever


class MongoIntents:
    """No repository: whoever calls must see the driver's own errors, to know when to try again."""

    def __init__(self, mongo: Mongo) -> None:
        self._outcomes = mongo.collection("outcomes", majority=True)
        self._latest = self._outcomes.with_options(read_concern=ReadConcern("linearizable"))

    async def get(self, checkout_id: str) -> Intent | None:
        """As a majority has it. Right after a failover that may be older than what was acknowledged."""
        found = await self._outcomes.find_one(_which(checkout_id))
        return intent_of(found) if found else None

    async def latest(self, checkout_id: str) -> Intent | None:
        """As it is, with everything that was acknowledged before; waits for a majority, like a write."""
        found = await self._latest.find_one(_which(checkout_id), max_time_ms=LATEST_MS)
        return intent_of(found) if found else None

    async def begin(self, purchase: Purchase, *, attempt: str, at: datetime) -> Intent | None:
        """A pending intent; None when the checkout has one, or its outcome."""
        intent = Intent(purchase, State.PENDING, attempt, at)
        return intent if await self._insert(_pending(intent)) else None

    async def refuse(self, purchase: Purchase, outcome: Outcome) -> bool:
        """Stores a no that needed no hold; False when the checkout has an intent or an outcome."""
        return await self._insert(stored_outcome(purchase, outcome))

    async def decide(self, intent: Intent, outcome: Outcome, holds: list[Hold]) -> Intent | None:
        """The commit: pending -> placed or rejected. None when the attempt is pending no more."""
        decided = {
            **outcome_document(intent.purchase, outcome),
            "holds": [hold_document(hold) for hold in holds],
            "expires_at": outcome_expiry(),
        }
        del decided["_id"], decided["seller_id"]
        found = await self._outcomes.find_one_and_update(
            _pending_attempt(intent.checkout_id, intent.attempt),
            {"$set": decided},
            return_document=ReturnDocument.AFTER,
        )
        return intent_of(found) if found else None

    async def undo(self, checkout_id: str, attempt: str) -> None:
        """pending -> undoing, if it is still pending. Afterwards the attempt is pending no more, for good."""
        await self._outcomes.update_one(
            _pending_attempt(checkout_id, attempt), {"$set": {"status": State.UNDOING.value}}
        )

    async def finish(self, intent: Intent) -> None:
        """Nothing remains to be done."""
        which = {**_which(intent.checkout_id), "attempt": intent.attempt, "status": intent.state.value}
        if intent.state is State.UNDOING:
            await self._outcomes.delete_one(which)
        else:
            await self._outcomes.update_one(which, {"$unset": {"unsettled_since": "", "purchase": ""}})

    async def unsettled(self, before: datetime, *, limit: int) -> list[Intent]:
        """Those that began before then, oldest first."""
        cursor = self._outcomes.find({"unsettled_since": {"$lt": before}}, sort=[("unsettled_since", 1)], limit=limit)
        return [intent_of(d) for d in await cursor.to_list(limit)]

    async def _insert(self, document: Document) -> bool:
        try:
            await self._outcomes.insert_one(document)
        except DuplicateKeyError:
            return False
        return True


def _which(checkout_id: str) -> Document:
    return {"_id": checkout_id, "seller_id": seller_of(checkout_id)}


def _pending_attempt(checkout_id: str, attempt: str) -> Document:
    return {**_which(checkout_id), "status": State.PENDING.value, "attempt": attempt}


def _pending(intent: Intent) -> Document:
    purchase = intent.purchase
    return {
        **_which(purchase.checkout_id),
        "status": State.PENDING.value,
        "attempt": intent.attempt,
        "unsettled_since": intent.since,
        "purchase": purchase_document(purchase),
        "claim_id": purchase.claim_id,
        "buyer_id": purchase.buyer_id,
        "expires_at": outcome_expiry(),
    }
