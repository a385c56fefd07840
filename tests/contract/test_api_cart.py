"""The buyer's cart (contract §3, Cart)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.parallel import at_once
from tests.support.shop import Person, Shop, money

ITEM = {"product_id", "name", "price", "quantity", "available"}
EMPTY = {"items": [], "total_amount": 0}


def put(person: Person, product: dict[str, Any], quantity: Any) -> Any:
    return person.api.put(f"/api/cart/items/{product['id']}", json={"quantity": quantity})


def test_a_new_buyers_cart_is_empty(buyer: Person) -> None:
    assert ok(buyer.api.get("/api/cart/")) == EMPTY


def test_a_cart_shows_its_lines_and_their_exact_total(shop: Shop, seller: Person, buyer: Person) -> None:
    dime, penny = shop.product(seller, price=0.1, stock=5), shop.product(seller, price=0.01, stock=9)
    ok(put(buyer, dime, 3))
    cart = ok(put(buyer, penny, 7))
    assert cart == ok(buyer.api.get("/api/cart/"))
    assert set(cart) == {"items", "total_amount"}
    assert all(set(item) == ITEM for item in cart["items"])
    assert cart["total_amount"] == money("0.37")
    lines = {item["product_id"]: item for item in cart["items"]}
    assert lines[dime["id"]] == {
        "product_id": dime["id"], "name": dime["name"], "price": money("0.1"), "quantity": 3, "available": 5
    }  # fmt: skip
    assert lines[penny["id"]]["quantity"] == 7


def test_a_line_is_set_not_added_to_and_zero_removes_it(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=50)
    ok(put(buyer, product, 3))
    assert [item["quantity"] for item in ok(put(buyer, product, 5))["items"]] == [5]
    assert ok(put(buyer, product, 0)) == EMPTY
    assert ok(put(buyer, product, 0)) == EMPTY


@pytest.mark.parametrize("quantity", [-1, 1001, 10**20, 1.0, 0.5, "1", True, None, [1], {"$inc": 1}])
def test_a_quantity_outside_the_bounds_is_refused(shop: Shop, seller: Person, buyer: Person, quantity: Any) -> None:
    product = shop.product(seller, stock=5000)
    ok(put(buyer, product, 2))
    invalid(put(buyer, product, quantity), "quantity")
    assert [item["quantity"] for item in ok(buyer.api.get("/api/cart/"))["items"]] == [2]


@pytest.mark.parametrize("quantity", [1, 1000])
def test_a_quantity_at_the_bounds_is_taken(shop: Shop, seller: Person, buyer: Person, quantity: int) -> None:
    product = shop.product(seller, stock=5000)
    assert ok(put(buyer, product, quantity))["items"][0]["quantity"] == quantity


def test_unknown_fields_are_refused(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    answer = buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 1, "price": 0.01})
    invalid(answer, "price")
    assert ok(buyer.api.get("/api/cart/")) == EMPTY


@pytest.mark.parametrize("product_id", ["nonsense", "0" * 24, "%7B%22%24gt%22%3A1%7D"])
def test_what_is_not_there_cannot_be_put_into_a_cart(buyer: Person, product_id: str) -> None:
    problem(buyer.api.put(f"/api/cart/items/{product_id}", json={"quantity": 1}), 404, "not_found")
    assert ok(buyer.api.get("/api/cart/")) == EMPTY


def test_a_cart_is_emptied_on_request(shop: Shop, seller: Person, buyer: Person) -> None:
    ok(put(buyer, shop.product(seller), 1))
    assert ok(buyer.api.delete("/api/cart/")) == EMPTY
    assert ok(buyer.api.get("/api/cart/")) == EMPTY


def test_a_cart_shows_the_price_and_the_stock_of_now(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=5, stock=8)
    ok(put(buyer, product, 2))
    ok(seller.api.put(f"/api/products/{product['id']}", json={"price": 7.25, "stock": 1, "name": "Renamed"}))
    (item,) = ok(buyer.api.get("/api/cart/"))["items"]
    assert (item["price"], item["available"], item["quantity"], item["name"]) == (money("7.25"), 1, 2, "Renamed")
    assert ok(buyer.api.get("/api/cart/"))["total_amount"] == money("14.5")


def test_a_cart_is_its_buyers_alone_in_all_their_sessions(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    cart = ok(put(buyer, product, 2))
    assert ok(shop.login(buyer.email).api.get("/api/cart/")) == cart
    assert ok(shop.buyer().api.get("/api/cart/")) == EMPTY


def test_ten_lines_put_at_once_are_all_there(shop: Shop, seller: Person, buyer: Person) -> None:
    products = [shop.product(seller) for _ in range(10)]
    for answer in at_once([lambda product=product: put(buyer, product, 1) for product in products]):
        ok(answer)
    assert {item["product_id"] for item in ok(buyer.api.get("/api/cart/"))["items"]} == {p["id"] for p in products}


def test_only_buyers_have_a_cart(shop: Shop, seller: Person, admin: Person) -> None:
    product = shop.product(seller)
    for person in (seller, admin):
        problem(person.api.get("/api/cart/"), 403, "forbidden")
        problem(put(person, product, 1), 403, "forbidden")
        problem(person.api.delete("/api/cart/"), 403, "forbidden")
    problem(shop.anonymous.get("/api/cart/"), 401, "unauthenticated")
