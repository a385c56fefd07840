"""Bodies: every field of the right type and within its bounds, nothing else beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shardmart.domain.errors import InvalidInput
from shardmart.domain.listings import ProductChanges
from shardmart.web import schemas
from shardmart.web.json_body import read_object
from shardmart.web.schemas import Body

PRODUCT: dict[str, Any] = {"name": "Tea", "price": Decimal("1.5"), "stock": 1, "category": "Tea"}
PERSON: dict[str, Any] = {"name": "Ada", "email": "ada@example.com", "password": "long enough"}


def wrong(schema: type[Body], value: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        schemas.read(schema, value)
    return {error.field for error in caught.value.errors}


def test_money_is_exact() -> None:
    body = schemas.read(schemas.NewProduct, read_object(b'{"name":"T","price":0.1,"stock":0,"category":"C"}'))
    assert body.price == Decimal("0.10")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "price",
    [
        True, "1.5", None, [], 0, -1, Decimal("0"), Decimal("0.001"), Decimal("1.005"), Decimal("1000000.01"),
        1_000_001, 10**30, Decimal("1e400"), Decimal("NaN"), Decimal("Infinity"),
    ],
    ids=str,
)  # fmt: skip
def test_a_price_is_a_number_with_two_decimals_within_bounds(price: Any) -> None:
    assert wrong(schemas.NewProduct, {**PRODUCT, "price": price}) == {"price"}


@pytest.mark.parametrize("price", [1, Decimal("0.01"), Decimal("1e6"), Decimal("1.50"), Decimal("1.500")])
def test_a_price_may_be_written_in_any_way(price: Any) -> None:
    assert schemas.read(schemas.NewProduct, {**PRODUCT, "price": price})


@pytest.mark.parametrize("stock", [True, "1", Decimal("1.0"), -1, 10**9 + 1, 10**25, None, {"$gt": 0}], ids=str)
def test_integers_are_integers_within_bounds(stock: Any) -> None:
    assert wrong(schemas.NewProduct, {**PRODUCT, "stock": stock}) == {"stock"}


@pytest.mark.parametrize(
    "name", ["", "   ", "\t\n", "two\nlines", "nul\x00", "x" * 201, 1, None, {"$ne": ""}, ["x"]], ids=str
)
def test_a_name_says_something(name: Any) -> None:
    assert wrong(schemas.NewProduct, {**PRODUCT, "name": name}) == {"name"}


def test_unknown_fields_are_refused_by_name() -> None:
    assert wrong(schemas.NewProduct, {**PRODUCT, "version": 9, "is_active": False}) == {"version", "is_active"}
    assert wrong(schemas.Registration, {**PERSON, "password_hash": "x", "id": "y"}) == {"password_hash", "id"}


def test_fields_in_lists_are_named_with_their_place() -> None:
    items = [{"product_id": "x", "quantity": 1}, {"product_id": "y", "quantity": 0}, {"quantity": 1}]
    assert wrong(schemas.Purchase, {"items": items}) == {"items[1].quantity", "items[2].product_id"}


@pytest.mark.parametrize(
    "value",
    [
        {"items": []},
        {"items": None},
        {"items": {}},
        {"items": [{"product_id": "x", "quantity": 1}] * 51},
        {"items": "all"},
    ],
    ids=str,
)
def test_a_purchase_has_1_to_50_lines(value: dict[str, Any]) -> None:
    assert wrong(schemas.Purchase, value) == {"items"}


def test_an_empty_purchase_means_the_cart() -> None:
    body = schemas.read(schemas.Purchase, {})
    assert isinstance(body, schemas.Purchase)
    assert body.lines() is None


def test_an_edit_changes_what_was_given_and_nothing_else() -> None:
    body = schemas.read(schemas.ProductEdit, {"stock": 0, "expected_version": 3})
    assert isinstance(body, schemas.ProductEdit)
    assert body.changes() == ProductChanges(stock=0)
    assert wrong(schemas.ProductEdit, {"name": None}) == {"name"}
    assert wrong(schemas.ProductEdit, {"seller_id": "x"}) == {"seller_id"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"role": "admin"}, "role"),
        ({"role": ["buyer"]}, "role"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a\x00@example.com"}, "email"),
        ({"email": "x" * 250 + "@a.de"}, "email"),
        ({"email": {"$gt": ""}}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 73}, "password"),
        ({"password": "ä" * 37}, "password"),
        ({"password": "nul \x00 inside"}, "password"),
        ({"password": 12345678}, "password"),
    ],
    ids=str,
)
def test_a_registration_is_checked(changed: dict[str, Any], field: str) -> None:
    assert wrong(schemas.Registration, {**PERSON, **changed}) == {field}


def test_any_string_up_to_1024_bytes_is_a_password_to_try() -> None:
    assert schemas.read(schemas.Credentials, {"email": "x", "password": "y" * 1_024})
    assert wrong(schemas.Credentials, {"email": "x", "password": "ä" * 513}) == {"password"}


def test_a_body_with_thousands_of_wrong_fields_names_a_few() -> None:
    with pytest.raises(InvalidInput) as caught:
        schemas.read(schemas.OrderStatus, {"x" * 500 + str(n): n for n in range(5_000)})
    assert len(caught.value.errors) <= 20
    assert all(len(error.field) <= 100 for error in caught.value.errors)
