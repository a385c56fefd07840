"""On which shards a checkout commits, told by the shards' own counters of transactions."""

from __future__ import annotations

import pytest

from tests.sharded.shards import NAMES, Shards, other
from tests.support.ledger import clean
from tests.support.matrix import Setup
from tests.support.shop import Shop, new_key

pytestmark = pytest.mark.strategies("soak")
TIMES = 5


@pytest.mark.parametrize("shard", NAMES)
def test_a_checkout_of_one_seller_commits_on_the_sellers_shard_alone(
    shop: Shop, shards: Shards, setup: Setup, shard: str
) -> None:
    seller, buyer = shards.seller_on(shard), shop.buyer()
    first, second = shop.product(seller), shop.product(seller)
    before = shards.transactions()
    for _ in range(TIMES):
        shop.buy(buyer, (first, 1), (second, 1), key=new_key())
    after = shards.transactions()
    assert after[shard]["totalCommitted"] - before[shard]["totalCommitted"] == TIMES
    assert after[shard]["totalPreparedThenCommitted"] == before[shard]["totalPreparedThenCommitted"]
    assert after[other(shard)] == before[other(shard)], "the other shard took part"


def test_a_checkout_of_several_sellers_is_prepared_and_committed_on_both_shards(shop: Shop, shards: Shards) -> None:
    buyer = shop.buyer()
    here, there = (shop.product(seller) for seller in shards.pair())
    before = shards.transactions()
    for _ in range(TIMES):
        shop.buy(buyer, (here, 1), (there, 1), key=new_key())
    after = shards.transactions()
    for shard in NAMES:
        assert after[shard]["totalCommitted"] - before[shard]["totalCommitted"] == TIMES
        assert after[shard]["totalPreparedThenCommitted"] - before[shard]["totalPreparedThenCommitted"] == TIMES
    clean(shop)


def test_what_belongs_to_a_seller_lies_together(shop: Shop, shards: Shards) -> None:
    for seller in shards.pair():
        assert len(set(shards.of(seller).values())) == 1, shards.of(seller)
        shop.buy(shop.buyer(), (shop.product(seller), 1), key=new_key())
        with shards.direct(shards.of(seller)["products"]) as shard:
            for name in shards.of(seller):
                assert shard["shardmart"][name].find_one({"seller_id": seller.id}), f"no {name} there"
