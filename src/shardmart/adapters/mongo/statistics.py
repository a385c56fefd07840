"""Figures from orders that are not cancelled, computed by the database."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.documents import decimal_of
from shardmart.adapters.mongo.failures import repository
from shardmart.domain.orders import Status
from shardmart.domain.reports import Day, TopProduct, TopSeller

SOLD = [Status.PLACED.value, Status.COMPLETED.value]
_LINE_REVENUE = {"$multiply": ["$product_list.price", "$product_list.quantity"]}


@repository
class MongoStatistics:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._orders = mongo.collection("orders")
        self._users = mongo.collection("users")

    async def by_day(self, *, seller_id: str | None, since: datetime) -> list[Day]:
        day = {"$dateToString": {"date": "$timestamp", "format": "%Y-%m-%d"}}
        group = {"_id": day, "revenue": {"$sum": "$total_amount"}, "orders": {"$sum": 1}}
        found = await self._grouped(seller_id, since, [{"$group": group}, {"$sort": {"_id": 1}}])
        return [Day(d["_id"], decimal_of(d["revenue"]), d["orders"]) for d in found]

    async def units(self, *, seller_id: str, since: datetime) -> int:
        group = {"_id": None, "units": {"$sum": "$product_list.quantity"}}
        found = await self._grouped(seller_id, since, [{"$unwind": "$product_list"}, {"$group": group}])
        return found[0]["units"] if found else 0

    async def top_products(self, *, seller_id: str | None, since: datetime, limit: int) -> list[TopProduct]:
        group = {
            "_id": "$product_list.product_id",
            "name": {"$last": "$product_list.name"},
            "units": {"$sum": "$product_list.quantity"},
            "revenue": {"$sum": _LINE_REVENUE},
        }
        top: list[Document] = [{"$group": group}, {"$sort": {"revenue": -1, "_id": 1}}, {"$limit": limit}]
        found = await self._grouped(seller_id, since, [{"$unwind": "$product_list"}, *top])
        return [TopProduct(d["_id"], d["name"], d["units"], decimal_of(d["revenue"])) for d in found]

    async def top_sellers(self, *, since: datetime, limit: int) -> list[TopSeller]:
        group = {"_id": "$seller_id", "revenue": {"$sum": "$total_amount"}, "orders": {"$sum": 1}}
        top: list[Document] = [{"$group": group}, {"$sort": {"revenue": -1, "_id": 1}}, {"$limit": limit}]
        found = await self._grouped(None, since, top)
        names = await self._names([d["_id"] for d in found])
        return [TopSeller(d["_id"], names.get(d["_id"], ""), d["orders"], decimal_of(d["revenue"])) for d in found]

    async def orders_by_status(self) -> dict[str, int]:
        return {status.value: await self._orders.count_documents({"status": status.value}) for status in Status}

    async def revenue(self) -> Decimal:
        group = {"_id": None, "revenue": {"$sum": "$total_amount"}}
        found = await self._mongo.aggregate(self._orders, [{"$match": {"status": {"$in": SOLD}}}, {"$group": group}])
        return decimal_of(found[0]["revenue"]) if found else Decimal(0)

    async def _grouped(self, seller_id: str | None, since: datetime, stages: list[Document]) -> list[Document]:
        return await self._mongo.aggregate(self._orders, [{"$match": sold_since(seller_id, since)}, *stages])

    async def _names(self, ids: list[str]) -> dict[str, str]:
        found = await self._users.find({"_id": {"$in": ids}}, {"name": 1}).to_list(len(ids) or 1)
        return {d["_id"]: d["name"] for d in found}


def sold_since(seller_id: str | None, since: datetime) -> dict[str, Any]:
    match: dict[str, Any] = {"status": {"$in": SOLD}, "timestamp": {"$gte": since}}
    return match if seller_id is None else {"seller_id": seller_id, **match}
