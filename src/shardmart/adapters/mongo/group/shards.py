"""Lanes of a sharded cluster: one per shard, and one for what lies on several.

A batch of one shard commits there alone, without two phases, and waits for nobody when another shard is away. Where
a seller's documents lie is a hint here: a chunk that has moved costs a slower commit until the next look.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import struct
from bisect import bisect_right

from bson import MinKey
from pymongo.errors import PyMongoError

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group.members import Checkout, Member, home_of
from shardmart.adapters.mongo.sharding import chunks_of, primary_shard
from shardmart.domain.ids import seller_of

LANES = 9  # eight shards have a lane to themselves, more share
SEVERAL = 0
LOOK_SECONDS, LOOK_AGAIN_SECONDS = 10.0, 0.5
_INT32, _INT64 = struct.Struct("<i"), struct.Struct("<q")
_STRING = _INT32.pack(0) + _INT32.pack(15)  # the hash's seed, and the order of strings among BSON types
log = logging.getLogger("shardmart.group")


class ShardLanes:
    """Everything goes through one lane until the first look at the chunks."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._bounds: list[int] = []  # the least hash of each chunk, ascending
        self._lanes: list[int] = []
        self._people = SEVERAL  # the lane of the shard that holds the carts

    def lane_of(self, member: Member) -> int:
        if not self._bounds:
            return SEVERAL
        lanes = {self._lane_of(seller_of(id)) for id in member.products} | {self._lane_of(home_of(member))}
        if isinstance(member, Checkout) and member.cart:
            lanes.add(self._people)
        return lanes.pop() if len(lanes) == 1 else SEVERAL

    async def follow(self) -> None:
        """Looks where the chunks lie, again and again, until cancelled."""
        while True:
            try:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
            except PyMongoError as error:
                log.info("the chunks cannot be seen now", exc_info=error)
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def look(self) -> None:
        """Raises pymongo errors."""
        chunks = await chunks_of(self._mongo, "products")
        people = await primary_shard(self._mongo)
        shards = sorted({chunk["shard"] for chunk in chunks} | {people})
        lane = {shard: 1 + number % (LANES - 1) for number, shard in enumerate(shards)}
        self._bounds = [_least(chunk["min"]["seller_id"]) for chunk in chunks]
        self._lanes = [lane[chunk["shard"]] for chunk in chunks]
        self._people = lane[people]

    def _lane_of(self, seller_id: str) -> int:
        return self._lanes[bisect_right(self._bounds, hash_of(seller_id)) - 1]


def hash_of(seller_id: str) -> int:
    """The server's hash of a string, which decides on which chunk a seller's documents lie."""
    text = seller_id.encode()
    digest = hashlib.md5(_STRING + _INT32.pack(len(text) + 1) + text + b"\0", usedforsecurity=False)
    return int(_INT64.unpack_from(digest.digest())[0])


def _least(bound: object) -> int:
    return -(2**63) if isinstance(bound, MinKey) else int(bound)  # type: ignore[call-overload]
