"""A seller of 10,000 products: several chunks, one shard, everything in reach."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sharded.shards import Shards, other
from tests.support.api import ok
from tests.support.ledger import clean
from tests.support.shop import DEMO_PASSWORD, Person, Shop, new_key

PRODUCTS = 10_000


SPLIT = ("products", "inventory_logs")


@pytest.fixture(scope="module")
def large(shop: Shop) -> Person:
    """The demo's seller, whom the seeder gives everything when there is no other, in four chunks at least."""
    demo = {"SHARDMART_DEMO": "1", "SHARDMART_SECRET_KEY": shop.demo.signing_key()}
    done = shop.demo.shardmart("seed", "--sellers", "1", "--products", str(PRODUCTS), timeout=600, **demo)
    assert done.returncode == 0, done.stderr
    seller = shop.login("seller@demo.com", DEMO_PASSWORD)
    with Shards(shop) as shards, shards.without_balancer():
        for collection in SPLIT:
            while len(chunks := shards.chunks_of(collection, seller)) < 4:
                shards.admin.command("split", f"shardmart.{collection}", bounds=[chunks[0]["min"], chunks[0]["max"]])
    return seller


def test_a_large_seller_splits_stays_on_the_shard_and_is_reachable(shop: Shop, shards: Shards, large: Person) -> None:
    home = shards.of(large)["products"]
    for collection in SPLIT:
        chunks = shards.chunks_of(collection, large)
        assert len(chunks) >= 4
        assert {chunk["shard"] for chunk in chunks} == {home}
    ids = [product["_id"] for product in shards.db["products"].find({"seller_id": large.id}, {"_id": 1})]
    assert len(ids) >= PRODUCTS
    assert len(large.api.all("/api/products/my-products", limit=100)) == len(ids)
    buyer = shop.buyer()
    for product_id in sorted(ids)[:: len(ids) // 8]:
        product = ok(shop.anonymous.get(f"/api/products/{product_id}"))
        ok(large.api.put(f"/api/products/{product_id}", json={"stock": 10}))
        shop.buy(buyer, (product, 1), key=new_key())
    clean(shop)


def test_a_part_of_a_large_seller_may_lie_elsewhere_and_nothing_breaks(
    shop: Shop, shards: Shards, large: Person
) -> None:
    """Co-location is for speed: correctness never rests on it."""
    home = shards.of(large)["products"]
    chunk = shards.chunks_of("products", large)[-1]
    bounds = [chunk["min"], chunk["max"]]
    with shards.without_balancer():
        shards.admin.command("moveChunk", "shardmart.products", bounds=bounds, to=other(home))
        assert len({chunk["shard"] for chunk in shards.chunks_of("products", large)}) == 2
        listed = Counter(product["id"] for product in large.api.all("/api/products/my-products", limit=100))
        assert len(listed) >= PRODUCTS and set(listed.values()) == {1}
        first, last = min(listed), max(listed)
        for product_id in (first, last):
            ok(large.api.put(f"/api/products/{product_id}", json={"stock": 10}))
        products = [ok(shop.anonymous.get(f"/api/products/{product_id}")) for product_id in (first, last)]
        shop.buy(shop.buyer(), *((product, 1) for product in products), key=new_key())
        shards.admin.command("moveChunk", "shardmart.products", bounds=bounds, to=home)
    clean(shop)
