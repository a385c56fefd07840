"""Checkout: what is bought and what is refused (contract §3, Orders)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.shop import Person, Shop, money

ORDER = {"id", "checkout_id", "buyer_id", "seller_id", "product_list", "total_amount", "status", "timestamp"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def checkout(person: Person, body: Any) -> Any:
    return person.api.post("/api/orders/", json=body)


def line(product: dict[str, Any], quantity: Any) -> dict[str, Any]:
    return {"product_id": product["id"], "quantity": quantity}


def test_a_checkout_answers_with_its_order_and_takes_the_stock(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=19.99, stock=10)
    body = shop.buy(buyer, (product, 3))
    assert set(body) == {"checkout_id", "status", "total_amount", "orders"}
    assert (body["status"], body["total_amount"]) == ("placed", money("59.97"))
    (order,) = body["orders"]
    assert set(order) == ORDER
    assert (order["checkout_id"], order["buyer_id"], order["seller_id"]) == (body["checkout_id"], buyer.id, seller.id)
    assert order["product_list"] == [
        {"product_id": product["id"], "name": product["name"], "quantity": 3, "price": money("19.99")}
    ]
    assert (order["total_amount"], order["status"]) == (money("59.97"), "placed")
    assert TIME.fullmatch(order["timestamp"])
    assert ok(buyer.api.get(f"/api/orders/{order['id']}")) == order
    after = ok(shop.anonymous.get(f"/api/products/{product['id']}"))
    assert (after["stock"], after["version"]) == (7, product["version"] + 1)


def test_one_order_holds_one_sellers_part(shop: Shop, buyer: Person) -> None:
    sellers = [shop.seller() for _ in range(3)]
    products = [shop.product(seller, price=price) for seller in sellers for price in (0.1, 0.2)]
    body = shop.buy(buyer, *((product, 1) for product in products))
    assert body["total_amount"] == money("0.9")
    assert len(body["orders"]) == 3
    for order in body["orders"]:
        assert order["checkout_id"] == body["checkout_id"]
        assert order["total_amount"] == money("0.3")
        own = {product["id"] for product in products if product["seller_id"] == order["seller_id"]}
        assert {sold["product_id"] for sold in order["product_list"]} == own


def test_lines_of_one_product_are_summed_first(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=2, stock=5)
    refused = problem(shop.try_to_buy(buyer, (product, 3), (product, 3)), 409, "insufficient_stock")
    assert refused["items"] == [{"product_id": product["id"], "requested": 6, "available": 5}]
    body = shop.buy(buyer, (product, 2), (product, 2))
    assert [(sold["product_id"], sold["quantity"]) for sold in body["orders"][0]["product_list"]] == [
        (product["id"], 4)
    ]
    assert body["total_amount"] == 8
    assert shop.stock_of(product) == 1
    assert len(shop.logs_of(product, seller)) == 2


def test_all_lines_or_none_and_the_short_ones_are_named(shop: Shop, buyer: Person) -> None:
    sellers = [shop.seller(), shop.seller()]
    plenty, short, gone = (
        shop.product(sellers[0], stock=10), shop.product(sellers[1], stock=2), shop.product(sellers[0], stock=0)
    )  # fmt: skip
    body = problem(shop.try_to_buy(buyer, (plenty, 1), (short, 3), (gone, 1)), 409, "insufficient_stock")
    assert sorted(body["items"], key=lambda item: item["available"]) == [
        {"product_id": gone["id"], "requested": 1, "available": 0},
        {"product_id": short["id"], "requested": 3, "available": 2},
    ]
    for product in (plenty, short, gone):
        assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == product
    assert buyer.api.all("/api/orders/my-orders") == []


def test_the_last_unit_can_be_bought_and_then_no_more(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=2)
    shop.buy(buyer, (product, 2))
    body = problem(shop.try_to_buy(buyer, (product, 1)), 409, "insufficient_stock")
    assert body["items"] == [{"product_id": product["id"], "requested": 1, "available": 0}]


def test_a_disabled_product_is_unavailable(shop: Shop, seller: Person, buyer: Person, admin: Person) -> None:
    good, disabled = shop.product(seller), shop.product(seller)
    ok(admin.api.put(f"/api/admin/products/{disabled['id']}/disable"))
    body = problem(shop.try_to_buy(buyer, (good, 1), (disabled, 1)), 409, "product_unavailable")
    assert [item["product_id"] for item in body["items"]] == [disabled["id"]]
    assert shop.stock_of(good) == good["stock"]


def test_a_deleted_product_cannot_be_bought(shop: Shop, seller: Person, buyer: Person) -> None:
    good, deleted = shop.product(seller), shop.product(seller)
    assert seller.api.delete(f"/api/products/{deleted['id']}").status_code == 204
    answer = shop.try_to_buy(buyer, (good, 1), (deleted, 1))
    if answer.status_code == 409:
        problem(answer, 409, "product_unavailable")
    else:
        problem(answer, 422, "unknown_product")
    assert shop.stock_of(good) == good["stock"]


@pytest.mark.parametrize("product_id", ["nonsense", "0" * 24, "z" * 200, "$gt", "ü", "a\x00b"])
def test_an_unknown_product_is_refused(shop: Shop, seller: Person, buyer: Person, product_id: str) -> None:
    good = shop.product(seller)
    items = [line(good, 1), {"product_id": product_id, "quantity": 1}]
    problem(checkout(buyer, {"items": items}), 422, "unknown_product")
    assert shop.stock_of(good) == good["stock"]


@pytest.mark.parametrize("quantity", [0, -1, -(10**18), 1001, 10**20, 1.0, 1.5, "1", True, None, [1], {"$gt": 0}])
def test_a_quantity_outside_the_bounds_is_refused(shop: Shop, seller: Person, buyer: Person, quantity: Any) -> None:
    product = shop.product(seller, stock=5000)
    invalid(checkout(buyer, {"items": [line(product, quantity)]}), "quantity")
    assert shop.stock_of(product) == 5000


def test_a_line_may_hold_a_thousand(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=1_000_000, stock=1000)
    assert shop.buy(buyer, (product, 1000))["total_amount"] == 1_000_000_000
    assert shop.stock_of(product) == 0


def test_a_checkout_holds_fifty_lines_and_not_one_more(shop: Shop, seller: Person, buyer: Person) -> None:
    products = [shop.product(seller, price=0.01) for _ in range(51)]
    problem(shop.try_to_buy(buyer, *((product, 1) for product in products)), 422, "validation_failed")
    assert shop.stock_of(products[0]) == 10
    body = shop.buy(buyer, *((product, 1) for product in products[:50]))
    assert body["total_amount"] == money("0.5")
    assert len(body["orders"][0]["product_list"]) == 50


@pytest.mark.parametrize(
    "body",
    [
        {"items": "all"}, {"items": None}, {"items": {}}, {"items": [1]}, {"items": [[]]}, {"items": [{}]},
        {"items": [{"product_id": "x"}]}, {"items": [{"quantity": 1}]},
        {"items": [{"product_id": {"$gt": ""}, "quantity": 1}]}, {"items": [{"product_id": 1, "quantity": 1}]},
        {"items": [{"product_id": "x", "quantity": 1, "price": 0.01}]}, {"buyer_id": "x"}, {"total_amount": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_body_of_another_form_is_refused(buyer: Person, body: Any) -> None:
    problem(checkout(buyer, body), 422, "validation_failed")


def test_no_lines_are_no_checkout(buyer: Person) -> None:
    problem(checkout(buyer, {"items": []}), 422, ("validation_failed", "empty_cart"))


def test_the_total_a_buyer_expects_must_hold(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=3.33)
    problem(shop.try_to_buy(buyer, (product, 3), expected_total=9.98), 409, "price_changed")
    ok(seller.api.put(f"/api/products/{product['id']}", json={"price": 4}))
    problem(shop.try_to_buy(buyer, (product, 3), expected_total=9.99), 409, "price_changed")
    assert shop.stock_of(product) == 10
    assert ok(shop.try_to_buy(buyer, (product, 3), expected_total=12), 201)["total_amount"] == 12


@pytest.mark.parametrize("total", ["9.99", True, [1], 1.001])
def test_an_expected_total_is_money(shop: Shop, seller: Person, buyer: Person, total: Any) -> None:
    product = shop.product(seller)
    invalid(shop.try_to_buy(buyer, (product, 1), expected_total=total), "expected_total")


def test_an_order_keeps_the_name_and_price_it_was_sold_at(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=5)
    order = shop.buy(buyer, (product, 1))["orders"][0]
    ok(seller.api.put(f"/api/products/{product['id']}", json={"price": 50, "name": "Dearer"}))
    assert ok(buyer.api.get(f"/api/orders/{order['id']}")) == order


def test_an_empty_cart_cannot_be_bought(buyer: Person) -> None:
    problem(checkout(buyer, {}), 422, "empty_cart")


def test_a_bought_cart_is_empty_before_the_answer_is_sent(shop: Shop, buyer: Person) -> None:
    products = [shop.product(shop.seller(), price=2.5) for _ in range(2)]
    for product in products:
        ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 2}))
    body = ok(checkout(buyer, {"expected_total": 10}), 201)
    assert ok(buyer.api.get("/api/cart/")) == {"items": [], "total_amount": 0}
    assert (len(body["orders"]), body["total_amount"]) == (2, 10)
    assert [shop.stock_of(product) for product in products] == [8, 8]


def test_a_refused_cart_stays_as_it_is(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=5)
    cart = ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 5}))
    problem(checkout(buyer, {"expected_total": 1}), 409, "price_changed")
    assert ok(buyer.api.get("/api/cart/")) == cart
    shop.buy(shop.buyer(), (product, 1))
    body = problem(checkout(buyer, {}), 409, "insufficient_stock")
    assert body["items"] == [{"product_id": product["id"], "requested": 5, "available": 4}]
    assert [item["quantity"] for item in ok(buyer.api.get("/api/cart/"))["items"]] == [5]


def test_only_buyers_buy(shop: Shop, seller: Person, admin: Person) -> None:
    product = shop.product(seller)
    for person in (seller, shop.seller(), admin):
        problem(checkout(person, {"items": [line(product, 1)]}), 403, "forbidden")
    problem(shop.anonymous.post("/api/orders/", json={"items": [line(product, 1)]}), 401, "unauthenticated")
    assert shop.stock_of(product) == product["stock"]
