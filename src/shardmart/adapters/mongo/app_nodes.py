"""The app nodes of a shop, which know each other by the database alone: each says every few seconds that it lives."""

from __future__ import annotations

from datetime import timedelta

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.domain import clock
from shardmart.domain.reports import AppNode

COLLECTION = "app_nodes"
ALIVE_MS = 10_000  # after its last word a node counts as gone
KEPT = timedelta(hours=1)


@repository
class MongoAppNodes:
    """`{_id: machine|node, node, workers, version, seen_at, expires_at}`; `seen_at` by the database's clock."""

    def __init__(self, mongo: Mongo, me: AppNode, *, machine: str) -> None:
        self.me = me
        self._id = f"{machine}|{me.node}"
        self._nodes = mongo.collection(COLLECTION)
        self._anywhere = mongo.collection(COLLECTION, secondary=True)

    async def beat(self) -> None:
        known = {"node": self.me.node, "workers": self.me.workers, "version": self.me.version}
        said = {"$set": {**known, "expires_at": clock.now() + KEPT}, "$currentDate": {"seen_at": True}}
        await self._nodes.update_one({"_id": self._id}, said, upsert=True)

    async def alive(self) -> list[AppNode]:
        lately = {"$expr": {"$gt": ["$seen_at", {"$subtract": ["$$NOW", ALIVE_MS]}]}}
        found = await self._anywhere.find({**lately, "_id": {"$ne": self._id}}, sort=[("node", 1)]).to_list(None)
        nodes = [self.me, *(AppNode(d["node"], d["workers"], d["version"]) for d in found)]
        return sorted(nodes, key=lambda one: one.node)
