"""Operators, extra fields and dotted names in every field of every body (OWASP API3, API8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.api import ok, problem
from tests.support.bodies import BODIES, Call, places, replaced
from tests.support.shop import Person, Shop, unique

OPERATORS: list[Any] = [
    {"$gt": ""}, {"$ne": None}, {"$exists": True}, {"$regex": ".*"}, {"$where": "sleep(9000)"}, {"a": 1}, [],
    ["x"], [{"$gt": ""}], {"$numberDecimal": "1"}, {"$oid": "0" * 24},
]  # fmt: skip
EXTRA_FIELDS: dict[str, Any] = {
    "_id": "x", "id": "x", "role_": "admin", "is_admin": True, "password_hash": "x", "version": 1,
    "created_at": "2020-01-01T00:00:00Z", "buyer_id": "x", "total_amount": 0, "price_": 0, "$set": {"role": "admin"},
    "$where": "1",
    "a.b": 1, "user.role": "admin", "items.0.price": 0, "": 1, "__proto__": {}, "__class__": "x", "constructor": {},
}  # fmt: skip


def send(shop: Shop, call: Call, body: Any) -> httpx.Response:
    api = call.person.api if call.person else shop.anonymous
    return api.request(call.method, call.path, json=body)


@pytest.mark.parametrize("name", BODIES)
def test_the_unspoilt_bodies_are_good(shop: Shop, name: str) -> None:
    """Otherwise the tests below would pass for the wrong reason."""
    call = BODIES[name](shop)
    ok(send(shop, call, call.body), call.status)


@pytest.mark.parametrize("name", BODIES)
def test_no_field_takes_an_operator_for_a_value(shop: Shop, name: str) -> None:
    call = BODIES[name](shop)
    for way in places(call.body):
        for operator in OPERATORS:
            answer = send(shop, call, replaced(call.body, way, operator))
            problem(answer, 422, "validation_failed")
    ok(send(shop, call, call.body), call.status)  # nothing was written meanwhile


@pytest.mark.parametrize("name", BODIES)
def test_no_body_takes_a_field_of_the_shops_own(shop: Shop, name: str) -> None:
    call = BODIES[name](shop)
    for field, value in EXTRA_FIELDS.items():
        answer = send(shop, call, call.body | {field: value})
        problem(answer, 422, "validation_failed")
        if isinstance(call.body.get("items"), list):
            lines = [line | {field: value} for line in call.body["items"]]
            problem(send(shop, call, call.body | {"items": lines}), 422, "validation_failed")
    ok(send(shop, call, call.body), call.status)


def test_nobody_writes_their_own_role(shop: Shop, buyer: Person) -> None:
    for body in (
        {"role": "admin"},
        {"role": {"$set": "admin"}},
        {"user": {"role": "admin"}},
        {"role": ["admin", "buyer"]},
    ):
        person = {"name": "Kim", "email": f"{unique()}@example.com", "password": "12345678"} | body
        problem(shop.anonymous.post("/api/auth/register", json=person), 422, "validation_failed")
    problem(shop.anonymous.post("/api/auth/login", json={"email": buyer.email, "password": {"$ne": ""}}), 422)
    assert ok(buyer.api.get("/api/auth/profile"))["role"] == "buyer"


@pytest.mark.parametrize("value", ["$gt", "$set.role", "a.b.c", "{$ne: 1}", "$$ROOT", "\u0000", "\u202e", "🛒"])
def test_a_string_that_looks_like_an_operator_stays_a_string(shop: Shop, seller: Person, value: str) -> None:
    answer = seller.api.post("/api/products/", json={"name": value, "price": 1, "stock": 1, "category": value})
    if value == "\u0000" and answer.status_code == 422:
        return  # a NUL may be refused, it may not break anything
    product = ok(answer, 201)
    assert (product["name"], product["category"]) == (value, value)
    found = shop.anonymous.all("/api/products/", category=value, seller_id=seller.id)
    assert [one["id"] for one in found] == [product["id"]]
    counts = {one["name"]: one["count"] for one in ok(shop.anonymous.get("/api/products/categories"))["items"]}
    assert counts[value] >= 1
    assert seller.api.delete(f"/api/products/{product['id']}").status_code == 204


@pytest.mark.parametrize(
    "markup", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "%s%n", "${jndi}"]
)
def test_markup_is_stored_as_text_and_answered_as_json(shop: Shop, seller: Person, markup: str) -> None:
    answer = seller.api.post("/api/products/", json={"name": markup, "price": 1, "stock": 1, "category": "Tests"})
    assert ok(answer, 201)["name"] == markup
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    "path",
    [
        "/<script>alert(1)</script>",
        "/api/products/<script>",
        "/api/products/?sort=<script>",
        "/api/products/?<script>=1",
    ],
)
def test_an_error_is_never_a_page_for_markup_to_live_in(shop: Shop, path: str) -> None:
    answer = shop.anonymous.get(path)
    assert answer.status_code in (404, 422)
    problem(answer, answer.status_code)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("parameter", ["q", "category", "seller_id", "sort", "cursor", "min_price", "limit"])
@pytest.mark.parametrize("suffix", ["[$gt]", "[]", ".$ne", "%00"])
def test_no_query_parameter_grows_into_an_object(shop: Shop, parameter: str, suffix: str) -> None:
    problem(shop.anonymous.get(f"/api/products/?{parameter}{suffix}=1"), 422)


def test_a_parameter_given_twice_is_refused(shop: Shop) -> None:
    problem(shop.anonymous.get("/api/products/?limit=1&limit=2"), 422)
    problem(shop.anonymous.get("/api/products/?category=a&category=b"), 422)


def test_no_long_query_costs_the_server_a_crash(shop: Shop) -> None:
    for query in ("x " * 1000, "x" * 4000, "\u0301" * 500, "a" + "\u0300" * 1000, "% " * 300):
        answer = shop.anonymous.get("/api/products/", params={"q": query})
        assert answer.status_code in (200, 414, 422), answer.status_code
        assert answer.elapsed.total_seconds() < 3
