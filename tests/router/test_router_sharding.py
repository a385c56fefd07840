"""The administrator's side: split, moveChunk, zones, the balancer, and what clients notice of it
(nothing)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from bson import MaxKey, MinKey
from pymongo.collection import Collection
from pymongo.errors import OperationFailure
from router_lab import Client, Lab

from cluster.router.bootstrap import (
    add_shards,
    give_engine_its_identity,
    initiate,
    pin_chunks,
    set_balancer,
    set_range_size,
    shard_collection,
)

Products = Collection[dict[str, Any]]


def chunks(client: Client, products: Products) -> list[dict[str, Any]]:
    """The collection's chunks, in order."""
    config = client["config"]
    collection = config["collections"].find_one({"_id": f"shop.{products.name}"})
    assert collection is not None
    return list(config["chunks"].find({"uuid": collection["uuid"]}).sort("min", 1))


def owner(products: Products, seller: str) -> str:
    """The shard of a seller."""
    plan = products.find({"seller_id": seller, "_id": 1}).explain()["queryPlanner"]["winningPlan"]
    return str(plan["shards"][0]["shardName"])


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Poll."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.2)


def test_split_by_median_and_in_the_middle(products: Products, client: Client, pair: tuple[str, str]) -> None:
    seller = pair[0]
    products.insert_many([{"_id": n, "seller_id": seller} for n in range(1000)])
    before = len(chunks(client, products))
    client.admin.command("split", f"shop.{products.name}", find={"seller_id": seller, "_id": 1})
    assert len(chunks(client, products)) == before + 1
    hashed = next(c["min"]["seller_id"] for c in chunks(client, products) if isinstance(c["min"]["_id"], int))
    client.admin.command("split", f"shop.{products.name}", middle={"seller_id": hashed, "_id": 900})
    assert len(chunks(client, products)) == before + 2
    assert products.count_documents({"seller_id": seller}) == 1000
    assert products.update_many({"seller_id": seller}, {"$set": {"x": 1}}).modified_count == 1000
    assert products.update_one({"seller_id": seller, "_id": 950}, {"$set": {"x": 2}}).modified_count == 1


