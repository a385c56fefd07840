"""The audit is no rubber stamp: what is changed behind the shop's back is found, and named (contract §8)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo.database import Database

from tests.support.api import ok
from tests.support.database import database
from tests.support.ledger import clean
from tests.support.shop import Shop

Documents = Database[dict[str, Any]]


@dataclass(frozen=True)
class Story:
    """A product that was stocked, bought twice, cancelled once and stocked again."""

    product: dict[str, Any]
    kept: dict[str, Any]
    cancelled: dict[str, Any]


@pytest.fixture
def story(shop: Shop) -> Story:
    seller, buyer = shop.seller(), shop.buyer()
    product = shop.product(seller, stock=10)
    kept, cancelled = (shop.buy(buyer, (product, 2))["orders"][0] for _ in range(2))
    ok(buyer.api.put(f"/api/orders/{cancelled['id']}/status", json={"status": "cancelled"}))
    ok(seller.api.post(f"/api/products/{product['id']}/stock", json={"delta": 7}))
    ok(seller.api.post(f"/api/products/{product['id']}/stock", json={"delta": 1}))
    return Story(product, kept, cancelled)


def key(document: dict[str, Any]) -> dict[str, Any]:
    return {"_id": document["_id"], "seller_id": document["seller_id"]}


@contextmanager
def without(db: Documents, collection: str, filters: dict[str, Any]) -> Iterator[None]:
    document = db[collection].find_one(filters)
    assert document, f"no {filters} in {collection}"
    assert db[collection].delete_one(key(document)).deleted_count == 1
    try:
        yield
    finally:
        db[collection].insert_one(document)


@contextmanager
def changed(db: Documents, collection: str, filters: dict[str, Any], update: dict[str, Any]) -> Iterator[None]:
    document = db[collection].find_one(filters)
    assert document, f"no {filters} in {collection}"
    raw = db.client[db.name][collection]
    done = raw.database.command(
        "update",
        collection,
        updates=[{"q": key(document), "u": update}],
        bypassDocumentValidation=True,
        writeConcern={"w": "majority"},
    )
    assert done["nModified"] == 1, done
    try:
        yield
    finally:
        raw.replace_one(key(document), document, bypass_document_validation=True)


def the_product(story: Story) -> dict[str, Any]:
    return {"_id": story.product["id"], "seller_id": story.product["seller_id"]}


def the_order(story: Story) -> dict[str, Any]:
    return {"_id": story.kept["id"], "seller_id": story.kept["seller_id"]}


def log_of(story: Story, change_type: str, **more: Any) -> dict[str, Any]:
    return {"product_id": story.product["id"], "change_type": change_type, **more}


Fault = Callable[[Documents, Story], Any]
FAULTS: dict[str, Fault] = {
    "a deleted order": lambda db, story: without(db, "orders", the_order(story)),
    "a deleted cancelled order": lambda db, story: without(
        db, "orders", {"_id": story.cancelled["id"], "seller_id": story.cancelled["seller_id"]}
    ),
    "a deleted purchase log": lambda db, story: without(
        db, "inventory_logs", log_of(story, "purchase", order_id=story.kept["id"])
    ),
    "a deleted cancellation log": lambda db, story: without(db, "inventory_logs", log_of(story, "cancellation")),
    "a missing restock log": lambda db, story: without(
        db, "inventory_logs", {"product_id": story.product["id"], "old_stock": 8, "new_stock": 15}
    ),
    "a missing first log": lambda db, story: without(db, "inventory_logs", log_of(story, "restock", old_stock=0)),
    "a missing last log": lambda db, story: without(
        db, "inventory_logs", {"product_id": story.product["id"], "new_stock": 16}
    ),
    "a changed stock figure": lambda db, story: changed(db, "products", the_product(story), {"$inc": {"stock": 1}}),
    "a negative stock": lambda db, story: changed(db, "products", the_product(story), {"$set": {"stock": -1}}),
    "a changed log figure": lambda db, story: changed(
        db, "inventory_logs", log_of(story, "purchase", order_id=story.kept["id"]), {"$inc": {"new_stock": -1}}
    ),
    "a doubled order line": lambda db, story: changed(
        db,
        "orders",
        the_order(story),
        {"$push": {"product_list": db["orders"].find_one(the_order(story))["product_list"][0]}},  # type: ignore[index]
    ),
    "a larger quantity in an order": lambda db, story: changed(
        db, "orders", the_order(story), {"$inc": {"product_list.0.quantity": 1}}
    ),
    "an order cancelled without its stock": lambda db, story: changed(
        db, "orders", the_order(story), {"$set": {"status": "cancelled"}}
    ),
    "a cancelled order placed again": lambda db, story: changed(
        db,
        "orders",
        {"_id": story.cancelled["id"], "seller_id": story.cancelled["seller_id"]},
        {"$set": {"status": "placed"}},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_audit_sees_what_was_changed_behind_the_shops_back(shop: Shop, story: Story, fault: str) -> None:
    with database(shop) as db:
        with FAULTS[fault](db, story):
            report = shop.audit()
            done = shop.demo.shardmart("audit", "--json")
        told = json.dumps(report["violations"])
        assert report["consistent"] is False
        assert all({"invariant", "detail"} <= set(violation) for violation in report["violations"])
        names = (story.product["id"], story.kept["id"], story.cancelled["id"], story.kept["checkout_id"])
        assert any(name in told for name in names), f"the violation is not named: {told}"
        assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
        assert json.loads(done.stdout)["consistent"] is False
    clean(shop)


def test_a_document_that_cannot_be_read_is_told_apart_from_a_violation(shop: Shop, story: Story) -> None:
    with database(shop) as db, changed(db, "products", the_product(story), {"$unset": {"version": 1}}):
        done = shop.demo.shardmart("audit")
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr and "could not be checked" in done.stderr, done.stderr
    clean(shop)


def test_the_schema_lets_no_stock_below_zero_even_from_behind(shop: Shop, story: Story) -> None:
    """The last line of defence (design §4): it must never fire, and it must be there."""
    from pymongo.errors import WriteError

    with database(shop) as db, pytest.raises(WriteError):
        db["products"].update_one(the_product(story), {"$set": {"stock": -1}})
    clean(shop)
