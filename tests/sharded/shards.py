"""The cluster behind the shop, asked through its router and shard by shard."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import MaxKey, MinKey
from pymongo import MongoClient

from cluster.router.hashing import hash_value
from tests.support.clock import wait_until
from tests.support.nodes import seller_on, shard_of
from tests.support.shop import Person, Shop

CO_LOCATED = ("products", "inventory_logs", "orders", "outcomes", "notifications")
NAMES = ("shard1", "shard2")
Document = dict[str, Any]


class Shards:
    """`with Shards(shop) as shards:`, connected to the router of the shop's cluster."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._client: MongoClient[Document] = MongoClient(shop.demo.uri, serverSelectionTimeoutMS=15_000)
        self.config = self._client["config"]
        self.admin = self._client["admin"]
        self.db = self._client["shardmart"]

    def __enter__(self) -> Shards:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    # --- where things lie ----------------------------------------------------------------------------

    def seller_on(self, shard: str) -> Person:
        return seller_on(self.shop, shard)

    def pair(self) -> tuple[Person, Person]:
        """A seller on each shard."""
        return self.seller_on("shard1"), self.seller_on("shard2")

    def of(self, seller: Person) -> dict[str, str]:
        """The shard of a seller's documents, in every collection that is keyed on the seller."""
        return {name: shard_of(self.shop, seller.id, name) for name in CO_LOCATED}

    def of_accounts(self) -> str:
        """The shard of what is not sharded: accounts, sessions, carts, claims."""
        entry = self.config["databases"].find_one({"_id": "shardmart"})
        assert entry
        return str(entry["primary"])

    def chunks(self, collection: str) -> list[Document]:
        entry = self.config["collections"].find_one({"_id": f"shardmart.{collection}"})
        assert entry, f"{collection} is not sharded"
        return list(self.config["chunks"].find({"uuid": entry["uuid"]}).sort("min", 1))

    def chunks_of(self, collection: str, seller: Person) -> list[Document]:
        """The chunks that may hold documents of a seller: one, unless it has split."""
        place = hash_value(seller.id)
        return [
            chunk
            for chunk in self.chunks(collection)
            if _at(chunk["min"]) <= (place, 1) and _at(chunk["max"]) > (place, 0)
        ]

    # --- each shard by itself ------------------------------------------------------------------------

    @contextmanager
    def direct(self, shard: str) -> Iterator[MongoClient[Document]]:
        """The primary of a shard, behind the router's back."""
        (host,) = (
            node["host"]
            for node in self.shop.demo.status()["nodes"]
            if node["set"] == shard and node["state"] == "PRIMARY"
        )
        with MongoClient[Document](f"mongodb://{host}/?directConnection=true") as client:
            yield client

    def transactions(self) -> dict[str, Counter[str]]:
        """What each shard counted of transactions since it started."""
        return {shard: self._transactions_of(shard) for shard in NAMES}

    def _transactions_of(self, shard: str) -> Counter[str]:
        names = ("totalStarted", "totalCommitted", "totalPreparedThenCommitted")
        with self.direct(shard) as client:
            counted = client.admin.command("serverStatus")["transactions"]
        return Counter({name: counted[name] for name in names})

    # --- moving them ---------------------------------------------------------------------------------

    def move(self, collection: str, seller: Person, to: str) -> None:
        done = self.shop.demo.cluster("move-chunk", collection, "--to", to, "--seller", seller.id)
        assert done.returncode == 0, done.stderr

    @contextmanager
    def without_balancer(self) -> Iterator[None]:
        self.admin.command("balancerStop")
        wait_until(
            lambda: not self.admin.command("balancerStatus")["inBalancerRound"],
            "the balancer's round ends",
            within=60,
        )
        try:
            yield
        finally:
            self.admin.command("balancerStart")


def _at(bound: Document) -> tuple[float, int]:
    """A bound of a chunk as (hash, 0 before or 1 within the documents of that hash)."""
    place, key = bound["seller_id"], bound["_id"]
    if isinstance(place, MinKey | MaxKey):
        return (-math.inf if isinstance(place, MinKey) else math.inf), 0
    return place, 0 if isinstance(key, MinKey) else 1


def move_there_and_back(shop: Shop, seller: Person) -> None:
    """The chunk with the seller's products, on a sharded cluster; on a replica set there is none to move."""
    if shop.demo.topology == "sharded":
        with Shards(shop) as shards, shards.without_balancer():
            home = shards.of(seller)["products"]
            for shard in (other(home), home):
                shards.move("products", seller, shard)


def other(shard: str) -> str:
    return NAMES[1 - NAMES.index(shard)]
