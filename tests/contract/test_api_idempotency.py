"""Idempotency keys: the first answer again, byte for byte (contract §3, Orders)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import pytest

from tests.support.api import ok, outcome, problem
from tests.support.database import locked
from tests.support.parallel import at_once
from tests.support.shop import Person, Shop, new_key

REPLAYED = "Idempotent-Replayed"


def checkout(person: Person, key: str, body: Any) -> Any:
    return person.api.post("/api/orders/", json=body, headers={"Idempotency-Key": key})


def one(product: dict[str, Any], quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"items": [{"product_id": product["id"], "quantity": quantity}], **more}


def test_the_same_key_and_body_get_the_first_answer_byte_for_byte(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller, price=0.1, stock=10), new_key()
    first = checkout(buyer, key, one(product, 3))
    ok(first, 201)
    assert REPLAYED not in first.headers
    ok(seller.api.put(f"/api/products/{product['id']}", json={"price": 5, "name": "Changed"}))
    for _ in range(3):
        with buyer.api.fresh() as api:
            again = api.post("/api/orders/", json=one(product, 3), headers={"Idempotency-Key": key})
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers[REPLAYED] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
    assert shop.stock_of(product) == 7
    assert len(buyer.api.all("/api/orders/my-orders")) == 1


@pytest.mark.parametrize("code", ["insufficient_stock", "price_changed", "product_unavailable"])
def test_a_refusal_is_an_answer_too_and_stays_one(
    shop: Shop, seller: Person, buyer: Person, admin: Person, code: str
) -> None:
    product, key = shop.product(seller, price=2, stock=1), new_key()
    body = one(product, 2) if code == "insufficient_stock" else one(product, 1)
    if code == "price_changed":
        body |= {"expected_total": 1}
    if code == "product_unavailable":
        ok(admin.api.put(f"/api/admin/products/{product['id']}/disable"))
    first = checkout(buyer, key, body)
    problem(first, 409, code)
    assert REPLAYED not in first.headers
    ok(admin.api.put(f"/api/admin/products/{product['id']}/enable"))
    ok(seller.api.put(f"/api/products/{product['id']}", json={"stock": 100, "price": 1}))
    again = checkout(buyer, key, body)
    assert (again.status_code, again.content) == (409, first.content)
    assert again.headers[REPLAYED] == "true"
    assert shop.stock_of(product) == 100


def test_a_key_cannot_be_used_for_another_body(shop: Shop, seller: Person, buyer: Person) -> None:
    product, other, key = shop.product(seller), shop.product(seller), new_key()
    ok(checkout(buyer, key, one(product)), 201)
    bodies = [one(product, 2), one(other), one(product, expected_total=10), {}, {"items": one(product)["items"] * 2}]
    for body in bodies:
        problem(checkout(buyer, key, body), 422, "idempotency_key_reused")
    assert (shop.stock_of(product), shop.stock_of(other)) == (9, 10)
    assert checkout(buyer, key, one(product)).headers[REPLAYED] == "true"


def test_a_key_of_a_refused_checkout_cannot_be_used_for_another_body(
    shop: Shop, seller: Person, buyer: Person
) -> None:
    product, key = shop.product(seller, stock=1), new_key()
    problem(checkout(buyer, key, one(product, 2)), 409, "insufficient_stock")
    problem(checkout(buyer, key, one(product, 1)), 422, "idempotency_key_reused")


@pytest.mark.parametrize("wrong", ["unknown product", "bad quantity", "empty cart", "no json"])
def test_an_invalid_request_leaves_the_key_free(shop: Shop, seller: Person, buyer: Person, wrong: str) -> None:
    product, key = shop.product(seller), new_key()
    if wrong == "no json":
        answer = buyer.api.post("/api/orders/", content=b"{", headers={"Idempotency-Key": key})
        problem(answer, 400, "malformed_json")
    else:
        bodies: dict[str, Any] = {
            "unknown product": {"items": [{"product_id": "nonsense", "quantity": 1}]},
            "bad quantity": one(product, 0),
            "empty cart": {},
        }
        problem(checkout(buyer, key, bodies[wrong]), 422)
    answer = checkout(buyer, key, one(product))
    ok(answer, 201)
    assert REPLAYED not in answer.headers


def test_a_key_belongs_to_one_buyer(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key, other = shop.product(seller), new_key(), shop.buyer()
    first, second = checkout(buyer, key, one(product)), checkout(other, key, one(product))
    assert ok(first, 201)["checkout_id"] != ok(second, 201)["checkout_id"]
    assert ok(second, 201)["orders"][0]["buyer_id"] == other.id
    assert shop.stock_of(product) == 8


def test_without_a_key_every_request_is_a_checkout(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    assert shop.buy(buyer, (product, 1))["checkout_id"] != shop.buy(buyer, (product, 1))["checkout_id"]
    assert shop.stock_of(product) == 8


@pytest.mark.parametrize("key", ["k", "k" * 255, "a b/c:$.{}\"'", "0"])
def test_a_key_is_any_1_to_255_characters(shop: Shop, seller: Person, buyer: Person, key: str) -> None:
    product = shop.product(seller)
    ok(checkout(buyer, key, one(product)), 201)
    assert checkout(buyer, key, one(product)).headers[REPLAYED] == "true"


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_another_length_is_refused(shop: Shop, seller: Person, buyer: Person, key: str) -> None:
    product = shop.product(seller)
    problem(checkout(buyer, key, one(product)), 422, "validation_failed")
    assert shop.stock_of(product) == 10


def test_keys_differ_in_every_character_and_in_case(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller), new_key()
    for spelling in (key + "a", key + "A", key + "b"):
        answer = checkout(buyer, spelling, one(product))
        ok(answer, 201)
        assert REPLAYED not in answer.headers


def test_a_cart_bought_twice_with_one_key_is_bought_once(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller), new_key()
    ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 4}))
    first = checkout(buyer, key, {})
    ok(first, 201)
    again = checkout(buyer, key, {})
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (201, first.content, "true")
    assert shop.stock_of(product) == 6


def test_a_replay_leaves_what_was_put_into_the_cart_since(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller), new_key()
    ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 4}))
    ok(checkout(buyer, key, {}), 201)
    cart = ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 1}))
    ok(checkout(buyer, key, {}), 201)
    assert ok(buyer.api.get("/api/cart/")) == cart


def test_a_key_whose_first_request_still_runs_is_in_progress(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller), new_key()
    with ThreadPoolExecutor(2) as pool:
        with locked(shop, product):
            running = [pool.submit(checkout, buyer, key, one(product)) for _ in range(2)]
            done, _ = wait(running, timeout=4, return_when=FIRST_COMPLETED)
            assert done, "neither was told that the other runs"
        answers = [future.result() for future in running]
    assert Counter(map(outcome, answers)) == {"201": 1, "409 checkout_in_progress": 1}
    assert checkout(buyer, key, one(product)).headers[REPLAYED] == "true"
    assert shop.stock_of(product) == 9


def test_sixteen_requests_with_one_key_are_one_checkout(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller, stock=100), new_key()
    answers = at_once([lambda: checkout(buyer, key, one(product, 2))] * 16)
    assert set(map(outcome, answers)) <= {"201", "409 checkout_in_progress"}
    good = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in good}) == 1
    assert sum(REPLAYED not in answer.headers for answer in good) == 1
    assert shop.stock_of(product) == 98
    assert len(buyer.api.all("/api/orders/my-orders")) == 1
