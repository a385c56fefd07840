"""Orders after the checkout: who sees them, how they are listed, what may become of them (contract §3)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.shop import Person, Shop


def status(person: Person, order: dict[str, Any], word: Any) -> Any:
    return person.api.put(f"/api/orders/{order['id']}/status", json={"status": word})


def placed(shop: Shop, seller: Person, buyer: Person, quantity: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    product = shop.product(seller, stock=10)
    order: dict[str, Any] = shop.buy(buyer, (product, quantity))["orders"][0]
    return product, order


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_order_is_seen_by_its_buyer_its_seller_and_admins(
    shop: Shop, seller: Person, buyer: Person, admin: Person
) -> None:
    _, order = placed(shop, seller, buyer)
    for person in (buyer, seller, admin):
        assert ok(person.api.get(f"/api/orders/{order['id']}")) == order
    for stranger in (shop.buyer(), shop.seller()):
        problem(stranger.api.get(f"/api/orders/{order['id']}"), 404, "not_found")
    problem(shop.anonymous.get(f"/api/orders/{order['id']}"), 401, "unauthenticated")


def test_anothers_order_looks_exactly_like_an_absent_one(shop: Shop, seller: Person, buyer: Person) -> None:
    _, order = placed(shop, seller, buyer)
    stranger = shop.buyer()
    bodies = [stranger.api.get(f"/api/orders/{order_id}").json() for order_id in (order["id"], "nonsense")]
    for body in bodies:
        body.pop("instance", None)
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("order_id", ["nonsense", "0" * 24, "%00", "z" * 300, "%7B%22%24ne%22%3A1%7D"])
def test_an_impossible_order_is_absent(buyer: Person, order_id: str) -> None:
    problem(buyer.api.get(f"/api/orders/{order_id}"), 404, "not_found")
    answer = buyer.api.put(f"/api/orders/{order_id}/status", json={"status": "cancelled"})
    problem(answer, 404, "not_found")


def test_a_buyer_lists_their_own_orders_newest_first(shop: Shop, seller: Person, buyer: Person) -> None:
    product, other = shop.product(seller, stock=100), shop.buyer()
    mine = [shop.buy(buyer, (product, 1))["orders"][0] for _ in range(7)]
    shop.buy(other, (product, 1))
    assert buyer.api.all("/api/orders/my-orders", limit=3) == mine[::-1]


def test_a_seller_lists_their_part_of_every_checkout(shop: Shop, seller: Person, buyer: Person) -> None:
    other = shop.seller()
    mine = []
    for _ in range(5):
        body = shop.buy(buyer, (shop.product(seller), 1), (shop.product(other), 1))
        mine += [order for order in body["orders"] if order["seller_id"] == seller.id]
    assert seller.api.all("/api/orders/seller-orders", limit=2) == mine[::-1]


def test_the_lists_are_for_their_roles(shop: Shop, seller: Person, buyer: Person) -> None:
    problem(seller.api.get("/api/orders/my-orders"), 403, "forbidden")
    problem(buyer.api.get("/api/orders/seller-orders"), 403, "forbidden")
    for path in ("/api/orders/my-orders", "/api/orders/seller-orders"):
        problem(shop.anonymous.get(path), 401, "unauthenticated")


def test_lists_are_filtered_by_status(shop: Shop, seller: Person, buyer: Person) -> None:
    orders = {word: placed(shop, seller, buyer)[1]["id"] for word in ("placed", "completed", "cancelled")}
    for word in ("completed", "cancelled"):
        ok(status(seller, {"id": orders[word]}, word))
    for person, path in ((buyer, "/api/orders/my-orders"), (seller, "/api/orders/seller-orders")):
        for word, order_id in orders.items():
            assert [order["id"] for order in person.api.all(path, status=word)] == [order_id]


def test_lists_are_filtered_by_time(shop: Shop, seller: Person, buyer: Person) -> None:
    _, order = placed(shop, seller, buyer)
    now = datetime.now(timezone.utc)
    before, after = iso(now - timedelta(hours=1)), iso(now + timedelta(hours=1))
    for person, path in ((buyer, "/api/orders/my-orders"), (seller, "/api/orders/seller-orders")):
        for good in ({"from": before}, {"to": after}, {"from": before, "to": after, "status": "placed"}):
            assert person.api.all(path, **good) == [order]
        for other in ({"from": after}, {"to": before}, {"from": before, "to": before}):
            assert person.api.all(path, **other) == []


WRONG = [
    {"status": "lost"}, {"status": ""}, {"from": "yesterday"}, {"to": "2024-13-01T00:00:00Z"}, {"limit": "0"},
    {"limit": "101"}, {"sort": "newest"}, {"buyer_id": "x"}, {"status[$ne]": "placed"}, {"cursor": "nonsense"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_wrong_parameters_of_the_lists_are_refused(buyer: Person, seller: Person, wrong: dict[str, str]) -> None:
    problem(buyer.api.get("/api/orders/my-orders", params=wrong), 422)
    problem(seller.api.get("/api/orders/seller-orders", params=wrong), 422)


def test_the_cursor_of_one_buyer_opens_no_list_of_another(shop: Shop, seller: Person, buyer: Person) -> None:
    for _ in range(2):
        placed(shop, seller, buyer)
    cursor = ok(buyer.api.get("/api/orders/my-orders", params={"limit": 1}))["next_cursor"]
    problem(shop.buyer().api.get("/api/orders/my-orders", params={"limit": 1, "cursor": cursor}), 422)
    changed = {"limit": 1, "cursor": cursor, "status": "placed"}
    problem(buyer.api.get("/api/orders/my-orders", params=changed), 422)


@pytest.mark.parametrize("who", ["seller", "admin"])
def test_a_placed_order_is_completed_by_its_seller_or_an_admin(
    shop: Shop, seller: Person, buyer: Person, admin: Person, who: str
) -> None:
    product, order = placed(shop, seller, buyer, 4)
    completed = ok(status(seller if who == "seller" else admin, order, "completed"))
    assert completed == order | {"status": "completed"}
    assert ok(buyer.api.get(f"/api/orders/{order['id']}")) == completed
    assert shop.stock_of(product) == 6


@pytest.mark.parametrize("who", ["buyer", "seller", "admin"])
def test_a_placed_order_is_cancelled_by_either_side_and_puts_the_stock_back(
    shop: Shop, seller: Person, buyer: Person, admin: Person, who: str
) -> None:
    product, order = placed(shop, seller, buyer, 4)
    cancelled = ok(status({"buyer": buyer, "seller": seller, "admin": admin}[who], order, "cancelled"))
    assert cancelled == order | {"status": "cancelled"}
    after = ok(shop.anonymous.get(f"/api/products/{product['id']}"))
    assert (after["stock"], after["version"]) == (10, product["version"] + 2)


def test_a_buyer_completes_nothing(shop: Shop, seller: Person, buyer: Person) -> None:
    _, order = placed(shop, seller, buyer)
    answer = status(buyer, order, "completed")
    assert answer.status_code in (403, 409)
    problem(answer, answer.status_code, ("forbidden", "invalid_transition"))
    assert ok(buyer.api.get(f"/api/orders/{order['id']}"))["status"] == "placed"


def test_a_stranger_changes_nothing(shop: Shop, seller: Person, buyer: Person) -> None:
    _, order = placed(shop, seller, buyer)
    for stranger in (shop.buyer(), shop.seller()):
        for word in ("completed", "cancelled"):
            problem(status(stranger, order, word), 404, "not_found")
    assert ok(buyer.api.get(f"/api/orders/{order['id']}"))["status"] == "placed"


@pytest.mark.parametrize("first", ["completed", "cancelled"])
@pytest.mark.parametrize("second", ["completed", "cancelled"])
def test_an_ended_order_stays_as_it_is(shop: Shop, seller: Person, buyer: Person, first: str, second: str) -> None:
    product, order = placed(shop, seller, buyer, 4)
    ok(status(seller, order, first))
    for person in (seller, shop.admin()):
        problem(status(person, order, second), 409, "invalid_transition")
    assert ok(buyer.api.get(f"/api/orders/{order['id']}"))["status"] == first
    assert shop.stock_of(product) == (6 if first == "completed" else 10)
    assert len(shop.logs_of(product, seller)) == (2 if first == "completed" else 3)


@pytest.mark.parametrize("word", ["placed", "shipped", "", "Cancelled", None, 1, ["cancelled"], {"$ne": "placed"}])
def test_another_word_is_no_status(shop: Shop, seller: Person, buyer: Person, word: Any) -> None:
    _, order = placed(shop, seller, buyer)
    invalid(status(seller, order, word), "status")
    answer = seller.api.put(f"/api/orders/{order['id']}/status", json={"status": "completed", "total_amount": 0})
    invalid(answer, "total_amount")
    assert ok(buyer.api.get(f"/api/orders/{order['id']}")) == order


def test_a_cancellation_puts_every_line_back(shop: Shop, seller: Person, buyer: Person) -> None:
    products = [shop.product(seller, stock=10) for _ in range(3)]
    order = shop.buy(buyer, *((product, 2) for product in products))["orders"][0]
    ok(status(buyer, order, "cancelled"))
    assert [shop.stock_of(product) for product in products] == [10, 10, 10]


def test_one_sellers_order_is_cancelled_without_the_other_ones(shop: Shop, seller: Person, buyer: Person) -> None:
    other = shop.seller()
    ours, theirs = shop.product(seller), shop.product(other)
    orders = {order["seller_id"]: order for order in shop.buy(buyer, (ours, 1), (theirs, 1))["orders"]}
    ok(status(seller, orders[seller.id], "cancelled"))
    assert (shop.stock_of(ours), shop.stock_of(theirs)) == (10, 9)
    assert ok(other.api.get(f"/api/orders/{orders[other.id]['id']}"))["status"] == "placed"


def test_an_order_of_a_disabled_or_deleted_product_can_be_cancelled(
    shop: Shop, seller: Person, buyer: Person, admin: Person
) -> None:
    disabled, deleted = shop.product(seller, stock=10), shop.product(seller, stock=10)
    order = shop.buy(buyer, (disabled, 3), (deleted, 3))["orders"][0]
    ok(admin.api.put(f"/api/admin/products/{disabled['id']}/disable"))
    assert seller.api.delete(f"/api/products/{deleted['id']}").status_code == 204
    assert ok(status(buyer, order, "cancelled"))["status"] == "cancelled"
    assert shop.stock_of(disabled, seller) == 10
