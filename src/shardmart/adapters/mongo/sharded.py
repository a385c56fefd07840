"""The sharded cluster: what the shop does there and not on a replica set, and how the lab shows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from bson import json_util
from pymongo.errors import PyMongoError

from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.explain import Explains
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.members import describe_members
from shardmart.adapters.mongo.sharding import SHARD_KEYS, chunks_of, shard_collections
from shardmart.adapters.node_control import ClusterNodes
from shardmart.domain.reports import Explanation, Member, QueryShape

T = TypeVar("T")

LOOK_SECONDS = 1.5  # how long the lab waits for what only the router can tell


@repository
class ShardedTopology:
    """Members are asked directly, chunks through the router; without a router the members are still shown."""

    def __init__(self, mongo: Mongo, nodes: ClusterNodes) -> None:
        self._mongo = mongo
        self._admin = mongo.client.get_database("admin")
        self._nodes = nodes
        self._explains = Explains(mongo, one_shard=False)
        self._map: dict[str, list[str]] = {}

    async def prepare(self) -> None:
        await shard_collections(self._mongo)

    async def describe(self) -> Mapping[str, Any]:
        known = [node for node in await self._nodes.known() if node.get("host")]
        names = {node["host"]: node["node"] for node in known}
        sets = await self._sets(known)
        engine = [node["host"] for node in known if node["role"] == "engine"]
        described, zones, collections, balancer = await asyncio.gather(
            self._describe([*sets.values(), engine], names),
            _in_time(self._zones(), {}),
            self._collections(),
            _in_time(self._balancer(), None),
        )
        *by_set, (_, engine_members) = described
        by_name = dict(zip(sets, by_set, strict=True))
        config_set, config_members = by_name.pop("config", (None, []))
        return {
            "kind": "sharded",
            "shards": [
                {"name": name, "members": members, "zones": zones.get(name, [])}
                for name, (_, members) in by_name.items()
            ],
            "config": {"set": config_set, "members": config_members},
            "routers": [*self._routers(names), *engine_members],
            "collections": collections,
            "balancer": balancer,
        }

    def shapes(self) -> list[QueryShape]:
        return self._explains.shapes()

    async def explain(self, name: str) -> Explanation:
        return await self._explains.explain(name)

    async def _describe(
        self, sets: Sequence[Sequence[str]], names: Mapping[str, str]
    ) -> list[tuple[str | None, list[Member]]]:
        uri = self._mongo.uri
        asked = [describe_members({host: names.get(host, host) for host in hosts}, uri) for hosts in sets]
        return await asyncio.gather(*asked)

    async def _sets(self, known: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
        """`config` first, then the shards, each with its hosts: from the supervisor, else from a router."""
        found: dict[str, list[str]] = {}
        for node in known:
            if node["role"] in ("config", "shard"):
                found.setdefault(node["set"], []).append(node["host"])
        if found:
            return found
        self._map = await _in_time(self._shard_map(), self._map)
        return self._map

    async def _shard_map(self) -> dict[str, list[str]]:
        found = (await self._admin.command("getShardMap"))["map"]
        hosts = {name: where.partition("/")[2].split(",") for name, where in found.items()}
        return {"config": hosts.pop("config"), **dict(sorted(hosts.items()))}

    async def _zones(self) -> dict[str, list[str]]:
        shards = self._mongo.client.get_database("config")["shards"]
        return {d["_id"]: d.get("tags", []) for d in await shards.find({}).to_list(None)}

    async def _balancer(self) -> dict[str, Any]:
        status = await self._admin.command("balancerStatus")
        return {"mode": status["mode"], "running": status["inBalancerRound"]}

    async def _collections(self) -> dict[str, Any]:
        found = await asyncio.gather(*(self._collection(name) for name in SHARD_KEYS))
        return dict(zip(SHARD_KEYS, found, strict=True))

    async def _collection(self, name: str) -> Document:
        """Chunks come from the config servers; counts from every shard, so they are missing when one is away."""
        chunks, counted = await asyncio.gather(
            _in_time(chunks_of(self._mongo, name), []), _in_time(self._counts(name), {})
        )
        return {
            "shard_key": dict(SHARD_KEYS[name]),
            "chunks": [
                {"min": _shown(chunk["min"]), "max": _shown(chunk["max"]), "shard": chunk["shard"]}
                for chunk in chunks
            ],
            "documents_by_shard": counted,
        }

    async def _counts(self, name: str) -> dict[str, int]:
        counted = await self._mongo.aggregate(self._mongo.collection(name), [{"$collStats": {"count": {}}}])
        return {d["shard"]: d["count"] for d in counted}

    def _routers(self, names: Mapping[str, str]) -> list[Member]:
        """The routers in the connection string, and whether they answered lately."""
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


async def _in_time(question: Awaitable[T], otherwise: T) -> T:
    """The router's answer, or something else: the lab shows what it can while parts of the cluster are away."""
    try:
        return await asyncio.wait_for(question, LOOK_SECONDS)
    except (PyMongoError, asyncio.TimeoutError):
        return otherwise


def _shown(bound: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(json_util.dumps(bound))
    return shown
