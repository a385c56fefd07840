"""Orders and logs that are written as often as it takes, and stand there once: their ids are decided before."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.errors import BulkWriteError, WTimeoutError

from shardmart.adapters.mongo.client import Collection, Mongo
from shardmart.adapters.mongo.documents import Document, log_document, log_of, order_document
from shardmart.adapters.mongo.notices import COLLECTION, stored_notice
from shardmart.domain.ids import log_id, seller_of
from shardmart.domain.notices import Notice
from shardmart.domain.orders import Order
from shardmart.domain.reservations import Hold
from shardmart.domain.stock import StockLog

DUPLICATE = 11000


class MongoBooks:
    def __init__(self, mongo: Mongo) -> None:
        self._orders = mongo.collection("orders")
        self._logs = mongo.collection("inventory_logs")
        self._notices = mongo.collection(COLLECTION)

    async def write_orders(self, orders: Sequence[Order]) -> None:
        """An order that is there stays as it is: it may have been cancelled meanwhile."""
        await _insert_missing(self._orders, [order_document(order) for order in orders])

    async def write_logs(self, logs: Sequence[StockLog]) -> None:
        await _insert_missing(self._logs, [log_document(log) for log in logs])

    async def logs_since(self, hold: Hold) -> list[StockLog]:
        """Of the hold's product, those of later versions."""
        which = {
            "_id": {"$gt": log_id(hold.product_id, hold.version), "$lt": f"{hold.product_id}-~"},
            "seller_id": seller_of(hold.product_id),
        }
        return [log_of(d) for d in await self._logs.find(which).to_list(None)]

    async def write_notices(self, told: Sequence[Notice]) -> None:
        if told:
            await _insert_missing(self._notices, [stored_notice(notice) for notice in told])


async def _insert_missing(collection: Collection, documents: Sequence[Document]) -> None:
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if error.details.get("writeConcernErrors"):
            raise WTimeoutError("no majority has confirmed the insert", details=error.details) from error
        if any(e["code"] != DUPLICATE for e in error.details.get("writeErrors", [])):
            raise
