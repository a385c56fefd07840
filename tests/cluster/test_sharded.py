"""`python -m cluster … --topology sharded`: config set, two shards of one member, engine and router."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.cluster import supervised
from tests.cluster.supervised import Place, until

NODES = ["config-1", "shard1-1", "shard2-1", "engine", "router"]
KEY = {"seller_id": "hashed", "_id": 1}
UP = ("--topology", "sharded")
WARM_SECONDS = 60  # 20 on an idle machine (issue 3); this says only that nothing waits for a time-out


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A cluster in the background with one sharded collection, shared by the tests that leave it whole."""
    with supervised.up(tmp_path_factory.mktemp("sharded"), *UP) as place:
        with MongoClient[dict[str, Any]](place.status()["uri"]) as client:
            client.admin.command("enableSharding", "shardmart")
            client.admin.command("shardCollection", "shardmart.products", key=KEY)
        yield place


@pytest.fixture
def shared(up: Place) -> Iterator[Place]:
    yield up
    for node in up.status()["nodes"]:
        if node["process"] != "running":
            up.ask("POST", f"/nodes/{node['node']}/{'resume' if node['process'] == 'paused' else 'start'}")
    until(lambda: whole(up), "the cluster is whole again")


def whole(place: Place) -> bool:
    states = [node["state"] for node in place.status()["nodes"]]
    return states == ["PRIMARY"] * 4 + ["ROUTER"]


def keep(place: Place, value: str) -> None:
    with MongoClient[dict[str, Any]](place.status()["uri"], w="majority", timeoutMS=20_000) as client:
        client.shardmart.kept.insert_one({"value": value})


def kept(place: Place) -> list[str]:
    with MongoClient[dict[str, Any]](place.status()["uri"], timeoutMS=20_000) as client:
        return sorted(document["value"] for document in client.shardmart.kept.find())


def make_products(place: Place) -> None:
    with MongoClient[dict[str, Any]](place.status()["uri"], w="majority") as client:
        client.admin.command("enableSharding", "shardmart")
        client.admin.command("shardCollection", "shardmart.products", key=KEY)
        client.shardmart.products.insert_many([{"_id": f"{n}-p", "seller_id": str(n)} for n in range(40)])


def count(place: Place) -> int:
    with MongoClient[dict[str, Any]](place.status()["uri"]) as client:
        return sum(1 for _ in client.shardmart.products.find())


# --- what runs, and what is said of it -------------------------------------------------------------


def test_up_makes_a_cluster_of_two_shards_behind_a_router(shared: Place) -> None:
    status = json.loads(shared.ok("status", "--json"))
    assert status["topology"] == "sharded"
    assert [node["node"] for node in status["nodes"]] == NODES
    assert [node["role"] for node in status["nodes"]] == ["config", "shard", "shard", "engine", "router"]
    assert whole(shared)
    assert status["uri"] == f"mongodb://{status['nodes'][-1]['host']}/"
    with MongoClient[dict[str, Any]](status["uri"]) as client:
        assert client.admin.command("hello")["msg"] == "isdbgrid"
        shards = {shard["_id"]: shard["host"] for shard in client["config"]["shards"].find()}
    assert shards == {f"shard{n}": f"shard{n}/{status['nodes'][n]['host']}" for n in (1, 2)}


def test_status_counts_the_chunks_of_each_collection(shared: Place) -> None:
    chunks = shared.status()["chunks"]["shardmart.products"]
    assert set(chunks) == {"shard1", "shard2"}
    text = shared.ok("status")
    assert f"chunks of shardmart.products: shard1 {chunks['shard1']}, shard2 {chunks['shard2']}" in text
    assert all(name in text for name in NODES)


def test_status_still_answers_without_a_router(shared: Place) -> None:
    shared.ok("kill", "router")
    started = time.monotonic()
    status = shared.status()
    assert time.monotonic() - started < 20
    assert [node["state"] for node in status["nodes"]] == ["PRIMARY"] * 4 + ["DOWN"]
    assert status["chunks"] == {}


@pytest.mark.parametrize("node", NODES)
def test_a_node_is_killed_started_and_useful_again(shared: Place, node: str) -> None:
    before = kept(shared)
    shared.ok("kill", node)
    assert (shared.node(node)["process"], shared.node(node)["state"]) == ("killed", "DOWN")
    time.sleep(1)
    assert shared.node(node)["process"] == "killed", "what was killed on purpose stays down"
    shared.ok("start", node)
    until(lambda: whole(shared), "the cluster is whole again")
    keep(shared, node)
    assert kept(shared) == sorted([*before, node])


def test_a_paused_router_is_told_and_resumes(shared: Place) -> None:
    shared.ok("pause", "router")
    assert (shared.node("router")["process"], shared.node("router")["state"]) == ("paused", "DOWN")
    shared.ok("resume", "router")
    assert shared.node("router")["state"] == "ROUTER"


def test_a_router_is_no_member_that_could_step_down(shared: Place) -> None:
    assert "router is no member of a replica set" in shared.refused("stepdown", "router")


# --- chunks ----------------------------------------------------------------------------------------


def test_a_chunk_is_moved_and_back(shared: Place) -> None:
    before = shared.status()["chunks"]["shardmart.products"]
    assert "to shard2" in shared.ok("move-chunk", "products", "--to", "shard2")
    after = shared.status()["chunks"]["shardmart.products"]
    assert (after["shard1"], after["shard2"]) == (before["shard1"] - 1, before["shard2"] + 1)
    shared.ok("move-chunk", "products", "--to", "shard1")
    assert shared.status()["chunks"]["shardmart.products"] == before


