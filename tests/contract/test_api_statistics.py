"""What a seller and an admin are told about sales (contract §3, Seller and Admin)."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.support.api import ok, problem
from tests.support.shop import Person, Shop, money

STATS = {"revenue", "orders", "units", "average_order", "by_day", "top_products", "low_stock"}
DASHBOARD = {"users", "products", "orders", "revenue", "by_day", "top_products", "top_sellers"}


def stats(person: Person, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = ok(person.api.get("/api/seller/stats", params=params))
    return answer


def test_a_seller_who_sold_nothing_sees_zeros(seller: Person) -> None:
    body = stats(seller)
    assert set(body) == STATS
    assert (body["revenue"], body["orders"], body["units"], body["average_order"]) == (0, 0, 0, 0)
    assert (body["top_products"], body["low_stock"]) == ([], [])
    assert sum(day["orders"] for day in body["by_day"]) == 0


def test_sales_are_summed_exactly_without_cancelled_orders(shop: Shop, seller: Person, buyer: Person) -> None:
    dime, euro = shop.product(seller, price=0.1, stock=100), shop.product(seller, price=1, stock=100)
    other = shop.product(shop.seller(), price=1000)
    shop.buy(buyer, (dime, 3), (other, 1))
    order = shop.buy(buyer, (dime, 4), (euro, 2))["orders"][0]
    ok(seller.api.put(f"/api/orders/{order['id']}/status", json={"status": "completed"}))
    gone = shop.buy(buyer, (euro, 50))["orders"][0]
    ok(buyer.api.put(f"/api/orders/{gone['id']}/status", json={"status": "cancelled"}))
    body = stats(seller, days=1)
    assert (body["revenue"], body["orders"], body["units"]) == (money("2.7"), 2, 9)
    assert body["average_order"] == money("1.35")
    assert body["top_products"] == [
        {"product_id": euro["id"], "name": euro["name"], "units": 2, "revenue": 2},
        {"product_id": dime["id"], "name": dime["name"], "units": 7, "revenue": money("0.7")},
    ] or body["top_products"] == [
        {"product_id": dime["id"], "name": dime["name"], "units": 7, "revenue": money("0.7")},
        {"product_id": euro["id"], "name": euro["name"], "units": 2, "revenue": 2},
    ]
    assert sum(day["orders"] for day in body["by_day"]) == 2
    assert sum((day["revenue"] for day in body["by_day"]), Decimal(0)) == money("2.7")
    assert all(set(day) == {"date", "revenue", "orders"} for day in body["by_day"])
    today = [day for day in body["by_day"] if day["orders"]]
    assert today[-1]["date"] <= datetime.now(timezone.utc).strftime("%Y-%m-%d")


def test_an_average_has_no_more_decimals_than_money(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, price=1, stock=10)
    for quantity in (1, 1, 2):
        shop.buy(buyer, (product, quantity))
    assert stats(seller)["average_order"] == money("1.33")


def test_low_stock_names_active_products_at_or_under_their_threshold(
    shop: Shop, seller: Person, admin: Person
) -> None:
    low = shop.product(seller, stock=2, low_stock_threshold=2)
    gone = shop.product(seller, stock=0, low_stock_threshold=5)
    shop.product(seller, stock=6, low_stock_threshold=5)
    listed = stats(seller)["low_stock"]
    assert {product["id"] for product in listed} == {low["id"], gone["id"]}
    assert low in listed


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "", "99999999999"])
@pytest.mark.parametrize("path", ["/api/seller/stats", "/api/admin/dashboard"])
def test_days_are_a_sensible_number(seller: Person, admin: Person, path: str, days: str) -> None:
    person = seller if "seller" in path else admin
    problem(person.api.get(path, params={"days": days}), 422)
    problem(person.api.get(path, params={"day": "30"}), 422)


def test_the_figures_are_for_their_roles(shop: Shop, buyer: Person, seller: Person) -> None:
    problem(buyer.api.get("/api/seller/stats"), 403, "forbidden")
    problem(seller.api.get("/api/admin/dashboard"), 403, "forbidden")
    problem(shop.anonymous.get("/api/seller/stats"), 401, "unauthenticated")


def test_the_dashboard_counts_what_happens(shop: Shop, seller: Person, buyer: Person, admin: Person) -> None:
    def dashboard() -> dict[str, Any]:
        body: dict[str, Any] = ok(admin.api.get("/api/admin/dashboard", params={"days": 1}))
        assert set(body) == DASHBOARD
        assert set(body["users"]) == {"buyer", "seller", "admin"}
        assert set(body["products"]) == {"active", "disabled"}
        assert set(body["orders"]) == {"placed", "completed", "cancelled"}
        return body

    before = dashboard()
    product, disabled = shop.product(seller, price=2.5, stock=1000), shop.product(seller)
    ok(admin.api.put(f"/api/admin/products/{disabled['id']}/disable"))
    orders = [shop.buy(buyer, (product, 2))["orders"][0] for _ in range(4)]
    ok(seller.api.put(f"/api/orders/{orders[0]['id']}/status", json={"status": "completed"}))
    ok(seller.api.put(f"/api/orders/{orders[1]['id']}/status", json={"status": "cancelled"}))
    shop.buyer()
    after = dashboard()
    grown = {
        (part, name): after[part][name] - before[part][name]
        for part in ("users", "products", "orders")
        for name in after[part]
    }
    assert grown == {
        ("users", "buyer"): 1, ("users", "seller"): 0, ("users", "admin"): 0, ("products", "active"): 1,
        ("products", "disabled"): 1, ("orders", "placed"): 2, ("orders", "completed"): 1, ("orders", "cancelled"): 1,
    }  # fmt: skip
    assert after["revenue"] - before["revenue"] == 15
