"""Registration, login and profile (contract §3, Authentication)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.api import invalid, ok, problem
from tests.support.shop import DEMO_PASSWORD, PASSWORD, Person, Shop, new_email, unique

USER = {"id", "name", "email", "role", "created_at"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def register(shop: Shop, **fields: Any) -> Any:
    body = {"name": "Kim", "email": new_email(), "password": PASSWORD} | fields
    return shop.anonymous.post("/api/auth/register", json={k: v for k, v in body.items() if v is not ...})


def login(shop: Shop, email: Any, password: Any) -> Any:
    return shop.anonymous.post("/api/auth/login", json={"email": email, "password": password})


def long_email(length: int) -> str:
    local = unique("l")
    labels = "d" * 60 + "." + "d" * 60 + "." + "d" * 60 + "."
    rest = length - len(local) - 1 - len(labels)
    return f"{local}@{labels}{'e' * rest}"


def test_registration_answers_with_a_token_and_the_user(shop: Shop) -> None:
    email = new_email()
    body = ok(register(shop, name="Kim Ü.", email=email), 201)
    assert set(body) == {"access_token", "token_type", "expires_in", "user"}
    assert body["token_type"] == "Bearer"
    assert type(body["expires_in"]) is int and body["expires_in"] > 0
    assert set(body["user"]) == USER
    assert (body["user"]["name"], body["user"]["email"]) == ("Kim Ü.", email)
    assert TIME.fullmatch(body["user"]["created_at"])
    assert ok(shop.as_(body["access_token"]).get("/api/auth/profile")) == body["user"]


@pytest.mark.parametrize(("asked", "given"), [(..., "buyer"), ("buyer", "buyer"), ("seller", "seller")])
def test_a_registered_user_is_a_buyer_unless_a_seller_was_asked_for(shop: Shop, asked: Any, given: str) -> None:
    assert ok(register(shop, role=asked), 201)["user"]["role"] == given


@pytest.mark.parametrize("role", ["admin", "Admin", "root", "", None, 1, ["seller"], {"$ne": "admin"}])
def test_no_other_role_can_be_registered(shop: Shop, role: Any) -> None:
    email = new_email()
    invalid(register(shop, email=email, role=role), "role")
    problem(login(shop, email, PASSWORD), 401, "invalid_credentials")


def test_an_email_can_be_registered_once_in_any_case(shop: Shop, buyer: Person) -> None:
    problem(register(shop, email=buyer.email), 409, "email_taken")
    problem(register(shop, email=buyer.email.upper()), 409, "email_taken")


def test_an_email_logs_in_in_any_case(shop: Shop) -> None:
    email = new_email("CamelCase")
    ok(register(shop, email=email), 201)
    for spelling in (email, email.upper(), email.lower()):
        assert ok(login(shop, spelling, PASSWORD))["user"]["email"].lower() == email.lower()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("1234567", "7 characters"),
        ("é" * 7, "7 characters in 14 bytes"),
        ("", "empty"),
        ("a" * 73, "73 bytes"),
        ("€" * 24 + "a", "25 characters in 73 bytes"),
        (None, "null"),
        (12345678, "a number"),
        ({"$gt": ""}, "an operator"),
    ],
)
def test_a_password_outside_the_bounds_is_refused(shop: Shop, password: Any, why: str) -> None:
    invalid(register(shop, password=password), "password")


@pytest.mark.parametrize("password", ["12345678", "é" * 8, "a" * 72, "€" * 24, "        ", "pass\tword\u00a0"])
def test_a_password_at_the_bounds_is_taken_as_it_is(shop: Shop, password: str) -> None:
    email = new_email()
    ok(register(shop, email=email, password=password), 201)
    ok(login(shop, email, password))
    problem(login(shop, email, password[:-1]), 401, "invalid_credentials")


def test_a_password_is_not_cut_at_72_bytes(shop: Shop) -> None:
    person = shop.register(password="a" * 72)
    problem(login(shop, person.email, "a" * 73), 401, "invalid_credentials")


@pytest.mark.parametrize("password", ["x", "x" * 72, "x" * 73, "x" * 1024, "€" * 341, "a\x00b", "$2b$04$x"])
def test_any_string_up_to_1024_bytes_is_a_password_to_try(shop: Shop, buyer: Person, password: str) -> None:
    problem(login(shop, buyer.email, password), 401, "invalid_credentials")


@pytest.mark.parametrize("password", ["", "x" * 1025, "€" * 342, None, 1, ["x"], {"$ne": ""}])
def test_anything_else_is_no_password_to_try(shop: Shop, buyer: Person, password: Any) -> None:
    invalid(login(shop, buyer.email, password), "password")


def test_an_unknown_email_gets_the_same_answer_as_a_wrong_password(shop: Shop, buyer: Person) -> None:
    wrong = login(shop, buyer.email, "wrong password")
    unknown = login(shop, new_email(), "wrong password")
    problem(wrong, 401, "invalid_credentials")
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)


def test_an_email_may_have_254_characters_and_not_one_more(shop: Shop) -> None:
    assert len(long_email(254)) == 254
    ok(register(shop, email=long_email(254)), 201)
    invalid(register(shop, email=long_email(255)), "email")


@pytest.mark.parametrize(
    "email", ["", "plain", "@example.com", "a@", "a b@example.com", "a@b@c.de", None, 3, {"$gt": ""}]
)
def test_what_is_no_email_is_refused(shop: Shop, email: Any) -> None:
    invalid(register(shop, email=email), "email")


@pytest.mark.parametrize("name", ["", "n" * 201, None, 7, ["n"]])
def test_a_name_outside_the_bounds_is_refused(shop: Shop, name: Any) -> None:
    invalid(register(shop, name=name), "name")


def test_a_name_may_have_200_characters(shop: Shop) -> None:
    assert ok(register(shop, name="ñ" * 200), 201)["user"]["name"] == "ñ" * 200


@pytest.mark.parametrize("field", ["name", "email", "password"])
def test_a_missing_field_is_named(shop: Shop, field: str) -> None:
    invalid(register(shop, **{field: ...}), field)


def test_an_unknown_field_is_named(shop: Shop) -> None:
    invalid(register(shop, is_admin=True), "is_admin")


def test_the_profile_needs_a_token(shop: Shop) -> None:
    problem(shop.anonymous.get("/api/auth/profile"), 401, "unauthenticated")
    problem(shop.as_("nonsense").get("/api/auth/profile"), 401, "unauthenticated")


@pytest.mark.parametrize("role", ["buyer", "seller", "admin"])
def test_the_demo_accounts_log_in(shop: Shop, role: str) -> None:
    body = ok(login(shop, f"{role}@demo.com", DEMO_PASSWORD))
    assert body["user"]["role"] == role
    assert ok(shop.as_(body["access_token"]).get("/api/auth/profile"))["email"] == f"{role}@demo.com"


def test_answers_with_tokens_are_not_stored_by_caches(shop: Shop, buyer: Person) -> None:
    assert "no-store" in login(shop, buyer.email, PASSWORD).headers.get("cache-control", "")
