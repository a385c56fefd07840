"""What the shop kept, as the checks see it: read from MongoDB itself where we may, else over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from loadtests.common import stage
from loadtests.common.ledger import Lines, units
from loadtests.common.stage import Stage
from loadtests.errors import CouldNotRun

DATABASE = "shardmart"
LOGS_A_BATCH = 2_000
SERVER_SECONDS = 15
CANCELLED = "cancelled"


@dataclass(frozen=True)
class Order:
    id: str
    checkout: str
    buyer: str
    lines: Lines
    status: str


@dataclass(frozen=True)
class Log:
    """One change of a product's stock."""

    product: str
    version: int
    order: str | None
    change: str
    old: int
    new: int
    reason: str


@dataclass(frozen=True)
class Evidence:
    """The orders with the stage's sellers, the stock of its products, and their logs in the order of versions."""

    orders: Mapping[str, Order] = field(default_factory=dict)
    stock: Mapping[str, int] = field(default_factory=dict)
    logs: Mapping[str, Sequence[Log]] = field(default_factory=dict)


def from_database(uri: str, set_stage: Stage) -> Evidence:
    """Read with majority: what was acknowledged must be there. Raises CouldNotRun."""
    ids = [product.id for product in set_stage.products]
    sellers = [seller.id for seller in set_stage.sellers]
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=SERVER_SECONDS * 1000) as mongo:
            db = mongo.get_database(DATABASE, read_concern=ReadConcern("majority"))
            orders = [_stored_order(d) for d in db["orders"].find({"seller_id": {"$in": sellers}})]
            found = db["products"].find({"_id": {"$in": ids}, "seller_id": {"$in": sellers}}, {"stock": 1})
            stock = {d["_id"]: int(d["stock"]) for d in found}
            which = {"seller_id": {"$in": sellers}, "product_id": {"$in": ids}}
            logs = [_log(d) for d in db["inventory_logs"].find(which, batch_size=LOGS_A_BATCH)]
    except PyMongoError as error:
        raise CouldNotRun(f"the database could not be read after the run: {error}") from error
    return Evidence({order.id: order for order in orders}, stock, by_product(logs))


def from_shop(url: str, set_stage: Stage) -> Evidence:
    """Asks the shop in the sellers' names. Raises CouldNotRun."""
    orders: dict[str, Order] = {}
    stock: dict[str, int] = {}
    logs: list[Log] = []
    try:
        with stage.client(url) as http:
            tokens = [stage.login(http, seller.email) for seller in set_stage.sellers]
            for token in tokens:
                for one in _pages(http, "/api/orders/seller-orders", token):
                    orders[one["id"]] = Order(
                        one["id"], one["checkout_id"], one["buyer_id"], _lines(one), one["status"]
                    )
            for product in set_stage.products:
                path = f"/api/products/{product.id}"
                answer = http.get(path)
                answer.raise_for_status()
                stock[product.id] = answer.json()["stock"]
                logs += map(_log, _pages(http, f"{path}/inventory-logs", tokens[product.seller]))
    except httpx.HTTPError as error:
        raise CouldNotRun(f"the shop could not be asked after the run: {error}") from error
    return Evidence(orders, stock, by_product(logs))


def by_product(logs: Sequence[Log]) -> dict[str, list[Log]]:
    found: dict[str, list[Log]] = {}
    for log in sorted(logs, key=lambda log: log.version):
        found.setdefault(log.product, []).append(log)
    return found


def _pages(http: httpx.Client, path: str, token: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        query = f"?limit=100&cursor={cursor}" if cursor else "?limit=100"
        answer = http.get(path + query, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        page = answer.json()
        yield from page["items"]
        if not (cursor := page["next_cursor"]):
            return


def _stored_order(d: Mapping[str, Any]) -> Order:
    return Order(d["_id"], str(d["checkout_id"]), str(d["buyer_id"]), _lines(d), d["status"])


def _lines(order: Mapping[str, Any]) -> Lines:
    return units((line["product_id"], line["quantity"]) for line in order["product_list"])


def _log(d: Mapping[str, Any]) -> Log:
    """Documents and answers name the fields alike."""
    return Log(
        d["product_id"],
        int(d["version"]),
        d.get("order_id"),
        d["change_type"],
        int(d["old_stock"]),
        int(d["new_stock"]),
        str(d.get("reason") or ""),
    )
