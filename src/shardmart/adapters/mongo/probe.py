"""Whether this worker can serve: the primary answers and the indexes are there."""

from __future__ import annotations

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.schema import require_schema


@repository
class MongoProbe:
    """Indexes are looked at until they were all seen once; after that only the primary is asked."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._complete = False

    async def ready(self) -> None:
        await self._mongo.collection("users").find_one({"_id": ""}, {"_id": 1})  # a router answers pings by itself
        if not self._complete:
            await require_schema(self._mongo)
            self._complete = True
