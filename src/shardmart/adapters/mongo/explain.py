"""Live explains: every query and write shape that the shop issues, built by the code that issues it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import json_util
from bson.decimal128 import Decimal128

from shardmart.adapters.mongo import keyset, listing
from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.documents import PRODUCT_FIELDS, SHELF_FIELDS, shelf_of
from shardmart.adapters.mongo.notices import notices_of
from shardmart.adapters.mongo.orders import SORT, orders_filter
from shardmart.adapters.mongo.statistics import sold_since
from shardmart.adapters.mongo.stock import change, guard
from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import NotFound
from shardmart.domain.ids import new_id, owned_id, seller_of
from shardmart.domain.listings import ListingQuery, Sort, words_of
from shardmart.domain.orders import OrderFilter
from shardmart.domain.reports import Explanation, QueryShape
from shardmart.domain.stock import ChangeType, stock_log

LIMIT = 20


@dataclass(slots=True, frozen=True)
class Sample:
    """Parameters taken from the data; made-up ones where there is none yet."""

    product: Document
    order: Document
    now: datetime

    @property
    def seller_id(self) -> str:
        return str(self.product["seller_id"])


@dataclass(slots=True, frozen=True)
class Shape:
    name: str
    description: str
    one_seller: bool  # targeted on a sharded cluster: the shard key is in the filter
    command: Callable[[Sample], Document]


def _find(collection: str, filter: Document, **options: Any) -> Document:
    sort = options.pop("sort", None)
    return {"find": collection, "filter": filter, **({"sort": dict(sort)} if sort else {}), **options}


def _listing(query: ListingQuery) -> Document:
    plan = listing.plan(query, None)
    hint = {"hint": plan.index} if plan.index else {}
    return _find("products", plan.filter, sort=plan.sort, projection=PRODUCT_FIELDS, limit=LIMIT + 1, **hint)


def _search(s: Sample) -> Document:
    words = words_of(s.product["name"])[:1] or ("a",)
    first: list[Document] = [{"$match": {"terms": listing.prefix(words[-1])}}, {"$limit": 1000}]
    rest = {"$match": {**listing.listed(ListingQuery()), "$and": listing.words_match(words)}}
    return {"aggregate": "products", "pipeline": [*first, rest, {"$limit": LIMIT + 1}], "cursor": {}, "hint": "terms"}


def _take_stock(s: Sample) -> Document:
    shelf = shelf_of(s.product)
    log = stock_log(
        seller_id=shelf.seller_id,
        product_id=shelf.product_id,
        version=shelf.version + 1,
        change_type=ChangeType.PURCHASE,
        old_stock=shelf.stock,
        new_stock=max(0, shelf.stock - 1),
        at=s.now,
    )
    return {"update": "products", "updates": [{"q": guard(log), "u": {"$set": change(log)}}]}


def _by_id(collection: str, d: Document, **more: Any) -> Document:
    return _find(collection, {"_id": d["_id"], "seller_id": d["seller_id"], **more}, limit=1)


def _orders(which: OrderFilter) -> Document:
    return _find("orders", orders_filter(which), sort=SORT, limit=LIMIT + 1)


def _notices(user: Actor) -> Document:
    return _find("notifications", notices_of(user), sort=keyset.NEWEST, limit=LIMIT + 1)


SHAPES = (
    Shape("product_by_id", "A product page.", True, lambda s: _by_id("products", s.product, deleted=False)),
    Shape(
        "shelves",
        "What a checkout reads of the products it wants.",
        True,
        lambda s: _find(
            "products", {"_id": s.product["_id"], "seller_id": s.seller_id}, projection=SHELF_FIELDS, limit=1
        ),
    ),
    Shape("take_stock", "The guarded update with which a checkout takes its units.", True, _take_stock),
    Shape("product_listing", "A page of the catalogue, newest first.", False, lambda s: _listing(ListingQuery())),
    Shape(
        "category_listing",
        "A page of one category, by price.",
        False,
        lambda s: _listing(ListingQuery(sort=Sort.PRICE, category=s.product["category"])),
    ),
    Shape("text_search", "The candidates of a search by relevance.", False, _search),
    Shape(
        "categories",
        "Categories with their number of active products.",
        False,
        lambda s: {
            "aggregate": "products",
            "pipeline": [{"$match": {"is_active": True}}, {"$group": {"_id": "$category", "n": {"$sum": 1}}}],
            "cursor": {},
            "hint": "categories",
        },
    ),
    Shape(
        "seller_products",
        "A seller's own products, newest first.",
        True,
        lambda s: _find(
            "products", {"seller_id": s.seller_id, "deleted": False}, sort=keyset.NEWEST, limit=LIMIT + 1
        ),
    ),
    Shape("order_by_id", "One order.", True, lambda s: _by_id("orders", s.order)),
    Shape(
        "seller_orders",
        "A seller's orders, newest first.",
        True,
        lambda s: _orders(OrderFilter(seller_id=s.order["seller_id"])),
    ),
    Shape(
        "buyer_orders",
        "A buyer's orders over all sellers: the honest scatter-gather.",
        False,
        lambda s: _orders(OrderFilter(buyer_id=s.order["buyer_id"])),
    ),
    Shape(
        "seller_notifications",
        "What a seller was told of, newest first.",
        True,
        lambda s: _notices(Actor(s.seller_id, Role.SELLER, "")),
    ),
    Shape(
        "buyer_notifications",
        "What a buyer was told of: it lies with the sellers.",
        False,
        lambda s: _notices(Actor(s.order["buyer_id"], Role.BUYER, "")),
    ),
    Shape("all_orders", "All orders, for admins.", False, lambda s: _orders(OrderFilter())),
    Shape(
        "set_status",
        "Completing or cancelling an order.",
        True,
        lambda s: {
            "update": "orders",
            "updates": [
                {
                    "q": {"_id": s.order["_id"], "seller_id": s.order["seller_id"], "status": "placed"},
                    "u": {"$set": {"status": "completed"}},
                }
            ],
        },
    ),
    Shape(
        "inventory_logs_of_product",
        "The chain of a product's stock changes, newest first.",
        True,
        lambda s: _find(
            "inventory_logs",
            {"seller_id": s.seller_id, "_id": {"$gt": f"{s.product['_id']}-", "$lt": f"{s.product['_id']}-~"}},
            sort=[("_id", -1)],
            limit=LIMIT + 1,
        ),
    ),
    Shape(
        "seller_stats",
        "A seller's revenue by day.",
        True,
        lambda s: {
            "aggregate": "orders",
            "pipeline": [
                {"$match": sold_since(s.order["seller_id"], s.now - timedelta(days=30))},
                {"$group": {"_id": None, "revenue": {"$sum": "$total_amount"}}},
            ],
            "cursor": {},
        },
    ),
    Shape(
        "outcome_of_checkout",
        "What was decided for a checkout.",
        True,
        lambda s: _by_id("outcomes", {"_id": s.order["checkout_id"], "seller_id": seller_of(s.order["checkout_id"])}),
    ),
)


class Explains:
    """`one_shard`: on a replica set every shape touches one shard, the only one there is."""

    def __init__(self, mongo: Mongo, *, one_shard: bool) -> None:
        self._mongo = mongo
        self._one_shard = one_shard

    def shapes(self) -> list[QueryShape]:
        return [QueryShape(shape.name, shape.description, self._expected(shape)) for shape in SHAPES]

    async def explain(self, name: str) -> Explanation:
        shape = next((shape for shape in SHAPES if shape.name == name), None)
        if shape is None:
            raise NotFound
        raw = await self._mongo.db.command(
            {"explain": shape.command(await self._sample()), "verbosity": "executionStats"}
        )
        touched = len(shards_of(raw)) or 1
        return Explanation(
            name=name,
            expected=self._expected(shape),
            targeted=touched == 1,
            shards_touched=touched,
            index=next(_values(raw.get("shards") or _winning(raw), "indexName"), None),
            keys_examined=_sum(raw, "totalKeysExamined"),
            documents_examined=_sum(raw, "totalDocsExamined"),
            returned=_sum(raw, "nReturned"),
            raw=_shown(raw),
        )

    def _expected(self, shape: Shape) -> str:
        return "targeted" if self._one_shard or shape.one_seller else "scatter_gather"

    async def _sample(self) -> Sample:
        product = await self._mongo.collection("products").find_one({"is_active": True})
        order = await self._mongo.collection("orders").find_one({})
        nobody = new_id()
        made_up = {"_id": owned_id(nobody), "seller_id": nobody, "buyer_id": nobody, "checkout_id": owned_id(nobody)}
        unnamed = {"name": "", "category": "", "price": Decimal128("1.00"), "stock": 0, "version": 1}
        unsold = {"is_active": True, "low_stock_threshold": 0}
        return Sample(product or made_up | unnamed | unsold, order or made_up, clock.now())


def shards_of(raw: Mapping[str, Any]) -> list[str]:
    """The shards in an explain by a router; none in one by a replica set."""
    shards = raw.get("shards") or raw.get("queryPlanner", {}).get("winningPlan", {}).get("shards") or ()
    return sorted(shards) if isinstance(shards, Mapping) else [shard["shardName"] for shard in shards]


def _winning(raw: Mapping[str, Any]) -> Any:
    return [list(_values(raw, "winningPlan"))]


def _statistics(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every outermost `executionStats` that has totals of its own."""
    if isinstance(node, Mapping):
        if "totalKeysExamined" in node:
            yield node
            return
        for value in node.values():
            yield from _statistics(value)
    elif isinstance(node, list):
        for value in node:
            yield from _statistics(value)


def _sum(raw: Mapping[str, Any], figure: str) -> int:
    return sum(int(statistics.get(figure, 0)) for statistics in _statistics(raw))


def _values(node: Any, key: str) -> Iterator[Any]:
    if isinstance(node, Mapping):
        if key in node:
            yield node[key]
        for value in node.values():
            yield from _values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, key)


def _shown(raw: Mapping[str, Any]) -> dict[str, Any]:
    hidden = {"$clusterTime", "operationTime", "serverInfo", "serverParameters", "ok"}
    shown: dict[str, Any] = json.loads(json_util.dumps({k: v for k, v in raw.items() if k not in hidden}))
    return shown
