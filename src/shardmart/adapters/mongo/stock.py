"""The one way in which stock changes: a log and a guarded update of the product, in one transaction.

The log says what the change is (from which stock to which, to which version); the update applies exactly that, and
only to the version the log was made for. If the product has moved on, nothing is written and the caller reads again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import log_document
from shardmart.adapters.mongo.transactions import Stale
from shardmart.domain.stock import StockLog


class StockWriter:
    def __init__(self, mongo: Mongo) -> None:
        self._products = mongo.collection("products")
        self._logs = mongo.collection("inventory_logs")

    async def log(self, session: Session, logs: Sequence[StockLog]) -> None:
        """Stores the logs; `apply` belongs to it, in the same transaction."""
        await self._logs.insert_many([log_document(log) for log in logs], session=session)

    async def apply(self, session: Session, logs: Sequence[StockLog]) -> None:
        """Moves the products as the logs say: in a checkout the last write before the commit. Raises Stale."""
        updates = [UpdateOne(guard(log), {"$set": change(log)}) for log in logs]
        if len(updates) == 1:  # one round trip either way, but a plain update is cheaper than a bulk of one
            result = await self._products.update_one(guard(logs[0]), {"$set": change(logs[0])}, session=session)
            matched = result.matched_count
        else:
            matched = (await self._products.bulk_write(updates, session=session)).matched_count
        if matched != len(logs):
            raise Stale


def guard(log: StockLog) -> dict[str, Any]:
    """The product as it was when the log was made; the shard key is in it."""
    return {
        "_id": log.product_id,
        "seller_id": log.seller_id,
        "version": log.version - 1,
        "stock": log.old_stock,
    }


def change(log: StockLog) -> dict[str, Any]:
    return {
        "stock": log.new_stock,
        "in_stock": log.new_stock > 0,
        "version": log.version,
        "updated_at": log.timestamp,
    }