def test_a_chunk_moves_under_load_and_nobody_notices(
    products: Products, client: Client, lab: Lab, pair: tuple[str, str]
) -> None:
    seller = pair[0]
    products.insert_many([{"_id": n, "seller_id": seller, "n": 0} for n in range(100)])
    done, failures, counts = threading.Event(), [], [0, 0, 0]

    def load(number: int, router: Lab) -> None:
        with lab.client() as own:
            collection = own["shop"][products.name]
            try:
                while not done.is_set():
                    key = {"_id": counts[number] % 100, "seller_id": seller}
                    assert collection.update_one(key, {"$inc": {"n": 1}}).matched_count == 1
                    counts[number] += 1
                    assert collection.count_documents({}) == 100
                    assert len(list(collection.find())) == 100
            except BaseException as error:
                failures.append(error)

    workers = [threading.Thread(target=load, args=(number, lab)) for number in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(2):
        for shard in ("shardB", "shardA"):
            find = {"seller_id": seller, "_id": 1}
            move = {"moveChunk": f"shop.{products.name}", "find": find, "to": shard, "_waitForDelete": True}
            client.admin.command(move)
            assert owner(products, seller) == shard
    done.set()
    for worker in workers:
        worker.join()
    assert failures == []
    assert sum(d["n"] for d in products.find()) == sum(counts) > 0


def test_transactions_while_a_chunk_moves(products: Products, client: Client, pair: tuple[str, str]) -> None:
    products.insert_many([{"_id": n, "seller_id": pair[n % 2], "n": 100} for n in range(10)])
    done, failures, count = threading.Event(), [], [0]

    def body(session: Any) -> None:
        source, target = {"_id": 0, "seller_id": pair[0]}, {"_id": 1, "seller_id": pair[1]}
        products.update_one(source, {"$inc": {"n": -1}}, session=session)
        products.update_one(target, {"$inc": {"n": 1}}, session=session)

    def load() -> None:
        try:
            with client.start_session() as session:
                while not done.is_set():
                    session.with_transaction(body)
                    count[0] += 1
        except BaseException as error:
            failures.append(error)

    worker = threading.Thread(target=load)
    worker.start()
    for shard in ("shardB", "shardA"):
        find = {"seller_id": pair[0], "_id": 1}
        client.admin.command("moveChunk", f"shop.{products.name}", find=find, to=shard, _waitForDelete=True)
    done.set()
    worker.join()
    assert failures == []
    numbers = {d["_id"]: d["n"] for d in products.find()}
    assert (numbers[0], numbers[1]) == (100 - count[0], 100 + count[0])


def test_another_routers_table_goes_stale_and_heals(
    products: Products, client: Client, lab: Lab, pair: tuple[str, str]
) -> None:
    seller = pair[0]
    with lab.client() as _, Client(lab.second_router.host) as other:
        theirs = other["shop"][products.name]
        theirs.insert_one({"_id": 1, "seller_id": seller, "n": 0})
        assert len(list(theirs.find())) == 1
        find = {"seller_id": seller, "_id": 1}
        client.admin.command("moveChunk", f"shop.{products.name}", find=find, to="shardB", _waitForDelete=True)
        assert theirs.update_one(find, {"$inc": {"n": 1}}).matched_count == 1
        assert theirs.find_one(find)["n"] == 1
        assert len(list(theirs.find())) == 1
        products.drop()
        assert list(theirs.find()) == []
        theirs.insert_one({"_id": 5})
        assert products.count_documents({}) == 1


def test_move_range_and_merge(products: Products, client: Client, pair: tuple[str, str]) -> None:
    bounds = next(c for c in chunks(client, products) if c["shard"] == "shardA")
    edges = {"min": bounds["min"], "max": bounds["max"]}
    client.admin.command("moveRange", f"shop.{products.name}", toShard="shardB", **edges)
    assert all(c["shard"] == "shardB" for c in chunks(client, products) if c["min"] == bounds["min"])
    whole = {"seller_id": MinKey(), "_id": MinKey()}, {"seller_id": MaxKey(), "_id": MaxKey()}
    for chunk in chunks(client, products):
        edges = {"min": chunk["min"], "max": chunk["max"]}
        client.admin.command("moveRange", f"shop.{products.name}", toShard="shardA", **edges)
    client.admin.command("mergeChunks", f"shop.{products.name}", bounds=list(whole))
    assert len(chunks(client, products)) == 1


def test_zones_pin_three_collections_alike(products: Products, client: Client, pair: tuple[str, str]) -> None:
    name = products.name
    others = [f"orders_{name}", f"logs_{name}"]
    pin_chunks(client, f"shop.{name}", f"shop.{name}")
    for other in others:
        shard_collection(client, f"shop.{other}", {"seller_id": "hashed", "_id": 1})
        pin_chunks(client, f"shop.{other}", f"shop.{name}")
    for seller in pair:
        assert {owner(client["shop"][other], seller) for other in [name, *others]} == {owner(products, seller)}
    tags = list(client["config"]["tags"].find({"ns": f"shop.{others[0]}"}))
    assert len(tags) == len(chunks(client, products))
    for tag in tags:
        client.admin.command("updateZoneKeyRange", tag["ns"], min=tag["min"], max=tag["max"], zone=None)
    for shard in ("shardA", "shardB"):
        with pytest.raises(OperationFailure):
            client.admin.command("removeShardFromZone", shard, zone=shard)


def test_the_balancer_obeys_and_moves_by_zone(products: Products, client: Client, pair: tuple[str, str]) -> None:
    namespace = f"shop.{products.name}"
    products.insert_many([{"_id": n, "seller_id": pair[n % 2]} for n in range(50)])
    assert client.admin.command("balancerStatus")["mode"] == "off"
    client.admin.command("addShardToZone", "shardB", zone="only")
    edges = {"min": {"seller_id": MinKey(), "_id": MinKey()}, "max": {"seller_id": MaxKey(), "_id": MaxKey()}}
    client.admin.command({"updateZoneKeyRange": namespace, **edges, "zone": "only"})
    time.sleep(1)
    assert {c["shard"] for c in chunks(client, products)} == {"shardA", "shardB"}
    set_balancer(client, on=True)
    try:
        assert client.admin.command("balancerStatus")["mode"] == "full"
        wait_until(lambda: {c["shard"] for c in chunks(client, products)} == {"shardB"})
        assert client.admin.command("balancerCollectionStatus", namespace)["ok"] == 1.0
    finally:
        set_balancer(client, on=False)
    assert products.count_documents({}) == 50
    client.admin.command({"updateZoneKeyRange": namespace, **edges, "zone": None})
    client.admin.command("removeShardFromZone", "shardB", zone="only")


def test_the_range_size_can_be_set(client: Client) -> None:
    set_range_size(client, 1)
    assert client["config"]["settings"].find_one({"_id": "chunksize"})["value"] == 1
    set_range_size(client, 128)


def test_commands_that_cannot_be_done_say_so(products: Products, client: Client) -> None:
    namespace = f"shop.{products.name}"
    refused: list[dict[str, Any]] = [
        {"moveChunk": namespace, "find": {"seller_id": "x", "_id": 1}, "to": "nowhere"},
        {"moveChunk": namespace, "to": "shardA"},
        {"moveChunk": "shop.not_sharded", "find": {"x": 1}, "to": "shardA"},
        {"split": namespace, "middle": {"seller_id": "x"}},
        {"split": namespace, "find": {"seller_id": "nobody", "_id": 1}},
        {"shardCollection": namespace, "key": {"other": 1}},
        {"shardCollection": "nodot", "key": {"x": 1}},
        {"addShardToZone": "nowhere", "zone": "z"},
        {"removeShard": "nowhere"},
    ]
    for command in refused:
        with pytest.raises(OperationFailure):
            client.admin.command(command)


def test_setting_up_may_be_repeated(lab: Lab, client: Client) -> None:
    for name, members in lab.sets.items():
        hosts = [process.host for process in members]
        initiate(hosts[0], name, hosts, config_server=name == "config")
    add_shards(client, {name: lab.hosts(name) for name in ("shardA", "shardB")})
    if "engine" in lab.sets:
        give_engine_its_identity(lab.hosts("engine")[0], config_set="config", config_hosts=lab.hosts("config"))
    for _ in range(2):
        shard_collection(client, "shop.twice", {"seller_id": "hashed", "_id": 1})
        pin_chunks(client, "shop.twice", "shop.twice")
    client.admin.command({"getShardMap": 1})
    assert client.admin.command("flushRouterConfig")["ok"] == 1.0
    client["shop"]["twice"].drop()
