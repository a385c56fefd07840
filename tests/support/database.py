"""The database behind the shop's back: to change what no API may change, and to hold locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from tests.support.shop import Shop

COLLECTIONS = {"users", "products", "orders", "inventory_logs"}  # contract §5


@contextmanager
def database(shop: Shop) -> Iterator[Database[dict[str, Any]]]:
    """The one database that holds the four collections of the contract."""
    with MongoClient[dict[str, Any]](shop.demo.uri, serverSelectionTimeoutMS=10_000) as client:
        names = [name for name in client.list_database_names() if name not in ("admin", "config", "local")]
        holding = [name for name in names if set(client[name].list_collection_names()) >= COLLECTIONS]
        assert len(holding) == 1, f"{COLLECTIONS} are in {holding} of {names}"
        yield client[holding[0]]


@contextmanager
def locked(shop: Shop, *products: dict[str, Any]) -> Iterator[None]:
    """An open transaction of a stranger that has written the products: a checkout of them must wait or retry."""
    with database(shop) as db, db.client.start_session() as session:
        session.start_transaction()
        for product in products:
            filters = {"_id": product["id"], "seller_id": product["seller_id"]}
            update = {"$set": {"low_stock_threshold": product["low_stock_threshold"] + 1}}
            done = db["products"].update_one(filters, update, session=session)
            assert done.matched_count == 1, f"no product {filters}"
        try:
            yield
        finally:
            session.abort_transaction()
