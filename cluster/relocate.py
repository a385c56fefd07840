"""Gives the members of a set new addresses while none of them runs.

Needed when a remembered port was taken by somebody else and for a copied data directory, whose nodes would
otherwise join the original's set. Written into each member's own configuration (MongoDB's procedure for changing
host names with all members stopped); a new set id makes sure that original and copy refuse each other.
"""

import asyncio
import os
import signal

from bson import ObjectId
from pymongo.errors import PyMongoError

from cluster import mongod, replica
from cluster.console import log
from cluster.datadir import DataDir
from cluster.errors import ClusterError
from cluster.guard import Child, Guard
from cluster.topology import NodeSpec, Topology

STOP_SECONDS = 20


async def relocate(topology: Topology, *, data: DataDir, guard: Guard, binary: str) -> None:
    """Write the topology's addresses into all members that have documents; raises ClusterError if one refuses."""
    log("the nodes have new addresses: telling them")
    for members in topology.sets.values():
        set_id = ObjectId()
        known = [member for member in members if data.has_documents(member.name)]
        children = [_start(member, data=data, guard=guard, binary=binary) for member in known]
        await asyncio.gather(
            *(_relocate_one(*pair, members, set_id) for pair in zip(known, children, strict=True)),
        )
        for child in children:
            guard.forget(child)


def _start(node: NodeSpec, *, data: DataDir, guard: Guard, binary: str) -> Child:
    command = mongod.standalone_command(binary, node.port, data.node_path(node.name))
    with data.log_path(node.name).open("ab") as output:
        return guard.spawn(command, env=os.environ, output=output.fileno())


async def _relocate_one(node: NodeSpec, child: Child, members: list[NodeSpec], set_id: ObjectId) -> None:
    listening = asyncio.create_task(replica.listening(node.host))
    while not listening.done():
        if not child.alive:
            listening.cancel()
            raise ClusterError(f"{node.name} cannot be given a new address; see its log")
        await asyncio.sleep(replica.POLL_SECONDS)
    await _rewrite(node, members, set_id)
    child.send(signal.SIGTERM)
    if not await child.ended(STOP_SECONDS):
        raise ClusterError(f"{node.name} does not stop after it was given a new address")


async def _rewrite(node: NodeSpec, members: list[NodeSpec], set_id: ObjectId) -> None:
    try:
        async with replica.direct(node.host, seconds=20) as admin:
            configs = admin.client.local["system.replset"]
            if config := await configs.find_one({"_id": node.replica_set}):
                for member in config["members"]:
                    member["host"] = members[member["_id"]].host
                config.setdefault("settings", {})["replicaSetId"] = set_id
                await configs.replace_one({"_id": node.replica_set}, config)
    except PyMongoError as error:
        raise ClusterError(f"{node.name} cannot be given a new address: {error}") from None
