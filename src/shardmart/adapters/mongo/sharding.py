"""How the collections are sharded: keyed on the seller, and one seller's documents on one shard.

`{seller_id: "hashed", _id: 1}`: hashed, so that sellers spread from the first one on; `_id`, so that a seller larger
than a chunk can split. Collections sharded so begin with the same ranges on the same shards; a zone per shard pins
those ranges in all of them, so a product, its logs and its orders stay together. That is for speed alone:
correctness never rests on it, chunks may move.

People (accounts, sessions, carts, claims) are not sharded and lie on the database's primary shard: what is unique to
a person needs one place. A claim lies with the account that made it, and not where its key's hash falls, so that a
shard which is away stops its own sellers and not half of everybody's checkouts (docs/sharding.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import SON

from shardmart.adapters.mongo.client import Document, Mongo

BY_SELLER = SON([("seller_id", "hashed"), ("_id", 1)])
SHARD_KEYS: Mapping[str, Mapping[str, Any]] = {
    "products": BY_SELLER,
    "orders": BY_SELLER,
    "inventory_logs": BY_SELLER,
    "outcomes": BY_SELLER,
    "notifications": BY_SELLER,
}


async def shard_collections(mongo: Mongo) -> None:
    """Shards what is not sharded yet and pins it. Safe to repeat. Raises pymongo errors."""
    admin, config = mongo.client.get_database("admin"), mongo.client.get_database("config")
    name = mongo.db.name
    sharded = {d["_id"] async for d in config["collections"].find({"dropped": {"$ne": True}}, {"_id": 1})}
    if all(f"{name}.{collection}" in sharded for collection in SHARD_KEYS):
        return
    await admin.command("enableSharding", name)
    for collection, key in SHARD_KEYS.items():
        if f"{name}.{collection}" not in sharded:
            await admin.command("shardCollection", f"{name}.{collection}", key=key)
    await _pin(mongo)


async def _pin(mongo: Mongo) -> None:
    """A zone per shard, with the ranges that the shard has of products, for every co-located collection."""
    admin = mongo.client.get_database("admin")
    chunks = await chunks_of(mongo, "products")
    for shard in sorted({chunk["shard"] for chunk in chunks}):
        await admin.command("addShardToZone", shard, zone=zone_of(shard))
    for chunk in chunks:
        for collection in SHARD_KEYS:
            await admin.command(
                "updateZoneKeyRange",
                f"{mongo.db.name}.{collection}",
                min=chunk["min"],
                max=chunk["max"],
                zone=zone_of(chunk["shard"]),
            )


def zone_of(shard: str) -> str:
    return f"sellers-{shard}"


async def chunks_of(mongo: Mongo, collection: str) -> list[Document]:
    """`{min, max, shard}` of each chunk, in the order of their ranges."""
    config = mongo.client.get_database("config")
    entry = await config["collections"].find_one({"_id": f"{mongo.db.name}.{collection}"})
    if entry is None:
        return []
    found = await config["chunks"].find({"uuid": entry["uuid"]}).sort("min", 1).to_list(None)
    return [{"min": d["min"], "max": d["max"], "shard": d["shard"]} for d in found]


async def primary_shard(mongo: Mongo) -> str:
    """The shard of what is not sharded."""
    entry = await mongo.client.get_database("config")["databases"].find_one({"_id": mongo.db.name})
    return str(entry["primary"]) if entry else ""