def test_a_sellers_chunk_is_moved_with_the_sellers_documents(shared: Place) -> None:
    with MongoClient[dict[str, Any]](shared.status()["uri"], w="majority") as client:
        products = client.shardmart.products
        products.insert_one({"_id": "s-1", "seller_id": "s"})
        for shard in ("shard2", "shard1", "shard1"):
            said = shared.ok("move-chunk", "products", "--to", shard, "--seller", "s")
            assert said == f"moved the chunk of seller s in shardmart.products to {shard}"
            plan = products.find({"seller_id": "s", "_id": "s-1"}).explain()["queryPlanner"]["winningPlan"]
            assert [found["shardName"] for found in plan["shards"]] == [shard]
            assert products.find_one({"seller_id": "s", "_id": "s-1"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense", "--to", "shard1"), "shardmart.nonsense is not sharded"),
        (("products", "--to", "shard9"), "the chunk was not moved"),
        (("products", "--to", "shard9", "--seller", "s"), "the chunk was not moved"),
        (("products", "--to", "engine"), "the chunk was not moved"),
    ],
)
def test_a_chunk_that_cannot_be_moved_is_said(shared: Place, arguments: tuple[str, ...], said: str) -> None:
    message = shared.refused("move-chunk", *arguments)
    assert said in message and "full error" not in message


def test_a_replica_set_has_no_chunks_to_move(place: Place) -> None:
    place.ok("up", "--nodes", "1")
    assert "only a sharded cluster has chunks" in place.refused("move-chunk", "products", "--to", "shard1")
    place.ok("down")


# --- data directories ------------------------------------------------------------------------------


def test_a_second_start_finds_everything_again_at_the_same_addresses(place: Place) -> None:
    uri = place.ok("up", *UP)
    make_products(place)
    chunks = place.status()["chunks"]
    place.ok("down")
    assert not place.processes()
    assert place.ok("up", *UP) == uri
    assert (count(place), place.status()["chunks"]) == (40, chunks)
    place.ok("down")
    assert "holds a cluster of topology sharded, not replica" in place.refused("up")
    assert "made with the other kind of router" in Mongos(place).refused()


def test_a_copied_data_directory_is_a_cluster_of_its_own(new_place: Callable[..., Place]) -> None:
    original, copy = new_place("original"), new_place("copy")
    original.ok("up", *UP)
    make_products(original)
    original.ok("down")
    shutil.copytree(original.data, copy.data)
    original.ok("up", *UP)
    copy.ok("up", *UP)
    hosts = [{node["host"] for node in place.status()["nodes"]} for place in (original, copy)]
    assert not hosts[0] & hosts[1]
    keep(original, "original")
    keep(copy, "copy")
    assert (kept(original), kept(copy)) == (["original"], ["copy"])
    assert (count(original), count(copy)) == (40, 40)
    with MongoClient[dict[str, Any]](copy.status()["uri"]) as client:
        known = {host for shard in client["config"]["shards"].find() for host in shard["host"].split("/")[1:]}
    assert known <= hosts[1]
    copy.ok("move-chunk", "products", "--to", "shard1")
    assert count(copy) == 40
    copy.ok("down")
    original.ok("down")


class Mongos:
    """`up` with a `mongos` that is there but must not be started on a directory of the other kind."""

    def __init__(self, place: Place) -> None:
        self._place = place
        program = place.home / "mongos"
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
        place.environment["SHARDMART_MONGOS"] = str(program)

    def refused(self) -> str:
        return self._place.refused("up", *UP, "--router", "mongos")


def test_a_router_that_is_asked_for_and_not_there_is_named(new_place: Callable[..., Place]) -> None:
    place = new_place(PATH="/nowhere")
    assert "mongos" in place.refused("up", *UP, "--router", "mongos")
    missing = new_place("missing", SHARDMART_MONGOS="/nowhere/mongos")
    assert "no mongos found under /nowhere/mongos" in missing.refused("up", *UP)


def test_without_a_shard_its_documents_are_away_and_the_others_are_not(shared: Place) -> None:
    with MongoClient[dict[str, Any]](shared.status()["uri"], w="majority") as client:
        products = client.shardmart.products
        products.insert_many([{"_id": f"{n}-x", "seller_id": str(n)} for n in range(20)])
        home: dict[str, str] = {}
        for n in range(20):
            plan = products.find({"seller_id": str(n), "_id": f"{n}-x"}).explain()["queryPlanner"]["winningPlan"]
            home[plan["shards"][0]["shardName"]] = str(n)
        shared.ok("kill", "shard2-1")
        assert products.find_one({"seller_id": home["shard1"]})
        with pymongo.timeout(3), pytest.raises(PyMongoError):
            products.find_one({"seller_id": home["shard2"]})
        shared.ok("start", "shard2-1")
        assert until(lambda: products.find_one({"seller_id": home["shard2"]}), "it is back")


# --- the demo --------------------------------------------------------------------------------------


def test_a_demo_on_shards_is_ready_and_a_warm_start_is_quick(place: Place) -> None:
    place.start(*UP)
    assert [node["node"] for node in place.status()["nodes"]] == NODES
    assert place.stop() == 0
    started = time.monotonic()
    place.start(*UP)
    took = time.monotonic() - started
    print(f"warm: {took:.1f} s to READY")
    assert took < WARM_SECONDS
    assert place.stop() == 0
    assert place.nothing_left(0)
