"""Stock changes and their logs (contract §3, Products; §8.2)."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.parallel import at_once
from tests.support.shop import Person, Shop

LOG = {
    "id", "product_id", "change_type", "old_stock", "new_stock", "version", "order_id", "checkout_id", "reason",
    "timestamp",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def change(person: Person, product: dict[str, Any], **body: Any) -> Any:
    return person.api.post(f"/api/products/{product['id']}/stock", json=body)


def chain(logs: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(log["old_stock"], log["new_stock"]) for log in logs]


@pytest.mark.parametrize("stock", [7, 0])
def test_a_products_log_begins_with_its_first_stock(shop: Shop, seller: Person, stock: int) -> None:
    product = shop.product(seller, stock=stock)
    (log,) = shop.logs_of(product, seller)
    assert set(log) == LOG
    assert (log["product_id"], log["change_type"], log["version"]) == (product["id"], "restock", product["version"])
    assert (log["old_stock"], log["new_stock"]) == (0, stock)
    assert (log["order_id"], log["checkout_id"]) == (None, None)
    assert TIME.fullmatch(log["timestamp"])


def test_stock_grows_and_shrinks_by_a_difference(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=10)
    more = ok(change(seller, product, delta=5, reason="delivery of Monday"))
    assert (more["stock"], more["version"]) == (15, product["version"] + 1)
    less = ok(change(seller, product, delta=-15))
    assert (less["stock"], less["version"]) == (0, product["version"] + 2)
    first, second, third = shop.logs_of(product, seller)
    assert chain([first, second, third]) == [(0, 10), (10, 15), (15, 0)]
    assert second["reason"] == "delivery of Monday"
    assert [log["version"] for log in (first, second, third)] == [product["version"] + n for n in range(3)]
    assert {second["change_type"], third["change_type"]} <= {"restock", "adjustment"}


def test_stock_never_goes_below_zero(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=3)
    problem(change(seller, product, delta=-4), 409, "insufficient_stock")
    assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == product
    assert len(shop.logs_of(product, seller)) == 1


def test_stock_never_grows_over_its_bound(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=1_000_000_000)
    assert change(seller, product, delta=1).status_code in (409, 422)
    assert shop.stock_of(product) == 1_000_000_000


@pytest.mark.parametrize("delta", [1.0, 1.5, "1", True, None, [1], {"$inc": 1}, 10**30, -(10**30)])
def test_a_difference_is_an_integer(shop: Shop, seller: Person, delta: Any) -> None:
    product = shop.product(seller)
    invalid(change(seller, product, delta=delta), "delta")
    assert shop.stock_of(product) == product["stock"]


def test_a_difference_is_required_and_nothing_else_is_known(shop: Shop, seller: Person) -> None:
    product = shop.product(seller)
    invalid(change(seller, product), "delta")
    invalid(change(seller, product, delta=1, stock=5), "stock")
    invalid(change(seller, product, delta=1, reason=5), "reason")


def test_a_counted_stock_is_set_and_logged(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=10)
    counted = ok(seller.api.put(f"/api/products/{product['id']}", json={"stock": 3}))
    assert (counted["stock"], counted["version"]) == (3, product["version"] + 1)
    logs = shop.logs_of(product, seller)
    assert chain(logs) == [(0, 10), (10, 3)]
    assert logs[-1]["change_type"] in ("restock", "adjustment")
    assert logs[-1]["version"] == counted["version"]


def test_a_change_that_leaves_the_stock_alone_writes_no_log(shop: Shop, seller: Person) -> None:
    product = shop.product(seller)
    ok(seller.api.put(f"/api/products/{product['id']}", json={"name": "Other", "price": 3}))
    assert len(shop.logs_of(product, seller)) == 1


def test_a_purchase_and_its_cancellation_are_logged_with_their_order(
    shop: Shop, seller: Person, buyer: Person
) -> None:
    product = shop.product(seller, stock=10)
    order = shop.buy(buyer, (product, 4))["orders"][0]
    ok(buyer.api.put(f"/api/orders/{order['id']}/status", json={"status": "cancelled"}))
    _, bought, back = shop.logs_of(product, seller)
    assert (bought["change_type"], bought["old_stock"], bought["new_stock"]) == ("purchase", 10, 6)
    assert (back["change_type"], back["old_stock"], back["new_stock"]) == ("cancellation", 6, 10)
    for log in (bought, back):
        assert log["order_id"] == order["id"]
    assert bought["checkout_id"] == order["checkout_id"]


def test_twenty_changes_at_once_all_count_and_leave_a_chain_without_a_gap(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=100)
    deltas = [3, -2] * 10
    for answer in at_once([lambda delta=delta: change(seller, product, delta=delta) for delta in deltas]):
        ok(answer)
    assert shop.stock_of(product) == 100 + sum(deltas)
    logs = shop.logs_of(product, seller)
    assert len(logs) == 1 + len(deltas)
    for earlier, later in itertools.pairwise(logs):
        assert (later["old_stock"], later["version"]) == (earlier["new_stock"], earlier["version"] + 1)


def test_the_logs_are_paged_newest_first(shop: Shop, seller: Person) -> None:
    product = shop.product(seller, stock=0)
    for _ in range(11):
        ok(change(seller, product, delta=1))
    logs = seller.api.all(f"/api/products/{product['id']}/inventory-logs", limit=4)
    assert [log["new_stock"] for log in logs] == list(range(11, -1, -1))
    assert len({log["id"] for log in logs}) == 12


def test_only_the_owner_and_admins_see_or_change_stock(shop: Shop, seller: Person, admin: Person) -> None:
    product = shop.product(seller)
    for stranger in (shop.seller(), shop.buyer()):
        problem(change(stranger, product, delta=1), 403, "forbidden")
        problem(stranger.api.get(f"/api/products/{product['id']}/inventory-logs"), 403, "forbidden")
    assert ok(change(admin, product, delta=1))["stock"] == product["stock"] + 1
    assert len(ok(admin.api.get(f"/api/products/{product['id']}/inventory-logs"))["items"]) == 2


def test_a_product_that_never_was_has_no_logs_and_those_of_a_deleted_one_stay(
    shop: Shop, seller: Person, admin: Person
) -> None:
    deleted = shop.product(seller)
    assert seller.api.delete(f"/api/products/{deleted['id']}").status_code == 204
    for reader in (seller, admin):
        problem(reader.api.get(f"/api/products/{seller.id}-{'0' * 24}/inventory-logs"), 404, "not_found")
        assert len(ok(reader.api.get(f"/api/products/{deleted['id']}/inventory-logs"))["items"]) == 1
    problem(shop.seller().api.get(f"/api/products/{deleted['id']}/inventory-logs"), 404, "not_found")
