"""The routing table: what the config servers say about shards, databases and collections, cached until a
shard objects.

A `Placement` answers the three questions about a collection: which shards own this, which of them does a
query concern, and what must a command carry so that a shard can tell whether we are up to date.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol

from bson import Int64, ObjectId, Timestamp

from cluster.router.backend import Pool
from cluster.router.errors import ILLEGAL_OPERATION, NAMESPACE_NOT_FOUND, CommandError, Doc, succeeded
from cluster.router.replicaset import ReplicaSet
from cluster.router.targeting import ChunkMap

MAJORITY: Doc = {"writeConcern": {"w": "majority"}}
_NO_CHUNK = Timestamp(0, 0)
_UNSHARDED: Doc = {"e": ObjectId("0" * 24), "t": Timestamp(0, 0), "v": Timestamp(0, 0)}
# «whatever version you have»: sent with writes to several shards, as mongos does: repeating
# such a write where one shard found our routing stale would apply it twice on the others
_IGNORED: Doc = {
    "e": ObjectId("0" * 8 + "f" * 16),
    "t": Timestamp(2**32 - 1, 2**32 - 1),
    "v": _NO_CHUNK,
}


class Placement(Protocol):
    """Where a collection lives."""

    shards: list[str]

    def shards_of_query(self, query: Mapping[str, Any], collation: Any = None) -> list[str]:
        """The shards that a query concerns."""

    def shard_of_document(self, document: Mapping[str, Any]) -> str:
        """The shard that a new document belongs to."""

    def versions(self, shard: str) -> Doc:
        """The fields by which a shard checks our routing."""

    def broadcast_versions(self) -> Doc:
        """The same for a write to several shards at once."""


class UnshardedPlacement:
    """A collection (existing or not) without a shard key: on its database's primary shard."""

    def __init__(self, database: Doc) -> None:
        self.shards: list[str] = [database["primary"]]
        self._versions = {"shardVersion": _UNSHARDED, "databaseVersion": database["version"]}

    def shards_of_query(self, query: Mapping[str, Any], collation: Any = None) -> list[str]:
        """Always the primary shard."""
        return self.shards

    def shard_of_document(self, document: Mapping[str, Any]) -> str:
        """Always the primary shard."""
        return self.shards[0]

    def versions(self, shard: str) -> Doc:
        """Unsharded, in this version of the database."""
        return self._versions

    def broadcast_versions(self) -> Doc:
        """There is only one shard."""
        return self._versions


class ShardedPlacement(ChunkMap):
    """A sharded collection."""

    def __init__(self, collection: Doc, chunks: list[Doc]) -> None:
        super().__init__(collection["key"], chunks)
        self.uuid = collection["uuid"]
        self.epoch, self.timestamp = collection["lastmodEpoch"], collection["timestamp"]
        self._collated = bool(collection.get("defaultCollation"))
        self._latest: dict[str, Timestamp] = {}
        for chunk in chunks:
            shard, version = chunk["shard"], chunk["lastmod"]
            self._latest[shard] = max(version, self._latest.get(shard, _NO_CHUNK))

    def shards_of_query(self, query: Mapping[str, Any], collation: Any = None) -> list[str]:
        """With a collation equal strings need not be the same bytes, so their place is unknown."""
        return self.shards if collation or self._collated else super().shards_of_query(query)

    def version(self, shard: str) -> Doc:
        """The collection's version on a shard; one without chunks has none of its own."""
        return {"e": self.epoch, "t": self.timestamp, "v": self._latest.get(shard, _NO_CHUNK)}

    def versions(self, shard: str) -> Doc:
        """Epoch, timestamp and the newest chunk on that shard."""
        return {"shardVersion": self.version(shard)}

    def broadcast_versions(self) -> Doc:
        """Do not check."""
        return {"shardVersion": _IGNORED}


