"""The sharded cluster: what the shop does there and not on a replica set, and how the lab shows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from bson import json_util

from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.explain import Explains
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.members import describe_members
from shardmart.adapters.mongo.sharding import SHARD_KEYS, chunks_of, shard_collections
from shardmart.adapters.node_control import ClusterNodes
from shardmart.domain.reports import Explanation, Member, QueryShape

LOOK_SECONDS = 2.0  # how long the lab waits for what only the router can tell


@repository
class ShardedTopology:
    """Members are asked directly, chunks through the router; without a router the members are still shown."""

    def __init__(self, mongo: Mongo, nodes: ClusterNodes) -> None:
        self._mongo = mongo
        self._nodes = nodes
        self._explains = Explains(mongo, one_shard=False)
        self._map: dict[str, list[str]] = {}

    async def prepare(self) -> None:
        await shard_collections(self._mongo)

    async def describe(self) -> Mapping[str, Any]:
        names = {node["host"]: node["node"] for node in await self._nodes.known() if node.get("host")}
        sets = await self._sets()
        zones, collections, balancer = await self._from_router()
        described = await asyncio.gather(
            *(describe_members({host: names.get(host, host) for host in hosts}) for hosts in sets.values())
        )
        by_name = dict(zip(sets, described, strict=True))
        config_set, config_members = by_name.pop("config", (None, []))
        return {
            "kind": "sharded",
            "shards": [
                {"name": name, "members": members, "zones": zones.get(name, [])}
                for name, (_, members) in by_name.items()
            ],
            "config": {"set": config_set, "members": config_members},
            "routers": await self._routers(names),
            "collections": collections,
            "balancer": balancer,
        }

    def shapes(self) -> list[QueryShape]:
        return self._explains.shapes()

    async def explain(self, name: str) -> Explanation:
        return await self._explains.explain(name)

    async def _sets(self) -> dict[str, list[str]]:
        """`config` first, then the shards, each with its hosts; remembered for when no router answers."""
        try:
            command = self._mongo.client.get_database("admin").command("getShardMap")
            found = (await asyncio.wait_for(command, LOOK_SECONDS))["map"]
        except Exception:
            return self._map
        hosts = {name: where.partition("/")[2].split(",") for name, where in found.items()}
        self._map = {"config": hosts.pop("config"), **dict(sorted(hosts.items()))}
        return self._map

    async def _from_router(self) -> tuple[dict[str, list[str]], dict[str, Any], dict[str, Any] | None]:
        try:
            return await asyncio.wait_for(self._ask_router(), LOOK_SECONDS)
        except Exception:
            return {}, {}, None

    async def _ask_router(self) -> tuple[dict[str, list[str]], dict[str, Any], dict[str, Any] | None]:
        admin, config = self._mongo.client.get_database("admin"), self._mongo.client.get_database("config")
        zones = {d["_id"]: d.get("tags", []) for d in await config["shards"].find({}).to_list(None)}
        collections = {name: await self._collection(name) for name in SHARD_KEYS}
        status = await admin.command("balancerStatus")
        return zones, collections, {"mode": status["mode"], "running": status["inBalancerRound"]}

    async def _collection(self, name: str) -> Document:
        counted = await self._mongo.aggregate(self._mongo.collection(name), [{"$collStats": {"count": {}}}])
        return {
            "shard_key": dict(SHARD_KEYS[name]),
            "chunks": [
                {"min": _shown(chunk["min"]), "max": _shown(chunk["max"]), "shard": chunk["shard"]}
                for chunk in await chunks_of(self._mongo, name)
            ],
            "documents_by_shard": {d["shard"]: d["count"] for d in counted},
        }

    async def _routers(self, names: Mapping[str, str]) -> list[Member]:
        """The routers in the connection string, or those that the supervisor knows, and whether they answer."""
        servers = self._mongo.client.topology_description.server_descriptions()
        return [
            Member(
                node=names.get(f"{host}:{port}", f"{host}:{port}"),
                host=f"{host}:{port}",
                state="ROUTER" if server.is_server_type_known else "DOWN",
                lag_seconds=None,
            )
            for (host, port), server in servers.items()
        ]


def _shown(bound: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(json_util.dumps(bound))
    return shown
