"""Writes: single and in bulk, ordered and not, over both shards, repeated, and the rules of sharded
collections."""

from __future__ import annotations

import os
from typing import Any

import pytest
from bson import Binary, Int64
from pymongo import DeleteOne, InsertOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, WriteError
from pymongo.write_concern import WriteConcern
from router_lab import Client, Lab, RawConnection

Products = Collection[dict[str, Any]]


def test_documents_are_found_where_their_key_puts_them(
    products: Products, client: Client, sellers: dict[str, list[str]], lab: Any
) -> None:
    documents = [
        {"_id": f"{s}-{n}", "seller_id": s, "n": n}
        for s in [*sellers["shardA"], *sellers["shardB"]]
        for n in range(5)
    ]
    products.insert_many(documents)
    for shard, names in sellers.items():
        with lab.direct(shard) as direct:
            there = direct[products.database.name][products.name].distinct("seller_id")
            assert sorted(there) == sorted(names)
    for document in documents:
        assert products.find_one({"seller_id": document["seller_id"], "_id": document["_id"]}) == document


def test_insert_update_delete_one(products: Products, pair: tuple[str, str]) -> None:
    seller = pair[0]
    assert products.insert_one({"_id": 1, "seller_id": seller, "stock": 5}).acknowledged
    with pytest.raises(DuplicateKeyError):
        products.insert_one({"_id": 1, "seller_id": seller})
    key = {"_id": 1, "seller_id": seller}
    assert products.update_one({**key, "stock": {"$gte": 5}}, {"$inc": {"stock": -5}}).modified_count == 1
    assert products.update_one({**key, "stock": {"$gte": 1}}, {"$inc": {"stock": -1}}).matched_count == 0
    assert products.update_one(key, [{"$set": {"stock": {"$add": ["$stock", 7]}}}]).modified_count == 1
    assert products.replace_one(key, {"seller_id": seller, "stock": 9}).modified_count == 1
    assert products.find_one(key) == {**key, "stock": 9}
    assert products.delete_one(key).deleted_count == 1


def test_a_document_without_an_id_gets_one(products: Products, pair: tuple[str, str]) -> None:
    products.database.command("insert", products.name, documents=[{"seller_id": pair[0]}])
    found = products.find_one({"seller_id": pair[0]})
    assert found is not None
    assert "_id" in found


def test_upserts_need_the_whole_key(products: Products, pair: tuple[str, str]) -> None:
    key = {"_id": 1, "seller_id": pair[1]}
    assert products.update_one(key, {"$set": {"a": 1}}, upsert=True).upserted_id == 1
    assert products.update_one(key, {"$set": {"a": 2}}, upsert=True).upserted_id is None
    with pytest.raises(WriteError):
        products.update_one({"_id": 2}, {"$set": {"a": 1}}, upsert=True)


def test_writes_to_many_reach_both_shards(products: Products, pair: tuple[str, str]) -> None:
    products.insert_many([{"_id": n, "seller_id": pair[n % 2], "n": n} for n in range(20)])
    assert products.update_many({"n": {"$lt": 10}}, {"$inc": {"x": 1}}).modified_count == 10
    assert products.update_many({"seller_id": pair[0]}, {"$inc": {"y": 1}}).modified_count == 10
    assert products.count_documents({"x": 1, "y": 1}) == 5
    assert products.delete_many({"n": {"$gte": 15}}).deleted_count == 5
    assert products.delete_many({}).deleted_count == 15


def test_a_single_write_without_the_key_needs_the_id(products: Products, pair: tuple[str, str]) -> None:
    products.insert_many([{"_id": n, "seller_id": pair[n % 2]} for n in range(4)])
    assert products.update_one({"_id": 3}, {"$set": {"a": 1}}).matched_count == 1
    assert products.delete_one({"_id": 2}).deleted_count == 1
    with pytest.raises(WriteError):
        products.update_one({"a": 1}, {"$set": {"b": 1}})
    with pytest.raises(WriteError):
        products.delete_one({"a": 1})


@pytest.mark.parametrize("ordered", [True, False])
def test_bulk_over_both_shards(products: Products, pair: tuple[str, str], ordered: bool) -> None:
    first, second = pair
    result = products.bulk_write(
        [
            InsertOne({"_id": 1, "seller_id": first, "n": 0}),
            InsertOne({"_id": 2, "seller_id": second, "n": 0}),
            UpdateOne({"_id": 1, "seller_id": first}, {"$inc": {"n": 1}}),
            UpdateOne({"_id": 3, "seller_id": second}, {"$set": {"n": 7}}, upsert=True),
            UpdateMany({}, {"$inc": {"n": 10}}),
            DeleteOne({"_id": 2, "seller_id": second}),
        ],
        ordered=ordered,
    )
    assert (result.inserted_count, result.upserted_ids, result.deleted_count) == (2, {3: 3}, 1)
    if ordered:
        assert {d["_id"]: d["n"] for d in products.find()} == {1: 11, 3: 17}


def test_an_ordered_bulk_stops_at_the_first_error(products: Products, pair: tuple[str, str]) -> None:
    documents = [{"_id": n, "seller_id": pair[n % 2]} for n in (1, 2, 1, 3)]
    with pytest.raises(BulkWriteError) as caught:
        products.insert_many(documents)
    assert [error["index"] for error in caught.value.details["writeErrors"]] == [2]
    assert sorted(d["_id"] for d in products.find()) == [1, 2]


