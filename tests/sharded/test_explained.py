"""Every query and write shape, explained live on two shards: who is asked, and by which index."""

from __future__ import annotations

import pytest

from tests.support.api import ok
from tests.support.shop import Person, Shop

ONE, ALL = ("targeted", True, 1), ("scatter_gather", False, 2)
EXPECTED = {
    "product_by_id": ONE,
    "shelves": ONE,
    "take_stock": ONE,
    "product_listing": ALL,
    "category_listing": ALL,
    "text_search": ALL,
    "categories": ALL,
    "seller_products": ONE,
    "order_by_id": ONE,
    "seller_orders": ONE,
    "buyer_orders": ALL,
    "all_orders": ALL,
    "seller_notifications": ONE,
    "buyer_notifications": ALL,
    "set_status": ONE,
    "inventory_logs_of_product": ONE,
    "seller_stats": ONE,
    "outcome_of_checkout": ONE,
}


@pytest.fixture(scope="module", autouse=True)
def sold(shop: Shop) -> None:
    """There is something to explain, on both shards."""
    buyer = shop.buyer()
    for seller in (shop.seller() for _ in range(6)):
        shop.buy(buyer, (shop.product(seller), 1))


def test_every_shape_of_the_shop_is_expected_here(admin: Person) -> None:
    assert {item["name"] for item in ok(admin.api.get("/api/lab/explain"))["items"]} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shape_touches_the_shards_that_it_must(admin: Person, name: str) -> None:
    explained = ok(admin.api.get(f"/api/lab/explain/{name}"))
    assert (explained["expected"], explained["targeted"], explained["shards_touched"]) == EXPECTED[name]
    assert explained["index"], "no index"
    assert "COLLSCAN" not in str(explained["raw"])
    if name != "categories":  # exact counts look at every active product
        assert explained["documents_examined"] <= 2 * max(explained["returned"], 30) * explained["shards_touched"]
