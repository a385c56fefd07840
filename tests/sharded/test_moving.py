"""Chunks move under load: no answer but 503 besides the right ones, nothing lost, the books stay right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bson import MinKey

from tests.sharded.shards import CO_LOCATED, Shards, other
from tests.support.buying import Buying
from tests.support.clock import wait_until
from tests.support.ledger import clean
from tests.support.shop import Person, Shop

pytestmark = pytest.mark.strategies("soak")
ROUNDS = 2
REBALANCED_WITHIN = 90


def test_checkouts_go_on_while_their_sellers_chunks_move_there_and_back(shop: Shop, shards: Shards) -> None:
    seller, neighbour = shards.pair()
    home = shards.of(seller)["products"]
    with shards.without_balancer(), Buying(shop, seller, 3) as buying, Buying(shop, [seller, neighbour], 3) as carts:
        for _ in range(ROUNDS):
            for shard in (other(home), home):
                for collection in CO_LOCATED:
                    shards.move(collection, seller, shard)
                    assert shards.of(seller)[collection] == shard
                before = time.monotonic()
                wait_until(
                    lambda before=before: buying.acknowledged_since(before) and carts.acknowledged_since(before),
                    "both kinds of buyers go on",
                    within=20,
                )
    assert set(shards.of(seller).values()) == {home}
    for bought in (buying, carts):
        bought.check()
        bought.check_replays(each=3)
    clean(shop)


def test_a_zone_change_rebalances_while_checkouts_go_on(shop: Shop, shards: Shards) -> None:
    seller = shop.seller()
    home = shards.of(seller)["products"]
    with small_ranges(shards), Buying(shop, seller, 4) as buying:
        for shard in (other(home), home):
            pin(shards, seller, shard)
            wait_until(
                lambda shard=shard: set(shards.of(seller).values()) == {shard},
                f"the balancer brings the seller to {shard}",
                within=REBALANCED_WITHIN,
                every=1,
            )
            before = time.monotonic()
            wait_until(lambda before=before: buying.acknowledged_since(before), "buyers go on", within=20)
    buying.check()
    buying.check_replays(each=3)
    clean(shop)


@contextmanager
def small_ranges(shards: Shards) -> Iterator[None]:
    """Ranges of 1 MB, so that little data moves at all."""
    which = {"_id": "chunksize"}
    shards.config["settings"].update_one(which, {"$set": {"value": 1}}, upsert=True)
    try:
        yield
    finally:
        shards.config["settings"].delete_one(which)


def pin(shards: Shards, seller: Person, shard: str) -> None:
    """The range of the seller's chunk belongs to the zone of that shard, in every collection."""
    entry = shards.config["shards"].find_one({"_id": shard})
    assert entry
    (zone,) = entry["tags"]
    for collection in CO_LOCATED:
        namespace = f"shardmart.{collection}"
        (tag,) = (
            tag
            for tag in shards.config["tags"].find({"ns": namespace})
            if any(
                tag["min"] == chunk["min"] or tag["max"] == chunk["max"]
                for chunk in shards.chunks_of(collection, seller)
            )
        )
        bounds = {"min": tag["min"], "max": tag["max"]}
        assert isinstance(tag["min"]["_id"], MinKey)
        shards.admin.command({"updateZoneKeyRange": namespace, **bounds, "zone": None})
        shards.admin.command({"updateZoneKeyRange": namespace, **bounds, "zone": zone})
