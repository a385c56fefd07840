"""One test for each thing the seed did wrong (design §7), named after it. What needs sockets comes with them."""

from __future__ import annotations

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.ledger import clean, count, crowd, kept, lines, rush
from tests.support.shop import DEMO_PASSWORD, PASSWORD, Person, Shop, money, new_email, unique


def test_a_read_check_write_checkout_that_oversells(shop: Shop) -> None:
    product = shop.product(shop.seller(), stock=3)
    answers = rush(crowd(shop, 12), [lines((product, 1))] * 12)
    assert count(answers) == {"201": 3, "409 insufficient_stock": 9}
    assert shop.stock_of(product) == 0


def test_stock_read_from_a_stale_secondary(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=0)
    path = f"/api/products/{product['id']}"
    for _ in range(20):
        ok(seller.api.put(path, json={"stock": 1}))
        shop.buy(buyer, (product, 1))
        problem(shop.try_to_buy(buyer, (product, 1)), 409, "insufficient_stock")


def test_an_order_saved_before_the_stock_was_taken(shop: Shop, seller: Person, buyer: Person) -> None:
    good, short = shop.product(seller, stock=5), shop.product(seller, stock=1)
    problem(shop.try_to_buy(buyer, (good, 1), (short, 2)), 409, "insufficient_stock")
    assert buyer.api.all("/api/orders/my-orders") == []
    assert seller.api.all("/api/orders/seller-orders") == []
    assert (shop.stock_of(good), shop.stock_of(short)) == (5, 1)


def test_negative_quantities(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=5)
    invalid(shop.try_to_buy(buyer, (product, -3)), "quantity")
    invalid(shop.try_to_buy(buyer, (product, 5), (product, -4)), "quantity")
    invalid(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": -3}), "quantity")
    assert shop.stock_of(product) == 5


def test_one_product_on_two_lines_passing_the_check_twice(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=5)
    body = problem(shop.try_to_buy(buyer, (product, 3), (product, 3)), 409, "insufficient_stock")
    assert body["items"] == [{"product_id": product["id"], "requested": 6, "available": 5}]
    assert shop.stock_of(product) == 5


@pytest.mark.parametrize("role", ["buyer", "seller", "admin"])
def test_demo_accounts_that_could_not_log_in(shop: Shop, role: str) -> None:
    assert shop.login(f"{role}@demo.com", DEMO_PASSWORD).user["role"] == role


def test_a_health_route_that_always_failed(shop: Shop) -> None:
    for path in ("/healthz", "/readyz"):
        assert shop.anonymous.get(path).status_code == 200
    assert ok(shop.admin().api.get("/api/admin/health"))["kind"] == shop.demo.topology


def test_anyone_registering_as_admin(shop: Shop) -> None:
    body = {"name": "Mallory", "email": new_email(), "password": PASSWORD, "role": "admin"}
    invalid(shop.anonymous.post("/api/auth/register", json=body), "role")
    login = {"email": body["email"], "password": PASSWORD}
    problem(shop.anonymous.post("/api/auth/login", json=login), 401, "invalid_credentials")


def test_any_seller_completing_any_order(shop: Shop, seller: Person, buyer: Person) -> None:
    order = shop.buy(buyer, (shop.product(seller), 1))["orders"][0]
    path = f"/api/orders/{order['id']}/status"
    problem(shop.seller().api.put(path, json={"status": "completed"}), 404, "not_found")
    assert ok(buyer.api.get(f"/api/orders/{order['id']}"))["status"] == "placed"
    ok(seller.api.put(path, json={"status": "completed"}))


def test_a_cancellation_that_put_nothing_back(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=5)
    order = shop.buy(buyer, (product, 4))["orders"][0]
    assert shop.stock_of(product) == 1
    ok(buyer.api.put(f"/api/orders/{order['id']}/status", json={"status": "cancelled"}))
    assert shop.stock_of(product) == 5
    shop.buy(buyer, (product, 5))


def test_a_disable_that_destroyed_the_stock_figure(shop: Shop, seller: Person, buyer: Person) -> None:
    product, admin = shop.product(seller, stock=5), shop.admin()
    assert ok(admin.api.put(f"/api/admin/products/{product['id']}/disable"))["stock"] == 5
    problem(shop.try_to_buy(buyer, (product, 1)), 409, "product_unavailable")
    enabled = ok(admin.api.put(f"/api/admin/products/{product['id']}/enable"))
    assert (enabled["stock"], enabled["is_active"]) == (5, True)
    shop.buy(buyer, (product, 5))


def test_statistics_that_were_always_0(shop: Shop, seller: Person, buyer: Person) -> None:
    shop.buy(buyer, (shop.product(seller, price=12.5), 2))
    stats = ok(seller.api.get("/api/seller/stats"))
    assert (stats["revenue"], stats["orders"], stats["units"], stats["average_order"]) == (25, 1, 2, 25)
    assert stats["top_products"][0]["revenue"] == 25
    assert sum(day["revenue"] for day in stats["by_day"]) == 25
    dashboard = ok(shop.admin().api.get("/api/admin/dashboard"))
    assert dashboard["revenue"] >= 25 and dashboard["orders"]["placed"] >= 1 and dashboard["users"]["buyer"] >= 1


def test_no_paging(shop: Shop, seller: Person) -> None:
    category = unique("cat")
    made = [shop.product(seller, category=category)["id"] for _ in range(25)]
    first = ok(shop.anonymous.get("/api/products/", params={"category": category}))
    assert len(first["items"]) == 20 and first["next_cursor"]
    rest = {"category": category, "cursor": first["next_cursor"]}
    second = ok(shop.anonymous.get("/api/products/", params=rest))
    assert [product["id"] for page in (first, second) for product in page["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_floats_for_money(shop: Shop, seller: Person, buyer: Person) -> None:
    dime, cents = shop.product(seller, price=0.1, stock=1000), shop.product(seller, price=0.29, stock=1000)
    body = shop.buy(buyer, (dime, 3), (cents, 100))
    assert body["total_amount"] == money("29.3")
    assert body["orders"][0]["total_amount"] == money("29.3")
    for _ in range(10):
        shop.buy(buyer, (dime, 1))
    assert ok(seller.api.get("/api/seller/stats"))["revenue"] == money("30.3")
    invalid(
        seller.api.post("/api/products/", json={"name": "x", "price": 0.001, "stock": 1, "category": "x"}), "price"
    )


@pytest.mark.parametrize("path", ["/api/products/%00", "/api/orders/$where", "/api/products/?cursor=%ff", "/nowhere"])
def test_exceptions_shown_to_clients(shop: Shop, buyer: Person, path: str) -> None:
    answer = buyer.api.get(path)
    assert 400 <= answer.status_code < 500
    problem(answer, answer.status_code)  # looks for traces, queries and internal names too


def test_after_all_this_the_books_are_right(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=1)
    (answer,) = rush([buyer], [lines((product, 1))])
    kept(buyer, answer)
    clean(shop)
