"""The served document describes every route as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR

from shardmart.web.endpoints import Route
from shardmart.web.routes import ROUTES
from tests.unit.web.conftest import Served
from tests.unit.web.fakes import ADMIN, BUYER, SELLER, TEA


@pytest.fixture(scope="module")
def document(running: Served) -> dict[str, Any]:
    document: dict[str, Any] = running.http.get("/docs/openapi.json").json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    OPENAPI_30_VALIDATOR.validate(document)
    for reference in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert reference in document["components"]["schemas"]


def test_it_has_every_route_and_no_other(document: dict[str, Any]) -> None:
    described = {name for name, _ in operations(document)}
    assert described == {f"{route.method} {route.path}" for route in ROUTES}


def test_every_operation_is_named_once_and_says_who_may_call_it(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert bool(route.access.roles) == (operation.get("security") == [{"bearer": []}])
        assert ("401" in operation["responses"]) >= bool(route.access.roles)


def test_every_answer_and_body_has_a_schema_that_its_example_fits(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for message in (*bodies, *operation["responses"].values()):
            for media in message.get("content", {}).values():
                assert media["schema"], name
                examples = [one["value"] for one in media.get("examples", {}).values()]
                for example in [*examples, *([media["example"]] if "example" in media else [])]:
                    fits(example, media["schema"], document)


CALLS = [
    ("GET", "/api/products/", None, None),
    ("GET", "/api/products/categories", None, None),
    ("GET", f"/api/products/{TEA}", None, None),
    ("GET", "/api/products/my-products", SELLER, None),
    ("POST", "/api/products/", SELLER, {"name": "T", "price": 1, "stock": 1, "category": "C"}),
    ("PUT", f"/api/products/{TEA}", SELLER, {"stock": 10}),
    ("GET", f"/api/products/{TEA}/inventory-logs", SELLER, None),
    ("PUT", f"/api/cart/items/{TEA}", BUYER, {"quantity": 1}),
    ("GET", "/api/cart/", BUYER, None),
    ("POST", "/api/orders/", BUYER, {"items": [{"product_id": TEA, "quantity": 1}]}),
    ("POST", "/api/orders/", BUYER, {"items": [{"product_id": TEA, "quantity": 999}]}),
    ("GET", "/api/orders/my-orders", BUYER, None),
    ("GET", "/api/seller/stats", SELLER, None),
    ("GET", "/api/notifications/", BUYER, None),
    ("POST", "/api/notifications/read", BUYER, {"ids": ["a"], "all": True}),
    ("GET", "/api/admin/users", ADMIN, None),
    ("GET", "/api/admin/orders", ADMIN, None),
    ("GET", "/api/admin/dashboard", ADMIN, None),
    ("GET", "/api/admin/health", ADMIN, None),
    ("GET", "/api/lab/topology", ADMIN, None),
    ("GET", "/api/lab/explain", ADMIN, None),
    ("GET", "/api/lab/explain/product_by_id", ADMIN, None),
    ("POST", "/api/lab/nodes/rs0-0/kill", ADMIN, None),
    ("GET", "/api/lab/audit", ADMIN, None),
    ("GET", "/api/lab/load", ADMIN, None),
    ("POST", "/api/lab/load", ADMIN, {"buyers": 1, "seconds": 1}),
    ("POST", "/api/auth/register", None, {"name": "A", "email": "a@b.cd", "password": "12345678"}),
    ("POST", "/api/auth/login", None, {"email": "a", "password": "b"}),
    ("POST", "/api/auth/login", None, {}),
    ("GET", "/api/auth/profile", BUYER, None),
    ("GET", "/api/auth/profile", None, None),
    ("GET", "/healthz", None, None),
    ("GET", "/readyz", None, None),
]


@pytest.mark.parametrize(("method", "path", "user", "body"), CALLS, ids=lambda value: str(value)[:40])
def test_answers_are_as_described(  # noqa: PLR0917
    served: Served, document: dict[str, Any], method: str, path: str, user: str | None, body: Any
) -> None:
    answer = served.call(method, path, user, json=body)
    operation = document["paths"][_route(method, path).path][method.lower()]
    described = operation["responses"][str(answer.status_code)]["content"][answer.headers["content-type"]]
    fits(answer.json(), described["schema"], document)


def fits(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Checks with `nullable` as JSON Schema writes it."""
    root = _with_null({**schema, "components": document["components"]})
    jsonschema_rs.Draft4Validator(root).validate(value)


def _with_null(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_null(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _with_null(value) for key, value in schema.items() if key not in ("nullable", "multipleOf")}
    return {"anyOf": [result, {"type": "null"}]} if schema.get("nullable") is True else result


def _route(method: str, path: str) -> Route:
    def matches(route: Route) -> bool:
        return route.method == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", route.path), path) is not None

    return min((route for route in ROUTES if matches(route)), key=lambda route: "{" in route.path)
