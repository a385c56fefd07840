"""What an admin sees and does (contract §3, Admin)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.clock import wait_until
from tests.support.nodes import members
from tests.support.shop import PASSWORD, Person, Shop

USER = {"id", "name", "email", "role", "created_at"}


def remove(admin: Person, person: Person) -> Any:
    return admin.api.delete(f"/api/admin/users/{person.id}")


def test_users_are_found_by_word_and_role(shop: Shop, admin: Person, buyer: Person) -> None:
    (found,) = admin.api.all("/api/admin/users", q=buyer.email)
    assert set(found) >= USER and found["id"] == buyer.id
    assert not [name for name in found if "password" in name or "hash" in name]
    assert [user["id"] for user in admin.api.all("/api/admin/users", q=buyer.email, role="buyer")] == [buyer.id]
    assert admin.api.all("/api/admin/users", q=buyer.email, role="seller") == []
    assert {user["role"] for user in admin.api.all("/api/admin/users", role="admin")} == {"admin"}


def test_users_are_paged_newest_first_without_a_gap(shop: Shop, admin: Person) -> None:
    made = [shop.seller().id for _ in range(5)]
    listed: list[str] = []
    for page in admin.api.pages("/api/admin/users", limit=2):
        listed += [user["id"] for user in page["items"]]
        if set(made) <= set(listed):
            break
    assert listed[:5] == made[::-1]


def test_products_of_everybody_are_listed_disabled_ones_too(shop: Shop, admin: Person, seller: Person) -> None:
    one, two = shop.product(seller), shop.product(seller)
    ok(admin.api.put(f"/api/admin/products/{one['id']}/disable"))
    newest = ok(admin.api.get("/api/admin/products", params={"limit": 2}))["items"]
    assert [(product["id"], product["is_active"]) for product in newest] == [(two["id"], True), (one["id"], False)]


def test_orders_of_everybody_are_listed_and_filtered(
    shop: Shop, admin: Person, seller: Person, buyer: Person
) -> None:
    product = shop.product(seller)
    orders = [shop.buy(buyer, (product, 1))["orders"][0] for _ in range(3)]
    ok(buyer.api.put(f"/api/orders/{orders[2]['id']}/status", json={"status": "cancelled"}))
    listed = ok(admin.api.get("/api/admin/orders", params={"limit": 3}))["items"]
    assert [order["id"] for order in listed] == [order["id"] for order in orders[::-1]]
    (cancelled,) = ok(admin.api.get("/api/admin/orders", params={"limit": 1, "status": "cancelled"}))["items"]
    assert cancelled["id"] == orders[2]["id"]
    future = {"from": "2999-01-01T00:00:00Z"}
    assert admin.api.all("/api/admin/orders", **future) == []


@pytest.mark.parametrize("path", ["users", "products", "orders"])
@pytest.mark.parametrize(
    "wrong", [{"limit": "0"}, {"unknown": "1"}, {"cursor": "nonsense"}, {"role[$ne]": "x"}], ids=str
)
def test_wrong_parameters_are_refused(admin: Person, path: str, wrong: dict[str, str]) -> None:
    problem(admin.api.get(f"/api/admin/{path}", params=wrong), 422)


def test_an_unknown_role_or_status_is_refused(admin: Person) -> None:
    problem(admin.api.get("/api/admin/users", params={"role": "root"}), 422)
    problem(admin.api.get("/api/admin/orders", params={"status": "lost"}), 422)


def test_the_cursor_of_one_admin_list_opens_no_other(admin: Person) -> None:
    cursor = ok(admin.api.get("/api/admin/users", params={"limit": 1}))["next_cursor"]
    problem(admin.api.get("/api/admin/products", params={"limit": 1, "cursor": cursor}), 422)


def test_a_deleted_user_is_gone_and_the_email_is_free_again(shop: Shop, admin: Person) -> None:
    person = shop.buyer()
    answer = remove(admin, person)
    assert answer.status_code == 204 and answer.content == b""
    login = shop.anonymous.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
    problem(login, 401, "invalid_credentials")
    wait_until(lambda: person.api.on_every_worker("/api/auth/profile") == {401}, "the token is refused", within=2)
    problem(remove(admin, person), 404, "not_found")
    assert admin.api.all("/api/admin/users", q=person.email) == []
    again = shop.register(email=person.email)
    assert again.id != person.id
    assert again.api.all("/api/orders/my-orders") == []


def test_a_deleted_sellers_products_leave_and_the_orders_stay(
    shop: Shop, admin: Person, seller: Person, buyer: Person
) -> None:
    products = [shop.product(seller) for _ in range(3)]
    order = shop.buy(buyer, (products[0], 2))["orders"][0]
    assert remove(admin, seller).status_code == 204
    for product in products:
        wait_until(
            lambda product=product: shop.anonymous.get(f"/api/products/{product['id']}").status_code == 404,
            "the products leave the shop",
            within=10,
        )
    assert shop.anonymous.all("/api/products/", seller_id=seller.id) == []
    for person in (buyer, admin):
        assert ok(person.api.get(f"/api/orders/{order['id']}")) == order
    assert ok(buyer.api.get("/api/orders/my-orders"))["items"] == [order]


def test_a_deleted_buyers_orders_stay_with_the_seller(
    shop: Shop, admin: Person, seller: Person, buyer: Person
) -> None:
    product = shop.product(seller)
    order = shop.buy(buyer, (product, 2))["orders"][0]
    assert remove(admin, buyer).status_code == 204
    assert ok(seller.api.get("/api/orders/seller-orders"))["items"] == [order]
    completed = seller.api.put(f"/api/orders/{order['id']}/status", json={"status": "completed"})
    assert ok(completed)["status"] == "completed"
    listed = ok(admin.api.get("/api/admin/orders", params={"limit": 1}))["items"][0]
    assert buyer.email not in str(listed)


def test_an_admin_deletes_neither_themselves_nor_the_last_admin(shop: Shop, admin: Person) -> None:
    problem(remove(admin, admin), 409)
    assert ok(admin.api.get("/api/auth/profile"))["role"] == "admin"


@pytest.mark.parametrize("user_id", ["nonsense", "0" * 24, "%7B%22%24ne%22%3A1%7D", "%00"])
def test_an_impossible_user_or_product_is_absent(admin: Person, user_id: str) -> None:
    problem(admin.api.delete(f"/api/admin/users/{user_id}"), 404, "not_found")
    for action in ("disable", "enable"):
        problem(admin.api.put(f"/api/admin/products/{user_id}/{action}"), 404, "not_found")


def test_health_is_the_topology_with_the_apps(admin: Person) -> None:
    health = ok(admin.api.get("/api/admin/health"))
    topology = ok(admin.api.get("/api/lab/topology"))
    assert health["kind"] == topology["kind"]
    assert [member["node"] for member in members(health)] == [member["node"] for member in members(topology)]
    assert {"apps", "committer", "relay_lag_ms"} <= set(health)
    assert len(health["apps"]) == 1
    (app,) = health["apps"]
    assert set(app) >= {"node", "workers", "version"}


def test_health_tells_of_the_committer(shop: Shop, admin: Person) -> None:
    before = ok(admin.api.get("/api/admin/health"))["committer"]
    shop.buy(shop.buyer(), (shop.product(shop.seller()), 1))
    after = ok(admin.api.get("/api/admin/health"))["committer"]
    assert after["batches"] > before["batches"] and after["changes"] >= 1
    assert after["members_per_batch"] >= 1 and after["commit_ms"] > 0
    assert after["state"] in ("leads", "follows") and after["pid"] in shop.demo.worker_pids()


def test_everything_of_it_is_for_admins_alone(shop: Shop, seller: Person, buyer: Person) -> None:
    paths = ["users", "products", "orders", "dashboard", "health"]
    for path in paths:
        for person in (seller, buyer):
            problem(person.api.get(f"/api/admin/{path}"), 403, "forbidden")
        problem(shop.anonymous.get(f"/api/admin/{path}"), 401, "unauthenticated")


@pytest.mark.parametrize("text", [".*", "(", "\\", "$", "^", "[a-", "a\x00b", "\u0301", "\U0001f600"])
def test_no_search_for_accounts_breaks_the_server(admin: Person, text: str) -> None:
    answer = admin.api.get("/api/admin/users", params={"q": text})
    if "\x00" in text:
        invalid(answer, "q")
    else:
        ok(answer)
