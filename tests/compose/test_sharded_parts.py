"""The parts of docker-compose.sharded.yml for real, behind the development router.

That router has no authentication, so the nodes run with their configuration less the key file, and the init scripts
without passwords; with users they run in test_replica_parts.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cluster import mongod as mongods
from cluster.router import bootstrap
from cluster.topology import NodeSpec
from shardmart.adapters.mongo.sharding import SHARD_KEYS
from tests.compose.parts import (
    Mongod,
    Program,
    binaries,
    connected,
    free_port,
    mongosh,
    serving,
    shardmart,
    short_home,
)
from tests.compose.smoke import shop_at, smoke, states
from tests.support.parallel import at_once

ADMIN, PASSWORD = "admin@example.com", "seven pots of tea"
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass
class Cluster:
    home: Path
    nodes: dict[str, Mongod]
    router: int

    @property
    def settings(self) -> dict[str, str]:
        uri = f"mongodb://127.0.0.1:{self.router}/"
        return {"SHARDMART_MONGO_URI": uri, "SHARDMART_TOPOLOGY": "sharded", "SHARDMART_SECRET_KEY": SECRET}

    def init(self) -> list[str]:
        """Every set's script, as Compose runs them: side by side."""
        return at_once([partial(self._init, name) for name in self.nodes], timeout=120)

    def _init(self, name: str) -> str:
        host = self.nodes[name].host
        role = {"CONFIGSVR": "1", "SHOP": "1"} if name == "config" else {}
        return mongosh("set.js", SET=name, HOSTS=host, LOCAL=host, HOME=str(self.home), **role)

    def add_shards(self) -> str:
        shards = ";".join(f"{name}/{self.nodes[name].host}" for name in ("shard1", "shard2"))
        return mongosh("shards.js", ROUTER=f"127.0.0.1:{self.router}", SHARDS=shards, HOME=str(self.home))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    home = short_home()
    for name in ("config", "shard1", "shard2", "engine"):
        (home / name).mkdir()
    nodes = {name: Mongod(name, home / name, keyfile=None) for name in ("config", "shard1", "shard2")}
    made = Cluster(home, nodes, free_port())
    spec = NodeSpec("engine", "engine", "engine", free_port())
    engine = Program(mongods.command(binaries.find_mongod(), spec, home / "engine"), home / "engine.log")
    ends = ["--config", nodes["config"].host, "--engine", spec.host]
    command = [sys.executable, "-m", "cluster.router", "--port", str(made.router), *ends]
    router = Program(command, home / "router.log")
    try:
        for node in nodes.values():
            node.start()
        engine.start(spec.port)
        assert sorted(made.init()) == ["config: 1 members\n", "shard1: 1 members\n", "shard2: 1 members\n"]
        bootstrap.initiate(spec.host, "engine", [spec.host])
        router.start(made.router)
        assert made.add_shards() == "shards: 2\n"
        bootstrap.give_engine_its_identity(spec.host, config_set="config", config_hosts=[nodes["config"].host])
        shardmart("prepare", **made.settings)
        yield made
    finally:
        router.stop()
        engine.stop(signal.SIGKILL)
        for node in nodes.values():
            node.kill()
        shutil.rmtree(home, ignore_errors=True)


def seen(cluster: Cluster) -> dict[str, Any]:
    """Shards, what is sharded how, where its chunks lie and are pinned to."""
    with connected(f"mongodb://127.0.0.1:{cluster.router}/") as client:
        config = client["config"]
        shop = {"_id": {"$regex": "^shardmart\\."}}
        collections = {d["_id"]: d for d in config["collections"].find(shop)}
        of_uuid = {d["uuid"]: name for name, d in collections.items()}
        chunks = [
            (of_uuid[d["uuid"]], str(d["min"]), d["shard"]) for d in config["chunks"].find() if d["uuid"] in of_uuid
        ]
        return {
            "shards": sorted((d["_id"], d["host"], tuple(d.get("tags", ()))) for d in config["shards"].find()),
            "keys": {name: d["key"] for name, d in collections.items()},
            "chunks": sorted(chunks),
            "zones": sorted((d["ns"], str(d["min"]), str(d["max"]), d["tag"]) for d in config["tags"].find()),
        }


def test_shards_are_added_and_collections_sharded_and_pinned_once(cluster: Cluster) -> None:
    before = seen(cluster)
    assert [(name, zones) for name, _, zones in before["shards"]] == [
        ("shard1", ("sellers-shard1",)),
        ("shard2", ("sellers-shard2",)),
    ]
    assert before["keys"] == {f"shardmart.{name}": dict(key) for name, key in SHARD_KEYS.items()}
    assert {shard for name, _, shard in before["chunks"] if name == "shardmart.products"} == {"shard1", "shard2"}
    assert {name for name, *_ in before["zones"]} == set(before["keys"])

    assert sorted(cluster.init()) == ["config: 1 members\n", "shard1: 1 members\n", "shard2: 1 members\n"]
    assert cluster.add_shards() == "shards: 2\n"
    shardmart("prepare", **cluster.settings)
    assert seen(cluster) == before


def test_the_nodes_run_with_the_parameters_of_their_files(cluster: Cluster) -> None:
    for name, node in cluster.nodes.items():
        with connected(f"mongodb://{node.host}/?directConnection=true") as client:
            told = client.admin.command("getParameter", "*")
            assert told["transactionLifetimeLimitSeconds"] == 5
            assert told["orphanCleanupDelaySecs"] == (1 if name.startswith("shard") else 900)


def test_the_shop_runs_on_it(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    shardmart("create-admin", "--email", ADMIN, "--password-file", str(tmp_path / "password"), **cluster.settings)
    with serving(cluster.home, **cluster.settings) as url:
        shop = shop_at(url)
        smoke(shop, admin_email=ADMIN, admin_password=PASSWORD)
        assert states(shop, ADMIN, PASSWORD) == ["PRIMARY"] * 3
        shop.close()
