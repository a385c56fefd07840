"""Creating, changing and deleting products (contract §3, Products)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.shop import Person, Shop, money, unique

PRODUCT = {
    "id", "seller_id", "seller_name", "name", "description", "price", "stock", "category", "low_stock_threshold",
    "is_active", "image_url", "version", "created_at", "updated_at",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
IMPOSSIBLE_IDS = [
    "x",
    "0" * 24,
    "z" * 300,
    "%7B%22%24gt%22%3A%22%22%7D",
    "%00",
    "ü",
    "a%2Fb",
    "..%2F..",
    "None",
    "-1",
]
REQUIRED = {"name": "Kettle", "price": 9.5, "stock": 4, "category": "Kitchen"}

WRONG = {
    "name": ["", "n" * 201, None, 5, True, ["x"], {"$gt": ""}],
    "description": ["d" * 5001, None, 5, ["x"]],
    "category": ["", "c" * 61, None, 5, ["x"]],
    "price": [0, 0.0, 0.001, 0.009, -1, -0.01, 1000000.01, 1000001, 1e12, 9.999, 1.005, "5", "", True, None, [5], {}],
    "stock": [-1, 1_000_000_001, 10**30, 1.0, 1.5, "1", True, None, [1]],
    "low_stock_threshold": [-1, 1.0, "1", True, [1]],
}
RIGHT = {
    "name": ["n", "ñ" * 200, "$set.a {} 'quoted' \"\\ 🛒"],
    "description": ["", "d" * 5000, "two\nlines"],
    "category": ["c", "c" * 60, "a.b$c"],
    "price": [0.01, 0.1, 1, 19.99, 999999.99, 1000000, 1000000.0],
    "stock": [0, 1, 1_000_000_000],
    "low_stock_threshold": [0, 7],
}


def cases(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(field, value, id=f"{field}-{number}")
        for field in table
        for number, value in enumerate(table[field])
    ]


def create(api: Any, **fields: Any) -> Any:
    body = {name: value for name, value in (REQUIRED | fields).items() if value is not ...}
    return api.post("/api/products/", json=body)


def test_a_new_product_is_answered_whole_and_lies_where_location_says(shop: Shop, seller: Person) -> None:
    answer = create(seller.api, name="Kettle", description="Boils", low_stock_threshold=2)
    product = ok(answer, 201)
    assert set(product) == PRODUCT
    assert (product["seller_id"], product["seller_name"]) == (seller.id, seller.user["name"])
    assert (product["name"], product["description"], product["category"]) == ("Kettle", "Boils", "Kitchen")
    assert (product["price"], product["stock"], product["low_stock_threshold"]) == (money(9.5), 4, 2)
    assert (product["is_active"], product["image_url"]) == (True, None)
    assert type(product["version"]) is int
    assert TIME.fullmatch(product["created_at"]) and TIME.fullmatch(product["updated_at"])
    assert answer.headers["location"].endswith(f"/api/products/{product['id']}")
    assert ok(shop.anonymous.get(answer.headers["location"])) == product


def test_what_may_be_left_out_has_a_default(seller: Person) -> None:
    product = ok(create(seller.api), 201)
    assert product["description"] == ""
    assert type(product["low_stock_threshold"]) is int and product["low_stock_threshold"] >= 0


@pytest.mark.parametrize("field", sorted(REQUIRED))
def test_what_is_required_is_named_when_missing(seller: Person, field: str) -> None:
    invalid(create(seller.api, **{field: ...}), field)


@pytest.mark.parametrize(("field", "value"), cases(WRONG))
def test_a_value_outside_the_bounds_is_refused_in_create_and_change(
    shop: Shop, seller: Person, field: str, value: Any
) -> None:
    invalid(create(seller.api, **{field: value}), field)
    product = shop.product(seller)
    invalid(seller.api.put(f"/api/products/{product['id']}", json={field: value}), field)
    assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == product


@pytest.mark.parametrize(("field", "value"), cases(RIGHT))
def test_a_value_at_the_bounds_is_taken_and_given_back_as_it_was(
    shop: Shop, seller: Person, field: str, value: Any
) -> None:
    expected = money(value) if field == "price" else value
    product = ok(create(seller.api, **{field: value}), 201)
    assert product[field] == expected
    other = shop.product(seller)
    changed = ok(seller.api.put(f"/api/products/{other['id']}", json={field: value}))
    assert changed[field] == expected
    assert ok(shop.anonymous.get(f"/api/products/{other['id']}")) == changed


OWNED_BY_THE_SHOP = {
    "id": "x", "_id": "x", "seller_name": "x", "is_active": False, "image_url": "x", "version": 9,
    "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z", "unknown": 1, "$set": {}, "a.b": 1,
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), OWNED_BY_THE_SHOP.items())
def test_fields_of_the_shops_own_cannot_be_written(shop: Shop, seller: Person, field: str, value: Any) -> None:
    problem(create(seller.api, **{field: value}), 422, "validation_failed")
    product = shop.product(seller)
    problem(seller.api.put(f"/api/products/{product['id']}", json={field: value}), 422, "validation_failed")
    assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == product


def test_a_seller_cannot_create_in_anothers_name(shop: Shop, seller: Person) -> None:
    other = shop.seller()
    answer = create(seller.api, seller_id=other.id)
    assert answer.status_code in (403, 422), answer.text
    assert other.api.all("/api/products/my-products") == []


def test_an_admin_creates_for_a_seller_and_must_name_one(shop: Shop, seller: Person, admin: Person) -> None:
    product = ok(create(admin.api, seller_id=seller.id), 201)
    assert (product["seller_id"], product["seller_name"]) == (seller.id, seller.user["name"])
    assert [mine["id"] for mine in seller.api.all("/api/products/my-products")] == [product["id"]]
    invalid(create(admin.api), "seller_id")
    for nobody in (shop.buyer().id, "nonsense"):
        assert create(admin.api, seller_id=nobody).status_code in (404, 422)


def test_only_what_was_sent_changes_and_the_version_grows_by_one(shop: Shop, seller: Person) -> None:
    before = shop.product(seller, name="Old", description="Kept", price=5)
    after = ok(seller.api.put(f"/api/products/{before['id']}", json={"name": "New"}))
    assert after == before | {"name": "New", "version": before["version"] + 1, "updated_at": after["updated_at"]}
    assert after["updated_at"] >= before["updated_at"]
    again = ok(seller.api.put(f"/api/products/{before['id']}", json={"price": 6.5, "category": "Else"}))
    assert (again["version"], again["price"], again["category"]) == (before["version"] + 2, money(6.5), "Else")


def test_a_change_may_name_the_version_it_was_made_on(shop: Shop, seller: Person) -> None:
    product = shop.product(seller)
    path, version = f"/api/products/{product['id']}", product["version"]
    changed = ok(seller.api.put(path, json={"name": "First", "expected_version": version}))
    problem(seller.api.put(path, json={"name": "Second", "expected_version": version}), 409, "version_conflict")
    problem(seller.api.put(path, json={"stock": 99, "expected_version": version + 9}), 409, "version_conflict")
    assert ok(shop.anonymous.get(path)) == changed


@pytest.mark.parametrize("version", ["1", 1.0, True, {}])
def test_an_expected_version_is_an_integer(shop: Shop, seller: Person, version: Any) -> None:
    path = f"/api/products/{shop.product(seller)['id']}"
    invalid(seller.api.put(path, json={"name": "x", "expected_version": version}), "expected_version")


@pytest.mark.parametrize("product_id", IMPOSSIBLE_IDS)
def test_an_impossible_id_is_absent(shop: Shop, seller: Person, product_id: str) -> None:
    path = f"/api/products/{product_id}"
    problem(shop.anonymous.get(path), 404, "not_found")
    problem(seller.api.put(path, json={"name": "x"}), 404, "not_found")
    problem(seller.api.delete(path), 404, "not_found")
    problem(seller.api.post(f"{path}/stock", json={"delta": 1}), 404, "not_found")
    problem(seller.api.get(f"{path}/inventory-logs"), 404, "not_found")


def test_a_deleted_product_has_left_the_shop(shop: Shop, seller: Person, admin: Person) -> None:
    category = unique("cat")
    product = shop.product(seller, category=category)
    path = f"/api/products/{product['id']}"
    answer = seller.api.delete(path)
    assert answer.status_code == 204 and answer.content == b""
    for reader in (shop.anonymous, seller.api, admin.api):
        problem(reader.get(path), 404, "not_found")
    problem(seller.api.put(path, json={"name": "x"}), 404, "not_found")
    problem(seller.api.post(f"{path}/stock", json={"delta": 1}), 404, "not_found")
    problem(seller.api.delete(path), 404, "not_found")
    assert shop.anonymous.all("/api/products/", category=category) == []
    assert seller.api.all("/api/products/my-products") == []


def test_the_orders_of_a_deleted_product_stay(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    order = shop.buy(buyer, (product, 2))["orders"][0]
    assert seller.api.delete(f"/api/products/{product['id']}").status_code == 204
    assert ok(buyer.api.get(f"/api/orders/{order['id']}")) == order


def test_a_disabled_product_is_seen_by_its_owner_and_admins_alone(shop: Shop, seller: Person, admin: Person) -> None:
    product = shop.product(seller, stock=6)
    path = f"/api/products/{product['id']}"
    disabled = ok(admin.api.put(f"/api/admin/products/{product['id']}/disable"))
    assert (disabled["is_active"], disabled["stock"]) == (False, 6)
    assert disabled["version"] == product["version"] + 1
    for stranger in (shop.anonymous, shop.buyer().api, shop.seller().api):
        problem(stranger.get(path), 404, "not_found")
    for friend in (seller.api, admin.api):
        assert ok(friend.get(path)) == disabled
    enabled = ok(admin.api.put(f"/api/admin/products/{product['id']}/enable"))
    assert (enabled["is_active"], enabled["stock"]) == (True, 6)
    assert ok(shop.anonymous.get(path)) == enabled


def test_my_products_lists_the_inactive_ones_too_newest_first(shop: Shop, seller: Person, admin: Person) -> None:
    made = [shop.product(seller)["id"] for _ in range(5)]
    shop.product(shop.seller())
    ok(admin.api.put(f"/api/admin/products/{made[2]}/disable"))
    listed = seller.api.all("/api/products/my-products", limit=2)
    assert [product["id"] for product in listed] == made[::-1]
    assert [product["is_active"] for product in listed] == [True, True, False, True, True]
    problem(shop.buyer().api.get("/api/products/my-products"), 403, "forbidden")
    problem(shop.anonymous.get("/api/products/my-products"), 401, "unauthenticated")
