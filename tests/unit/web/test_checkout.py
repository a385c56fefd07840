"""Checkouts over HTTP: answers that can be asked for again, byte for byte."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shardmart.web.metrics import CHECKOUTS
from tests.unit.web.conftest import Served
from tests.unit.web.fakes import BUYER, CAKE, OTHER_BUYER, SELLER, TEA


def buy(served: Served, items: dict[str, int] | None, as_: str = BUYER, key: str | None = None, **more: Any) -> Any:
    body = more if items is None else {"items": [{"product_id": k, "quantity": v} for k, v in items.items()], **more}
    return served.call("POST", "/api/orders/", as_, json=body, headers={"idempotency-key": key} if key else {})


def test_a_placed_checkout_is_replayed_byte_for_byte(served: Served) -> None:
    first, second = buy(served, {TEA: 2}, key="k1"), buy(served, {TEA: 2}, key="k1")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert (first.json()["status"], first.json()["total_amount"]) == ("placed", 25.0)
    assert served.fake.products.all_[TEA].stock == 8


def test_a_refused_checkout_is_replayed_byte_for_byte(served: Served) -> None:
    first = buy(served, {TEA: 1, CAKE: 2}, key="k2")
    served.fake.products.all_[CAKE].stock = 99
    second = buy(served, {TEA: 1, CAKE: 2}, key="k2")
    assert first.status_code == second.status_code == 409
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert first.json()["items"] == [{"product_id": CAKE, "requested": 2, "available": 1}]
    assert first.json()["code"] == "insufficient_stock"


def test_a_product_that_is_gone_and_a_changed_price_are_409(served: Served) -> None:
    changed = buy(served, {TEA: 1}, expected_total=1)
    assert (changed.status_code, changed.json()["code"]) == (409, "price_changed")
    served.fake.products.all_[TEA].is_active = False
    gone = buy(served, {TEA: 1})
    assert (gone.status_code, gone.json()["code"]) == (409, "product_unavailable")
    assert gone.json()["items"] == [{"product_id": TEA, "requested": 1, "available": 0}]


def test_a_key_belongs_to_one_buyer_and_one_body(served: Served) -> None:
    buy(served, {TEA: 1}, key="k3")
    other_body = buy(served, {TEA: 2}, key="k3")
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency_key_reused")
    assert "idempotent-replayed" not in buy(served, {TEA: 2}, OTHER_BUYER, key="k3").headers


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ä", "nul\x7f"], ids=repr)
def test_an_impossible_key_is_422(served: Served, key: str) -> None:
    headers = {**served.headers(BUYER), "idempotency-key": key.encode()}
    answer = served.http.post("/api/orders/", headers=headers, json={})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


def test_two_keys_are_422(served: Served) -> None:
    headers = [*served.headers(BUYER).items(), ("idempotency-key", "a"), ("idempotency-key", "b")]
    assert served.http.post("/api/orders/", headers=headers, json={}).status_code == 422


@pytest.mark.parametrize(
    ("items", "code"),
    [({"nonsense": 1}, "unknown_product"), ({f"{SELLER}-{'9' * 24}": 1}, "unknown_product"), (None, "empty_cart")],
)
def test_what_cannot_be_bought_is_422(served: Served, items: dict[str, int] | None, code: str) -> None:
    answer = buy(served, items)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_cart_is_bought_and_empty_afterwards(served: Served) -> None:
    cart = served.call("PUT", f"/api/cart/items/{TEA}", BUYER, json={"quantity": 3}).json()
    assert cart["total_amount"] == 37.5
    assert buy(served, None).status_code == 201
    assert served.call("GET", "/api/cart/", BUYER).json() == {"items": [], "total_amount": 0.0}


def test_orders_are_seen_by_those_they_concern(served: Served) -> None:
    order = buy(served, {TEA: 1}).json()["orders"][0]
    for user, status in ((BUYER, 200), (SELLER, 200), (OTHER_BUYER, 404)):
        answer: httpx.Response = served.call("GET", f"/api/orders/{order['id']}", user)
        assert answer.status_code == status
    done = served.call("PUT", f"/api/orders/{order['id']}/status", SELLER, json={"status": "completed"})
    assert done.json()["status"] == "completed"
    late = served.call("PUT", f"/api/orders/{order['id']}/status", BUYER, json={"status": "cancelled"})
    assert (late.status_code, late.json()["code"]) == (409, "invalid_transition")
    assert served.call("PUT", f"/api/orders/{order['id']}/status", BUYER, json={"status": "lost"}).status_code == 422


def test_lists_of_orders_are_one_s_own(served: Served) -> None:
    served.call("GET", "/api/orders/my-orders?status=placed&from=2026-01-01", BUYER)
    served.call("GET", "/api/orders/seller-orders", SELLER)
    mine, sold = served.fake.orders.asked
    assert (mine.buyer_id, mine.seller_id) == (BUYER, None)
    assert (sold.buyer_id, sold.seller_id) == (None, SELLER)


def test_checkouts_are_counted_by_outcome(served: Served) -> None:
    def counted(outcome: str) -> float:
        return CHECKOUTS.labels(outcome)._value.get()

    before = {
        outcome: counted(outcome) for outcome in ("placed", "replayed", "insufficient_stock", "unknown_product")
    }
    buy(served, {TEA: 1}, key="k4")
    buy(served, {TEA: 1}, key="k4")
    buy(served, {CAKE: 5})
    buy(served, {"nonsense": 1})
    assert {outcome: counted(outcome) - value for outcome, value in before.items()} == dict.fromkeys(before, 1.0)
