"""The frontier: the cluster time of the last write, asked of whoever takes writes.

On a replica set the primary says it, and which election made it primary. On a sharded cluster a look at every shard
brings it, in a causally consistent session: each look makes shards that have nothing to write catch up with the time
of the one before, without which a change stream would wait for them.
"""

from __future__ import annotations

from typing import Any

from pymongo import ReadPreference

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.domain.changes import Frontier
from shardmart.domain.errors import Unavailable

ALL_SHARDS = "shards"  # their primaries are not told apart


@repository
class ReplicaFrontier:
    def __init__(self, mongo: Mongo) -> None:
        self._admin = mongo.client.get_database("admin")

    async def latest(self) -> Frontier:
        hello = await self._admin.command("hello")
        if not hello.get("isWritablePrimary") or "electionId" not in hello:
            raise Unavailable("There is no primary at the moment.")
        return Frontier(_number(hello["lastWrite"]["opTime"]["ts"]), str(hello["electionId"]))


@repository
class ShardedFrontier:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._products = mongo.collection("products").with_options(read_preference=ReadPreference.PRIMARY)
        self._seen: Any = None  # what the last look brought

    async def latest(self) -> Frontier:
        async with self._mongo.session(causal_consistency=True) as session:
            if self._seen is not None:
                session.advance_cluster_time(self._seen[0])
                session.advance_operation_time(self._seen[1])
            await self._products.find_one({}, {"_id": 1}, session=session)
            if session.operation_time is None or session.cluster_time is None:
                raise Unavailable("Nobody tells the cluster time.")
            self._seen = (session.cluster_time, session.operation_time)
            return Frontier(_number(session.operation_time), ALL_SHARDS)


def _number(timestamp: Any) -> int:
    return int(timestamp.time) << 32 | int(timestamp.inc)