def test_an_unordered_bulk_goes_on_after_errors(products: Products, pair: tuple[str, str]) -> None:
    documents = [{"_id": n, "seller_id": pair[n % 2]} for n in (1, 2, 1, 3, 2, 4)]
    with pytest.raises(BulkWriteError) as caught:
        products.insert_many(documents, ordered=False)
    details = caught.value.details
    assert ([error["index"] for error in details["writeErrors"]], details["nInserted"]) == ([2, 4], 4)


def test_a_statement_that_cannot_be_aimed_fails_in_its_turn(products: Products, pair: tuple[str, str]) -> None:
    requests = [
        InsertOne({"_id": 1, "seller_id": pair[0]}),
        UpdateOne({"nothing": 1}, {"$set": {"a": 1}}),
        InsertOne({"_id": 2, "seller_id": pair[1]}),
    ]
    with pytest.raises(BulkWriteError):
        products.bulk_write(requests)
    assert products.count_documents({}) == 1
    with pytest.raises(BulkWriteError):
        products.bulk_write(requests[1:], ordered=False)
    assert products.count_documents({}) == 2


def test_large_bulks(products: Products, sellers: dict[str, list[str]]) -> None:
    names = [*sellers["shardA"], *sellers["shardB"]]
    documents = [{"_id": n, "seller_id": names[n % len(names)], "t": "x" * 200} for n in range(20_000)]
    products.insert_many(documents, ordered=False)
    assert products.count_documents({}) == 20_000


def test_find_and_modify(products: Products, pair: tuple[str, str]) -> None:
    key = {"_id": 1, "seller_id": pair[1]}
    products.insert_one({**key, "n": 1})
    after = products.find_one_and_update(key, {"$inc": {"n": 1}}, return_document=ReturnDocument.AFTER)
    assert after == {**key, "n": 2}
    assert products.find_one_and_update({**key, "n": 77}, {"$inc": {"n": 1}}) is None
    assert products.find_one_and_replace(key, {"seller_id": pair[1], "n": 5}) == {**key, "n": 2}
    assert products.find_one_and_delete(key) == {**key, "n": 5}
    upserted = products.find_one_and_update(key, {"$set": {"n": 1}}, upsert=True, return_document=True)
    assert upserted == {**key, "n": 1}
    with pytest.raises(OperationFailure):
        products.find_one_and_update({"n": 1}, {"$inc": {"n": 1}})


@pytest.mark.parametrize("times", [2, 5])
def test_a_repeated_retryable_write_is_applied_once(
    products: Products, lab: Lab, pair: tuple[str, str], times: int
) -> None:
    products.insert_many([{"_id": n, "seller_id": pair[n % 2], "n": 0} for n in range(4)])
    session = {"id": Binary(os.urandom(16), 4)}
    updates = [{"q": {"_id": n, "seller_id": pair[n % 2]}, "u": {"$inc": {"n": 1}}} for n in range(4)]
    update = {"update": products.name, "updates": updates, "lsid": session, "txnNumber": Int64(1)}
    key = {"_id": 0, "seller_id": pair[0]}
    modify = {"findAndModify": products.name, "query": key, "update": {"$inc": {"n": 1}}, "new": True}
    with RawConnection(lab.router.port) as raw:
        for _ in range(times):
            reply = raw.command("shop", update)
            assert (reply["ok"], reply["n"]) == (1.0, 4)
        for _ in range(times):
            reply = raw.command("shop", {**modify, "lsid": session, "txnNumber": Int64(2)})
            assert reply["value"]["n"] == 2
    assert sorted(d["n"] for d in products.find()) == [1, 1, 1, 2]


def test_unsharded_collections_and_new_databases_work_alike(client: Client) -> None:
    client.drop_database("fresh")
    users = client["fresh"]["users"]
    assert list(users.find()) == []
    assert users.count_documents({}) == 0
    assert "fresh" not in client.list_database_names()
    users.create_index("email", unique=True)
    users.insert_one({"email": "a@example.com"})
    with pytest.raises(DuplicateKeyError):
        users.insert_one({"email": "a@example.com"})
    assert users.find_one_and_update({"email": "a@example.com"}, {"$set": {"x": 1}}) is not None
    client.drop_database("fresh")
    assert "fresh" not in client.list_database_names()


def test_validators_hold_on_every_shard(products: Products, pair: tuple[str, str]) -> None:
    products.database.command("collMod", products.name, validator={"stock": {"$gte": 0}})
    for n, seller in enumerate(pair):
        products.insert_one({"_id": n, "seller_id": seller, "stock": 1})
        with pytest.raises(WriteError):
            products.update_one({"_id": n, "seller_id": seller}, {"$inc": {"stock": -2}})
    name = f"validated_{products.name}"
    products.database.create_collection(name, validator={"stock": {"$gte": 0}})
    with pytest.raises(WriteError):
        products.database[name].insert_one({"stock": -1})


def test_unacknowledged_writes_arrive(products: Products, pair: tuple[str, str]) -> None:
    loose = products.with_options(write_concern=WriteConcern(w=0))
    loose.insert_one({"_id": 1, "seller_id": pair[0]})
    assert products.find_one({"_id": 1, "seller_id": pair[0]}) is not None


def test_a_write_concern_that_cannot_be_met_is_told(products: Products, pair: tuple[str, str]) -> None:
    impossible = products.with_options(write_concern=WriteConcern(w=5, wtimeout=200))
    with pytest.raises(OperationFailure):
        impossible.insert_one({"_id": 1, "seller_id": pair[0]})
