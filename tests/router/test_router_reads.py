"""Reads over one shard and over both: cursors, sorting, aggregation, text, explain, indexes, listings,
sizes."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo import DESCENDING
from pymongo.collection import Collection
from pymongo.errors import CursorNotFound, OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from router_lab import Client, Lab, RawConnection

from cluster.router.bootstrap import shard_collection

Products = Collection[dict[str, Any]]
COUNT = 300


@pytest.fixture
def stocked(products: Products, sellers: dict[str, list[str]]) -> Products:
    """300 products of 24 sellers."""
    names = sorted([*sellers["shardA"], *sellers["shardB"]])
    products.insert_many(
        [
            {"_id": n, "seller_id": names[n % len(names)], "price": (n * 7) % 100, "category": f"c{n % 5}"}
            for n in range(COUNT)
        ],
        ordered=False,
    )
    return products


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_a_cursor_brings_everything_once(stocked: Products, size: int) -> None:
    assert sorted(d["_id"] for d in stocked.find().batch_size(size)) == list(range(COUNT))


def test_a_cursor_on_one_shard_continues_there(stocked: Products, pair: tuple[str, str]) -> None:
    stocked.insert_many([{"_id": 1000 + n, "seller_id": pair[0]} for n in range(500)])
    assert len(list(stocked.find({"seller_id": pair[0]}).batch_size(50))) >= 500


def test_sort_skip_limit_across_shards(stocked: Products) -> None:
    expected = sorted(range(COUNT), key=lambda n: (-((n * 7) % 100), n))
    found = stocked.find().sort([("price", DESCENDING), ("_id", 1)]).skip(20).limit(50).batch_size(7)
    assert [d["_id"] for d in found] == expected[20:70]


def test_projection_and_count_and_distinct(stocked: Products, pair: tuple[str, str]) -> None:
    assert stocked.find_one({"_id": 3}, {"price": 1}) == {"_id": 3, "price": 21}
    assert stocked.count_documents({"category": "c1"}) == COUNT // 5
    assert stocked.estimated_document_count() == COUNT
    assert stocked.count_documents({}, skip=10, limit=5) == 5
    assert stocked.database.command("count", stocked.name, skip=290)["n"] == 10
    assert sorted(stocked.distinct("category")) == [f"c{n}" for n in range(5)]
    one = stocked.distinct("category", {"seller_id": pair[0]})
    assert set(one) <= {f"c{n}" for n in range(5)}


def test_a_killed_cursor_is_gone(stocked: Products, lab: Lab) -> None:
    for query in ({}, {"seller_id": "seller1"}):
        with RawConnection(lab.router.port) as raw:
            opened = raw.command("shop", {"find": stocked.name, "filter": query, "batchSize": 1})["cursor"]["id"]
            killed = raw.command("shop", {"killCursors": stocked.name, "cursors": [opened, 12345]})
            assert (killed["cursorsKilled"], killed["cursorsNotFound"]) == ([opened], [12345])
            after = raw.command("shop", {"getMore": opened, "collection": stocked.name})
            assert after["code"] == 43
    with pytest.raises(CursorNotFound):
        stocked.database.command({"getMore": 77, "collection": stocked.name})


def test_group_match_unwind_facet(stocked: Products, pair: tuple[str, str]) -> None:
    groups = stocked.aggregate([{"$group": {"_id": "$category", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])
    assert list(groups) == [{"_id": f"c{n}", "n": COUNT // 5} for n in range(5)]
    one = list(stocked.aggregate([{"$match": {"seller_id": pair[0]}}, {"$count": "n"}]))
    assert one[0]["n"] == stocked.count_documents({"seller_id": pair[0]})
    facets = next(
        stocked.aggregate(
            [
                {"$match": {"price": {"$lt": 50}}},
                {
                    "$facet": {
                        "total": [{"$count": "n"}],
                        "top": [
                            {"$sort": {"price": -1, "_id": 1}},
                            {"$limit": 3},
                            {"$project": {"price": 1}},
                        ],
                    }
                },
            ]
        )
    )
    assert facets["total"][0]["n"] == stocked.count_documents({"price": {"$lt": 50}})
    assert [d["price"] for d in facets["top"]] == [49, 49, 49]
    unwound = [
        {"$addFields": {"list": ["a", "b"]}},
        {"$unwind": "$list"},
        {"$group": {"_id": None, "n": {"$sum": 1}}},
    ]
    assert next(stocked.aggregate(unwound))["n"] == 2 * COUNT
    assert len(list(stocked.aggregate([{"$sort": {"price": 1}}], batchSize=10))) == COUNT


def test_lookup_joins_sharded_and_unsharded(stocked: Products, client: Client, sellers: dict[str, list[str]]) -> None:
    users = client["shop"][f"users_{stocked.name}"]
    names = [*sellers["shardA"], *sellers["shardB"]]
    users.insert_many([{"_id": name, "name": name.upper()} for name in names])
    join = {"$lookup": {"from": users.name, "localField": "seller_id", "foreignField": "_id", "as": "seller"}}
    joined = list(stocked.aggregate([{"$match": {"_id": {"$lt": 50}}}, join]))
    assert len(joined) == 50
    assert all(d["seller"][0]["name"] == d["seller_id"].upper() for d in joined)
    back = {"$lookup": {"from": stocked.name, "localField": "_id", "foreignField": "seller_id", "as": "products"}}
    assert sum(len(d["products"]) for d in users.aggregate([back])) == COUNT
    reviews = f"reviews_{stocked.name}"
    shard_collection(client, f"shop.{reviews}", {"product": "hashed"})
    client["shop"][reviews].insert_many([{"product": n % 50, "stars": n % 5} for n in range(200)])
    join = {"$lookup": {"from": reviews, "localField": "_id", "foreignField": "product", "as": "reviews"}}
    assert sum(len(d["reviews"]) for d in stocked.aggregate([join])) == 200


def test_text_search_by_score_over_both_shards(products: Products, pair: tuple[str, str]) -> None:
    products.create_index([("name", "text")])
    words = ["red lamp", "lamp lamp lamp", "blue chair", "green lamp stand"]
    products.insert_many([{"_id": n, "seller_id": pair[n % 2], "name": word} for n, word in enumerate(words)])
    score = {"score": {"$meta": "textScore"}}
    found = products.find({"$text": {"$search": "lamp"}}, score).sort([("score", {"$meta": "textScore"})])
    assert next(found)["_id"] == 1
    assert products.count_documents({"$text": {"$search": "lamp"}}) == 3
    assert products.count_documents({"$text": {"$search": "lamp"}, "seller_id": pair[1]}) == 2


def plan_of(reply: dict[str, Any]) -> tuple[str, int]:
    """Stage and number of shards of an explain."""
    plan = reply["queryPlanner"]["winningPlan"]
    return plan["stage"], len(plan["shards"])


def test_explain_shows_the_shards(stocked: Products, pair: tuple[str, str]) -> None:
    key = {"seller_id": pair[0], "_id": 1}
    assert plan_of(stocked.find(key).explain()) == ("SINGLE_SHARD", 1)
    assert plan_of(stocked.find({"price": 1}).explain())[1] == 2
    assert plan_of(stocked.find().sort("price", 1).explain())[0] == "SHARD_MERGE_SORT"

    def explain(command: dict[str, Any]) -> tuple[str, int]:
        reply = stocked.database.command("explain", command, verbosity="executionStats")
        assert reply["executionStats"]["totalDocsExamined"] >= 0
        return plan_of(reply)

    name = stocked.name
    update = {"update": name, "updates": [{"q": key, "u": {"$inc": {"price": 1}}}]}
    assert explain(update) == ("SINGLE_SHARD", 1)
    many = {"update": name, "updates": [{"q": {}, "u": {"$inc": {"price": 1}}, "multi": True}]}
    assert explain(many) == ("SHARD_WRITE", 2)
    assert explain({"delete": name, "deletes": [{"q": key, "limit": 1}]}) == ("SINGLE_SHARD", 1)
    assert explain({"findAndModify": name, "query": key, "update": {"$inc": {"price": 1}}}) == (
        "SINGLE_SHARD",
        1,
    )
    assert explain({"count": name, "query": {"price": 1}})[1] == 2
    assert explain({"count": name, "query": key}) == ("SINGLE_SHARD", 1)
    aggregate = {
        "aggregate": name,
        "pipeline": [{"$match": {"price": {"$lt": 9}}}, {"$count": "n"}],
        "cursor": {},
    }
    for verbosity in ("queryPlanner", "executionStats"):
        reply = stocked.database.command("explain", aggregate, verbosity=verbosity)
        assert set(reply["shards"]) == {"shardA", "shardB"}
    assert stocked.count_documents({"price": {"$gt": 99}}) == 0, "explaining must not write"


def test_indexes(products: Products, client: Client) -> None:
    products.create_index([("seller_id", 1), ("price", -1)], name="by_price")
    assert products.index_information()["by_price"]["key"] == [("seller_id", 1), ("price", -1)]
    with pytest.raises(OperationFailure):
        products.create_index("email", unique=True)
    products.drop_index("by_price")
    assert "by_price" not in products.index_information()
    assert products.name in client["shop"].list_collection_names()


def test_snapshot_reads_agree_over_shards(stocked: Products, client: Client, pair: tuple[str, str]) -> None:
    with client.start_session(snapshot=True) as session:
        before = stocked.count_documents({}, session=session) if False else len(list(stocked.find(session=session)))
        stocked.delete_many({})
        assert len(list(stocked.find(session=session))) == before == COUNT
        assert next(stocked.aggregate([{"$count": "n"}], session=session))["n"] == COUNT
        assert len(list(stocked.find({"seller_id": pair[0]}, session=session))) > 0
    with client.start_session(snapshot=True) as session:
        assert list(stocked.find(session=session)) == []


def test_read_concern_and_preference(stocked: Products) -> None:
    majority = stocked.with_options(read_concern=ReadConcern("majority"))
    assert majority.count_documents({}) == COUNT
    loose = stocked.with_options(read_preference=ReadPreference.SECONDARY_PREFERRED)
    assert len(list(loose.find())) == COUNT
    assert loose.find_one({"_id": 5, "seller_id": "seller5"}) == stocked.find_one({"_id": 5, "seller_id": "seller5"})


def test_own_writes_are_read_causally(stocked: Products, client: Client, pair: tuple[str, str]) -> None:
    with client.start_session(causal_consistency=True) as session:
        for n in range(20):
            stocked.insert_one({"_id": 5000 + n, "seller_id": pair[n % 2]}, session=session)
            assert stocked.count_documents({"_id": {"$gte": 5000}}, session=session) == n + 1


def test_sizes_and_listings(stocked: Products, client: Client) -> None:
    stats = client["shop"].command("collStats", stocked.name)
    assert (stats["sharded"], stats["count"], set(stats["shards"])) == (True, COUNT, {"shardA", "shardB"})
    assert client["shop"].command("dbStats")["objects"] >= COUNT
    assert "shop" in client.list_database_names()
    assert len(client.admin.command("listShards")["shards"]) == 2
    info = next(client["shop"].list_collections(filter={"name": stocked.name}))
    assert info["type"] == "collection"
    assert client.server_info()["version"].startswith(("6.", "7.", "8."))
    assert client.admin.command("connectionStatus")["ok"] == 1.0
    assert client.admin.command("serverStatus")["process"] == "mongos"
    assert client.is_mongos


def test_the_config_database_can_be_read(stocked: Products, client: Client) -> None:
    config = client["config"]
    collection = config["collections"].find_one({"_id": f"shop.{stocked.name}"})
    assert collection is not None
    assert config["chunks"].count_documents({"uuid": collection["uuid"]}) >= 2
    assert {d["_id"] for d in config["shards"].find()} == {"shardA", "shardB"}
    by_shard = config["chunks"].aggregate([{"$group": {"_id": "$shard"}}])
    assert {d["_id"] for d in by_shard} == {"shardA", "shardB"}
    assert list(config["tags"].find({"ns": f"shop.{stocked.name}"})) == []