class Catalog:
    """Cached reads of the config database."""

    def __init__(self, config: ReplicaSet, pool: Pool, *, wait_seconds: float) -> None:
        self.config = config
        self.shards: dict[str, ReplicaSet] = {}
        self._pool = pool
        self._wait_seconds = wait_seconds
        self._databases: dict[str, Doc] = {}
        self._placements: dict[str, Placement] = {}
        self._loading: dict[str, asyncio.Future[Placement | None]] = {}

    async def read(self, collection: str, query: Doc, sort: Doc | None = None) -> list[Doc]:
        """Documents of a config collection, read with majority."""
        command: Doc = {"find": collection, "filter": query, "batchSize": 100_000}
        command["readConcern"] = {"level": "majority"}
        if sort:
            command["sort"] = sort
        reply = await self.config_command("config", command)
        cursor = reply["cursor"]
        documents = [dict(document) for document in cursor["firstBatch"]]
        while cursor["id"]:
            more = {"getMore": Int64(cursor["id"]), "collection": collection}
            cursor = (await self.config_command("config", more))["cursor"]
            documents += [dict(document) for document in cursor["nextBatch"]]
        return documents

    async def config_command(self, db: str, command: Doc) -> Mapping[str, Any]:
        """Run a command on the config servers' primary; CommandError when it fails."""
        reply = await self.config.command(db, command, deadline=time.monotonic() + self._wait_seconds)
        if not succeeded(reply):
            raise CommandError(reply.get("code", 8), reply.get("errmsg", "config server error"))
        return reply

    async def load_shards(self) -> dict[str, ReplicaSet]:
        """Read the list of shards again."""
        for document in await self.read("shards", {}):
            hosts = document["host"].rpartition("/")[2].split(",")
            known = self.shards.setdefault(document["_id"], ReplicaSet(document["_id"], hosts, self._pool))
            known.learn(hosts)
        return self.shards

    async def shard(self, name: str) -> ReplicaSet:
        """A shard by its name."""
        if name not in self.shards:
            await self.load_shards()
        try:
            return self.shards[name]
        except KeyError:
            raise CommandError(70, f"shard {name} not found") from None

    async def database(self, name: str, *, create: bool = False) -> Doc | None:
        """A database's primary shard and version."""
        if name not in self._databases:
            found = await self.read("databases", {"_id": name})
            if not found and create:
                await self.config_command("admin", {"_configsvrCreateDatabase": name, **MAJORITY})
                found = await self.read("databases", {"_id": name})
            if not found:
                return None
            self._databases[name] = found[0]
        return self._databases[name]

    async def placement(self, namespace: str, *, create: bool = False) -> Placement | None:
        """Where a collection lives; None when its database does not exist and is not to be created."""
        known = self._placements.get(namespace)
        if known is not None:
            return known
        if namespace not in self._loading:  # one read for all who ask at the same moment
            loading = asyncio.ensure_future(self._load(namespace))
            self._loading[namespace] = loading
            loading.add_done_callback(lambda _: self._loading.pop(namespace, None))
        found = await asyncio.shield(self._loading[namespace])
        if found is not None or not create:
            return found
        return UnshardedPlacement(await self.require_database(namespace, create=True))

    async def _load(self, namespace: str) -> Placement | None:
        found = await self.read("collections", {"_id": namespace})
        if found:
            chunks = await self.read("chunks", {"uuid": found[0]["uuid"]}, {"min": 1})
            placement: Placement = ShardedPlacement(found[0], chunks)
        else:
            database = await self.database(namespace.split(".", 1)[0])
            if database is None:
                return None
            placement = UnshardedPlacement(database)
        self._placements[namespace] = placement
        return placement

    async def sharded(self, namespace: str) -> ShardedPlacement:
        """The fresh placement of a sharded collection; CommandError for any other."""
        self.forget(namespace)
        placement = await self.placement(namespace)
        if not isinstance(placement, ShardedPlacement):
            raise CommandError(ILLEGAL_OPERATION, f"{namespace} is not sharded")
        return placement

    async def require_database(self, namespace: str, *, create: bool = False) -> Doc:
        """The database of a namespace; CommandError when there is none."""
        name = namespace.split(".", 1)[0]
        database = await self.database(name, create=create)
        if database is None:
            raise CommandError(NAMESPACE_NOT_FOUND, f"database {name} not found")
        return database

    def forget(self, namespace: str | None = None) -> None:
        """Read anew next time: one collection and its database, or everything."""
        if namespace is None:
            self._placements.clear()
            self._databases.clear()
        else:
            self._placements.pop(namespace, None)
            self._databases.pop(namespace.split(".", 1)[0], None)
            # unsharded placements carry the database's version
            prefix = namespace.split(".", 1)[0] + "."
            for other, placement in list(self._placements.items()):
                if other.startswith(prefix) and isinstance(placement, UnshardedPlacement):
                    del self._placements[other]
