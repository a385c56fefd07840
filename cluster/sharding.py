"""What makes running replica sets and a router a sharded cluster, and what its chunks are asked for."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from cluster.errors import ClusterError
from cluster.router import bootstrap
from cluster.topology import Topology

Document = dict[str, Any]
Client = MongoClient[Document]
DATABASE = "shardmart"
SECONDS = 15
BALANCER_INTERRUPTED = 194


async def connect(topology: Topology) -> None:
    """Shards made known to the cluster, the engine told whose it is. Safe to repeat; raises ClusterError."""
    try:
        await asyncio.to_thread(_connect, topology)
    except PyMongoError as error:
        raise ClusterError(f"the shards could not be put together: {error}") from None


def _connect(topology: Topology) -> None:
    with _router(topology.uri) as client:
        known = {shard["_id"] for shard in client["config"]["shards"].find()}
        missing = {name: members for name, members in topology.shards.items() if name not in known}
        bootstrap.add_shards(client, {name: [m.host for m in members] for name, members in missing.items()})
    if missing and "engine" in topology.sets:
        config = topology.hosts("config").split(",")
        bootstrap.give_engine_its_identity(topology.hosts("engine"), config_set="config", config_hosts=config)


def chunks(uri: str) -> dict[str, dict[str, int]]:
    """How many chunks of each collection every shard has; nothing when no router answers."""
    try:
        with _router(uri) as client:
            return {
                entry["_id"]: dict(sorted(Counter(chunk["shard"] for chunk in _chunks(client, entry)).items()))
                for entry in client["config"]["collections"].find().sort("_id")
                if entry["_id"].startswith(f"{DATABASE}.")
            }
    except PyMongoError:
        return {}


def move_chunk(uri: str, collection: str, *, to: str, seller: str | None) -> str:
    """Move a seller's chunk, or any that is elsewhere, and say what was done. Raises ClusterError."""
    namespace = f"{DATABASE}.{collection}"
    try:
        with _router(uri) as client:
            entry = client["config"]["collections"].find_one({"_id": namespace})
            if entry is None:
                raise ClusterError(f"{namespace} is not sharded")
            if seller is not None:
                _move(client, namespace, find={"seller_id": seller, "_id": seller}, to=to)
                return f"moved the chunk of seller {seller} in {namespace} to {to}"
            chunk = next((chunk for chunk in _chunks(client, entry) if chunk["shard"] != to), None)
            if chunk is None:
                return f"all chunks of {namespace} are on {to}"
            _move(client, namespace, bounds=[chunk["min"], chunk["max"]], to=to)
            return f"moved {dict(chunk['min'])} – {dict(chunk['max'])} of {namespace} to {to}"
    except PyMongoError as error:
        reason = str(error).partition(", full error:")[0]
        raise ClusterError(f"the chunk was not moved: {reason}") from None


def _move(client: Client, namespace: str, **what: Any) -> None:
    """moveChunk; a config server that has just become primary takes a moment until it moves anything."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            client.admin.command("moveChunk", namespace, **what)
            return
        except OperationFailure as error:
            if error.code != BALANCER_INTERRUPTED or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _chunks(client: Client, entry: Document) -> list[Document]:
    return list(client["config"]["chunks"].find({"uuid": entry["uuid"]}).sort("min", 1))


@contextmanager
def _router(uri: str) -> Iterator[Client]:
    client: Client = MongoClient(uri, serverSelectionTimeoutMS=SECONDS * 1000, timeoutMS=SECONDS * 1000)
    with client:
        yield client
