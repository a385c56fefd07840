"""Gives the members of a set new addresses while none of them runs.

Needed when a remembered port was taken by somebody else and for a copied data directory, whose nodes would
otherwise join the original's set. Written into each member's own configuration (MongoDB's procedure for changing
host names with all members stopped); a new set id makes sure that original and copy refuse each other.
"""

import asyncio
import os
import signal
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from cluster import mongod, replica
from cluster.console import log
from cluster.datadir import DataDir
from cluster.errors import ClusterError
from cluster.guard import Child, Guard
from cluster.topology import NodeSpec, Topology

Document = dict[str, Any]
STOP_SECONDS = 20


async def relocate(topology: Topology, *, data: DataDir, guard: Guard, binary: str) -> None:
    """Write the topology's addresses into all members that have documents; raises ClusterError if one refuses."""
    log("the nodes have new addresses: telling them")
    for members in topology.sets.values():
        set_id = ObjectId()
        known = [member for member in members if data.has_documents(member.name)]
        children = [_start(member, data=data, guard=guard, binary=binary) for member in known]
        await asyncio.gather(
            *(_relocate_one(*pair, topology, set_id) for pair in zip(known, children, strict=True)),
        )
        for child in children:
            guard.forget(child)


def _start(node: NodeSpec, *, data: DataDir, guard: Guard, binary: str) -> Child:
    command = mongod.standalone_command(binary, node.port, data.node_path(node.name))
    with data.log_path(node.name).open("ab") as output:
        return guard.spawn(command, env=os.environ, output=output.fileno())


async def _relocate_one(node: NodeSpec, child: Child, topology: Topology, set_id: ObjectId) -> None:
    listening = asyncio.create_task(replica.listening(node.host))
    while not listening.done():
        if not child.alive:
            listening.cancel()
            raise ClusterError(f"{node.name} cannot be given a new address; see its log")
        await asyncio.sleep(replica.POLL_SECONDS)
    await _rewrite(node, topology, set_id)
    child.send(signal.SIGTERM)
    if not await child.ended(STOP_SECONDS):
        raise ClusterError(f"{node.name} does not stop after it was given a new address")


async def _rewrite(node: NodeSpec, topology: Topology, set_id: ObjectId) -> None:
    members = topology.sets[str(node.replica_set)]
    try:
        async with replica.direct(node.host, seconds=20) as admin:
            configs = admin.client.local["system.replset"]
            if config := await configs.find_one({"_id": node.replica_set}):
                for member in config["members"]:
                    member["host"] = members[member["_id"]].host
                config.setdefault("settings", {})["replicaSetId"] = set_id
                await configs.replace_one({"_id": node.replica_set}, config)
            await _rewrite_cluster(node, topology, admin.client)
    except PyMongoError as error:
        raise ClusterError(f"{node.name} cannot be given a new address: {error}") from None


async def _rewrite_cluster(node: NodeSpec, topology: Topology, client: AsyncMongoClient[Document]) -> None:
    """What a sharded cluster knows besides: the config servers where its shards are, the shards where those are."""
    if node.role == "config":
        for name in topology.shards:
            where = {"host": f"{name}/{topology.hosts(name)}"}
            await client["config"]["shards"].update_one({"_id": name}, {"$set": where})
    elif node.role in ("shard", "engine"):
        where = {"configsvrConnectionString": f"config/{topology.hosts('config')}"}
        await client["admin"]["system.version"].update_one({"_id": "shardIdentity"}, {"$set": where})
