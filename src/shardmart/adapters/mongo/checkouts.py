"""Claims and outcomes: who may decide a checkout, and what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta

from shardmart.adapters.mongo.claim_batches import InsertBatches
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import (
    Document,
    outcome_document,
    outcome_of,
    purchase_document,
    purchase_of,
)
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.schema import OUTCOME_SECONDS
from shardmart.domain import clock
from shardmart.domain.ids import seller_of
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Outcome, Purchase

CLAIM_SECONDS = 24 * 3600


@repository
class MongoClaims:
    """`{_id: buyer|key}`; only `running_until` ever changes, and one that decided nothing is deleted."""

    def __init__(self, mongo: Mongo) -> None:
        self._claims = mongo.collection("claims", majority=True)
        self._inserts = InsertBatches(self._claims)

    async def get(self, claim_id: str) -> Claim | None:
        found = await self._claims.find_one({"_id": claim_id})
        return _claim_of(found) if found else None

    async def take(self, claim: Claim) -> bool:
        return await self._inserts.insert(claim_document(claim))

    async def take_over(self, claim: Claim, *, until: datetime) -> bool:
        extended = await self._claims.update_one(
            {"_id": claim.id, "running_until": claim.running_until}, {"$set": {"running_until": until}}
        )
        return extended.matched_count == 1

    async def release(self, claim: Claim) -> None:
        await self._claims.update_one({"_id": claim.id}, {"$set": {"running_until": clock.now()}})

    async def forget(self, claim: Claim) -> None:
        await self._claims.delete_one({"_id": claim.id, "running_until": claim.running_until})


@repository
class MongoOutcomes:
    def __init__(self, mongo: Mongo) -> None:
        self._outcomes = mongo.collection("outcomes", majority=True)

    async def get(self, checkout_id: str) -> Outcome | None:
        found = await self._outcomes.find_one({"_id": checkout_id, "seller_id": seller_of(checkout_id)})
        return outcome_of(found) if found and is_settled(found) else None


def is_settled(outcome: Document) -> bool:
    """Whether it is an answer: what strategy `reservation` has begun and not finished is none yet."""
    return "unsettled_since" not in outcome


async def store_outcome(mongo: Mongo, purchase: Purchase, outcome: Outcome, session: Session | None = None) -> None:
    """The commit point of a checkout. Raises DuplicateKeyError when it was decided before.

    No method of the repository: a transaction must see the driver's own errors, or it would not know to run again.
    """
    await mongo.collection("outcomes").insert_one(stored_outcome(purchase, outcome), session=session)


def stored_outcome(purchase: Purchase, outcome: Outcome) -> Document:
    return {**outcome_document(purchase, outcome), "expires_at": outcome_expiry()}


def outcome_expiry() -> datetime:
    """When an outcome that is stored now may be forgotten."""
    return clock.now() + timedelta(seconds=OUTCOME_SECONDS)


def claim_document(claim: Claim) -> Document:
    return {
        "_id": claim.id,
        "fingerprint": claim.fingerprint,
        "purchase": purchase_document(claim.purchase),
        "running_until": claim.running_until,
        "expires_at": clock.now() + timedelta(seconds=CLAIM_SECONDS),
    }


def _claim_of(d: Document) -> Claim:
    return Claim(d["_id"], d["fingerprint"], purchase_of(d["purchase"]), d["running_until"])
