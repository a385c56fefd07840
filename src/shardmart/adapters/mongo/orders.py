"""Orders: history and changes of status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from shardmart.adapters.mongo import keyset
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import order_of
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.notices import store_notices
from shardmart.adapters.mongo.product_reads import read_shelves
from shardmart.adapters.mongo.stock import StockWriter
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import notices
from shardmart.domain.errors import InvalidTransition, NotFound
from shardmart.domain.orders import Order, OrderFilter, Status
from shardmart.domain.paging import Page, Position
from shardmart.domain.purchase import cancellation_logs

SORT: keyset.SortKeys = [("timestamp", -1), ("_id", -1)]


@repository
class MongoOrders:
    def __init__(self, mongo: Mongo, transactions: Transactions) -> None:
        self._mongo = mongo
        self._orders = mongo.collection("orders")
        self._transactions = transactions
        self._stock = StockWriter(mongo)

    async def get(self, *, seller_id: str, id: str) -> Order | None:
        found = await self._orders.find_one({"_id": id, "seller_id": seller_id})
        return order_of(found) if found else None

    async def page(self, which: OrderFilter, *, after: Position | None, limit: int) -> Page[Order]:
        filter = keyset.beyond_each(orders_filter(which), "status", SORT, keyset.timed(after))
        found = await self._orders.find(filter, sort=SORT, limit=limit + 1).to_list(limit + 1)
        return keyset.page(found, limit=limit, entity=order_of, key=lambda d: keyset.newest_key(d, "timestamp"))

    async def complete(self, *, seller_id: str, id: str, at: datetime) -> Order:
        async def body(session: Session) -> Order:
            order = await self._finish(seller_id, id, Status.COMPLETED, at, session)
            await store_notices(self._mongo, notices.of_status(order, at=at), session)
            return order

        return await self._transactions.run(body)

    async def cancel(self, *, seller_id: str, id: str, at: datetime) -> Order:
        found = await self.get(seller_id=seller_id, id=id)
        if found is None:
            raise NotFound
        if found.status is not Status.PLACED:
            raise InvalidTransition
        ids = [line.product_id for line in found.product_list]  # which never change

        async def body(session: Session) -> Order:
            # products first, while nobody has written them since they were read: those who sell them come again
            logs = cancellation_logs(found, await read_shelves(self._mongo, ids, session), at=at)
            await self._stock.apply(session, logs)
            await self._stock.log(session, logs)
            order = await self._finish(seller_id, id, Status.CANCELLED, at, session)
            await store_notices(self._mongo, notices.of_status(order, at=at), session)
            return order

        return await self._transactions.run(body, products=ids, by_hand=True)

    async def _finish(self, seller_id: str, id: str, status: Status, at: datetime, session: Session) -> Order:
        """placed -> `status`, for the first who comes."""
        changed = await self._orders.find_one_and_update(
            {"_id": id, "seller_id": seller_id, "status": Status.PLACED.value},
            {"$set": {"status": status.value, "status_changed_at": at}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if changed is not None:
            return order_of(changed)
        there = await self._orders.find_one({"_id": id, "seller_id": seller_id}, {"_id": 1}, session=session)
        raise InvalidTransition if there else NotFound


def orders_filter(which: OrderFilter) -> dict[str, Any]:
    """Equality on every field before the sort, also on the status, so that the index gives the order."""
    filter: dict[str, Any] = {"status": which.status.value if which.status else {"$in": [s.value for s in Status]}}
    if which.buyer_id is not None:
        filter["buyer_id"] = which.buyer_id
    if which.seller_id is not None:
        filter["seller_id"] = which.seller_id
    if which.since is not None or which.until is not None:
        bounds = {"$gte": which.since, "$lt": which.until}
        filter["timestamp"] = {operator: at for operator, at in bounds.items() if at is not None}
    return filter
