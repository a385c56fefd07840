"""The form of every error (contract §2, Errors)."""

from __future__ import annotations

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.shop import Person, Shop

BODY_LIMIT = 64 * 1024
ROUTES_WITH_BODY = [
    ("POST", "/api/auth/register"), ("POST", "/api/auth/login"), ("POST", "/api/products/"),
    ("PUT", "/api/products/x"),
    ("POST", "/api/products/x/stock"), ("PUT", "/api/cart/items/x"), ("POST", "/api/orders/"),
    ("PUT", "/api/orders/x/status"),
]  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/nowhere", "/api/products/x/y/z", "/api", "/api/auth", "/%00", "/%ff"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_route_that_is_not_there_is_a_problem_too(shop: Shop, method: str, path: str) -> None:
    problem(shop.anonymous.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/auth/login"), ("PATCH", "/api/products/x"), ("PUT", "/api/cart/"), ("POST", "/healthz")],
)
def test_a_method_that_is_not_there_is_a_405_that_names_the_others(shop: Shop, method: str, path: str) -> None:
    answer = shop.anonymous.request(method, path)
    problem(answer, 405, "method_not_allowed")
    allowed = {word.strip() for word in answer.headers["allow"].split(",")}
    assert allowed and method not in allowed


def person_for(shop: Shop, path: str) -> Person:
    return shop.buyer() if "cart" in path or path == "/api/orders/" else shop.seller()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"nonsense", b"{'a': 1}", b'{"a": 1,}', b"\xff\xfe", b'{"a": NaN}', b"{}{}"]
)
@pytest.mark.parametrize(("method", "path"), ROUTES_WITH_BODY)
def test_what_is_no_json_is_malformed(shop: Shop, method: str, path: str, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = person_for(shop, path).api.request(method, path, content=content, headers=headers)
    if content == b"" and answer.status_code == 422:
        problem(answer, 422, "validation_failed")  # an empty body may also be read as a body without its fields
    elif path.startswith("/api/products/x") or path.startswith("/api/orders/x") or path.endswith("items/x"):
        assert answer.status_code in (400, 404), answer.text  # which is looked at first is not promised
    else:
        problem(answer, 400, "malformed_json")


@pytest.mark.parametrize("content", [b"[]", b"1", b'"text"', b"null", b"true", b'[{"email": "a@b.de"}]'])
@pytest.mark.parametrize("path", ["/api/auth/register", "/api/auth/login", "/api/products/", "/api/orders/"])
def test_json_that_is_no_object_is_invalid(shop: Shop, path: str, content: bytes) -> None:
    answer = person_for(shop, path).api.post(path, content=content, headers={"Content-Type": "application/json"})
    problem(answer, 422, "validation_failed")


@pytest.mark.parametrize("path", ["/api/auth/register", "/api/auth/login", "/api/products/", "/api/orders/"])
def test_a_body_over_64_kb_is_too_large(shop: Shop, path: str) -> None:
    content = b'{"name": "' + b"x" * BODY_LIMIT + b'"}'
    answer = person_for(shop, path).api.post(path, content=content, headers={"Content-Type": "application/json"})
    problem(answer, 413)


def test_a_body_just_under_64_kb_is_read(shop: Shop) -> None:
    content = b'{"email": "a@b.de", "password": "x"' + b" " * (BODY_LIMIT - 200) + b"}"
    headers = {"Content-Type": "application/json"}
    problem(shop.anonymous.post("/api/auth/login", content=content, headers=headers), 401, "invalid_credentials")


def test_every_wrong_field_is_named_at_once(shop: Shop, seller: Person) -> None:
    body = {"name": "", "price": -1, "stock": 1.5, "colour": "red"}
    answer = seller.api.post("/api/products/", json=body)
    invalid(answer, "name", "price", "stock", "colour", "category")


def test_a_wrong_line_is_named_by_its_place(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    items = [{"product_id": product["id"], "quantity": quantity} for quantity in (1, 0)]
    errors = invalid(buyer.api.post("/api/orders/", json={"items": items}))["errors"]
    assert len(errors) == 1 and "1" in errors[0]["field"] and "quantity" in errors[0]["field"], errors


def test_who_one_is_comes_before_what_one_may_and_that_before_what_one_sent(shop: Shop, buyer: Person) -> None:
    problem(shop.anonymous.post("/api/products/", json={"nonsense": 1}), 401, "unauthenticated")
    problem(buyer.api.post("/api/products/", json={"nonsense": 1}), 403, "forbidden")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "bearer x y", "Token x", "x", "Bearer " + "x" * 4000])
def test_another_form_of_authorization_is_unauthenticated(shop: Shop, header: str) -> None:
    problem(shop.anonymous.get("/api/auth/profile", headers={"Authorization": header}), 401, "unauthenticated")


def test_a_query_parameter_where_none_is_known_is_refused(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    path = f"/api/products/{product['id']}/inventory-logs"
    problem(seller.api.get(path, params={"unknown": "1"}), 422)
    ok(seller.api.get(path, params={"limit": "5"}))
