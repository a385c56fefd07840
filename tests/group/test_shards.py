"""Lanes of a sharded cluster, without one: who shares a lane, by the server's own hash."""

from __future__ import annotations

from typing import Any

import pytest
from bson import Int64, MinKey

from cluster.router.hashing import hash_value
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group import shards
from shardmart.adapters.mongo.group.members import Cancellation, Checkout
from shardmart.adapters.mongo.group.shards import SEVERAL, ShardLanes, hash_of
from shardmart.domain import clock
from shardmart.domain.ids import new_id, owned_id
from shardmart.domain.purchase import Line, Purchase

BOUNDS = [MinKey(), Int64(-(2**61)), Int64(0), Int64(2**61)]
ON = ["one", "two", "one", "two"]


@pytest.fixture
async def lanes(monkeypatch: pytest.MonkeyPatch) -> ShardLanes:
    """Four chunks on two shards; people lie on the second."""

    async def chunks(mongo: Mongo, collection: str) -> list[dict[str, Any]]:
        return [{"min": {"seller_id": low, "_id": MinKey()}, "shard": s} for low, s in zip(BOUNDS, ON, strict=True)]

    async def primary(mongo: Mongo) -> str:
        return "two"

    monkeypatch.setattr(shards, "chunks_of", chunks)
    monkeypatch.setattr(shards, "primary_shard", primary)
    made = ShardLanes(None)  # type: ignore[arg-type]
    await made.look()
    return made


def seller_on(shard: str) -> str:
    sellers = (new_id() for _ in range(1000))
    return next(seller for seller in sellers if ON[sum(hash_of(seller) >= int(b) for b in BOUNDS[1:])] == shard)


def checkout(*sellers: str, cart_version: int | None = None) -> Checkout:
    wanted = tuple(Line(owned_id(seller), 1) for seller in sorted(sellers))
    return Checkout(Purchase(owned_id(min(sellers)), new_id(), wanted, cart_version=cart_version))


def test_a_seller_hashes_as_the_server_hashes() -> None:
    assert all(hash_of(seller) == hash_value(seller) for seller in (new_id() for _ in range(200)))


async def test_a_shard_has_a_lane_and_carts_over_several_have_one(lanes: ShardLanes) -> None:
    one, two, more = seller_on("one"), seller_on("two"), seller_on("one")
    first, second = lanes.lane_of(checkout(one)), lanes.lane_of(checkout(two))
    assert len({first, second, SEVERAL}) == 3
    assert lanes.lane_of(checkout(one, more)) == first
    assert lanes.lane_of(checkout(one, two)) == SEVERAL


async def test_a_cart_that_is_emptied_lies_with_the_people(lanes: ShardLanes) -> None:
    one, two = seller_on("one"), seller_on("two")
    assert lanes.lane_of(checkout(one, cart_version=1)) == SEVERAL
    assert lanes.lane_of(checkout(two, cart_version=1)) == lanes.lane_of(checkout(two))


async def test_changes_go_through_the_lane_of_their_seller(lanes: ShardLanes) -> None:
    seller = seller_on("one")
    cancellation = Cancellation(owned_id(seller), owned_id(seller), (owned_id(seller),), clock.now())
    assert lanes.lane_of(cancellation) == lanes.lane_of(checkout(seller))


async def test_before_the_first_look_everything_takes_one_lane() -> None:
    assert ShardLanes(None).lane_of(checkout(new_id())) == SEVERAL  # type: ignore[arg-type]
