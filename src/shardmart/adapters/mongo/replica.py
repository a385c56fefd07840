"""The replica set: how the lab shows it. There is nothing to prepare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.explain import Explains
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.members import describe_members
from shardmart.adapters.node_control import ClusterNodes
from shardmart.domain.reports import Explanation, QueryShape


@repository
class ReplicaTopology:
    def __init__(self, mongo: Mongo, nodes: ClusterNodes) -> None:
        self._mongo = mongo
        self._nodes = nodes
        self._explains = Explains(mongo, one_shard=True)

    async def prepare(self) -> None:
        """All documents lie on the one set."""

    async def describe(self) -> Mapping[str, Any]:
        names = {node["host"]: node["node"] for node in await self._nodes.known() if node.get("host")}
        hosts = sorted(names or self._hosts(), key=lambda host: names.get(host, host))
        set_name, members = await describe_members({host: names.get(host, host) for host in hosts}, self._mongo.uri)
        return {"kind": "replica", "set": set_name, "members": members}

    def shapes(self) -> list[QueryShape]:
        return self._explains.shapes()

    async def explain(self, name: str) -> Explanation:
        return await self._explains.explain(name)

    def _hosts(self) -> list[str]:
        servers = self._mongo.client.topology_description.server_descriptions()
        return [f"{host}:{port}" for host, port in servers]
