"""The replica set as the lab shows it: each member asked directly, so that no primary is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.explain import Explains
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.node_control import ClusterNodes
from shardmart.domain.reports import Explanation, Member, QueryShape

MEMBER_SECONDS = 1.0


@repository
class ReplicaTopology:
    def __init__(self, mongo: Mongo, nodes: ClusterNodes) -> None:
        self._mongo = mongo
        self._nodes = nodes
        self._explains = Explains(mongo, one_shard=True)

    async def describe(self) -> Mapping[str, Any]:
        names = {node["host"]: node["node"] for node in await self._nodes.known() if node.get("host")}
        hosts = sorted(names or self._hosts(), key=lambda host: names.get(host, host))
        set_name, members = await describe_members({host: names.get(host, host) for host in hosts})
        return {"kind": "replica", "set": set_name, "members": members}

    def shapes(self) -> list[QueryShape]:
        return self._explains.shapes()

    async def explain(self, name: str) -> Explanation:
        return await self._explains.explain(name)

    def _hosts(self) -> list[str]:
        servers = self._mongo.client.topology_description.server_descriptions()
        return [f"{host}:{port}" for host, port in servers]


async def describe_members(names: Mapping[str, str]) -> tuple[str | None, list[Member]]:
    """The set's name and its members, from host -> node name. Lag is against the newest write of any member."""
    answers = await asyncio.gather(*(_status(host) for host in names))
    times = [own["optimeDate"] for _, own in answers if own.get("optimeDate")]
    members = [
        Member(
            node=name,
            host=host,
            state=own.get("stateStr", "DOWN"),
            lag_seconds=(max(times) - own["optimeDate"]).total_seconds() if own.get("optimeDate") else None,
        )
        for (host, name), (_, own) in zip(names.items(), answers, strict=True)
    ]
    return next((set_name for set_name, _ in answers if set_name), None), members


async def _status(host: str) -> tuple[str | None, dict[str, Any]]:
    """What a member says of itself, nothing when it does not answer in time."""
    milliseconds = int(MEMBER_SECONDS * 1000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        f"mongodb://{host}",
        directConnection=True,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=milliseconds,
    )
    try:
        status = await asyncio.wait_for(client.admin.command("replSetGetStatus"), MEMBER_SECONDS * 1.5)
        own: dict[str, Any] = next((member for member in status["members"] if member.get("self")), {})
        return status.get("set"), own
    except (PyMongoError, asyncio.TimeoutError):
        return None, {}
    finally:
        await client.close()
