"""Reading products: for the catalogue, for their sellers, for checkouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shardmart.adapters.mongo import keyset, listing, relevance
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import PRODUCT_FIELDS, SHELF_FIELDS, log_of, product_of, shelf_of
from shardmart.domain.ids import seller_of
from shardmart.domain.listings import CategoryCount, ListingQuery, Product, Sort
from shardmart.domain.paging import Page, Position
from shardmart.domain.purchase import Shelf
from shardmart.domain.stock import StockLog

Document = dict[str, Any]
MOST_KNOWN = 100_000  # ids remembered


class ProductReads:
    """`secondary_reads`: catalogue pages may come from secondaries; what a checkout reads never does."""

    def __init__(self, mongo: Mongo, *, secondary_reads: bool = False) -> None:
        self._mongo = mongo
        self._products = mongo.collection("products")
        self._catalogue = mongo.collection("products", secondary=secondary_reads)
        self._logs = mongo.collection("inventory_logs")
        self._known: set[str] = set()

    async def get(self, *, seller_id: str, id: str) -> Product | None:
        found = await self._products.find_one({"_id": id, "seller_id": seller_id, "deleted": False}, PRODUCT_FIELDS)
        return product_of(found) if found else None

    async def of_ids(self, *, seller_id: str, ids: Sequence[str]) -> dict[str, Product]:
        which = {"_id": {"$in": list(ids)}, "seller_id": seller_id, "deleted": False}
        found = await self._products.find(which, PRODUCT_FIELDS).to_list(None)
        return {d["_id"]: product_of(d) for d in found}

    async def shelves(self, ids: Sequence[str]) -> dict[str, Shelf]:
        return await read_shelves(self._mongo, ids)

    async def image_urls(self, ids: Sequence[str]) -> dict[str, str]:
        sellers = {seller_of(id) for id in ids}
        which = {
            "_id": {"$in": list(ids)},
            "seller_id": {"$in": sorted(sellers)},
            "deleted": False,
            "image_url": {"$type": "string"},
        }
        found = await self._products.find(which, {"image_url": 1}).to_list(None)
        return {d["_id"]: d["image_url"] for d in found}

    async def known(self, ids: Sequence[str]) -> bool:
        """Asks the database about ids that it has not named before; products are never taken out of it."""
        new = [id for id in ids if id not in self._known]
        found = await self.shelves(new)
        if len(self._known) + len(found) > MOST_KNOWN:
            self._known.clear()
        self._known.update(found)
        return len(found) == len(new)

    async def search(self, query: ListingQuery, *, after: Position | None, limit: int) -> Page[Product]:
        if query.sort is Sort.RELEVANCE:
            ranked = await relevance.ranked_page(self._mongo, self._catalogue, query, after, limit)
            return keyset.page(ranked, limit=limit, entity=product_of, key=relevance.position_of)
        plan = listing.plan(query, after)
        fields = PRODUCT_FIELDS if query.sort is not Sort.NAME else {**PRODUCT_FIELDS, "name_key": 1}
        cursor = self._catalogue.find(plan.filter, fields, sort=plan.sort, limit=limit + 1, hint=plan.index)
        found = await cursor.to_list(limit + 1)
        return keyset.page(found, limit=limit, entity=product_of, key=lambda d: listing.position_of(query.sort, d))

    async def of_seller(self, seller_id: str, *, after: Position | None, limit: int) -> Page[Product]:
        return await self._newest({"seller_id": seller_id, "deleted": False}, after, limit)

    async def all(self, *, after: Position | None, limit: int) -> Page[Product]:
        return await self._newest({"deleted": False}, after, limit)

    async def _newest(self, which: Document, after: Position | None, limit: int) -> Page[Product]:
        filter = keyset.beyond(which, keyset.NEWEST, keyset.timed(after))
        cursor = self._products.find(filter, PRODUCT_FIELDS, sort=keyset.NEWEST, limit=limit + 1)
        found = await cursor.to_list(limit + 1)
        return keyset.page(found, limit=limit, entity=product_of, key=keyset.newest_key)

    async def categories(self) -> list[CategoryCount]:
        pipeline: list[Document] = [
            {"$match": {"is_active": True}},
            {"$group": {"_id": "$category", "count": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        found = await self._mongo.aggregate(self._catalogue, pipeline, hint="categories")
        return [CategoryCount(d["_id"], d["count"]) for d in found]

    async def logs(self, *, seller_id: str, product_id: str, after: Position | None, limit: int) -> Page[StockLog]:
        below = after[0] if after else f"{product_id}-~"  # ids end in digits, which sort below ~
        which = {"seller_id": seller_id, "_id": {"$gt": f"{product_id}-", "$lt": below}}
        found = await self._logs.find(which, sort=[("_id", -1)], limit=limit + 1).to_list(limit + 1)
        return keyset.page(found, limit=limit, entity=log_of, key=lambda d: (d["_id"],))

    async def low_stock(self, seller_id: str, *, limit: int) -> list[Product]:
        which = {
            "seller_id": seller_id,
            "deleted": False,
            "is_active": True,
            "$expr": {"$lte": ["$stock", "$low_stock_threshold"]},
        }
        emptiest = [("stock", 1), ("_id", 1)]
        found = await self._products.find(which, PRODUCT_FIELDS, sort=emptiest, limit=limit).to_list(limit)
        return [product_of(d) for d in found]

    async def count(self) -> dict[str, int]:
        return {
            "active": await self._products.count_documents({"is_active": True}),
            "disabled": await self._products.count_documents({"is_active": False, "deleted": False}),
        }


async def read_shelves(mongo: Mongo, ids: Sequence[str], session: Session | None = None) -> dict[str, Shelf]:
    """The shelves of these products by id, from the primary, within `session` if there is one."""
    if not ids:
        return {}
    sellers = {seller_of(id) for id in ids}
    which = {
        "_id": ids[0] if len(ids) == 1 else {"$in": list(ids)},
        "seller_id": sellers.pop() if len(sellers) == 1 else {"$in": sorted(sellers)},
    }
    found = await mongo.collection("products").find(which, SHELF_FIELDS, session=session).to_list(len(ids))
    return {d["_id"]: shelf_of(d) for d in found}
