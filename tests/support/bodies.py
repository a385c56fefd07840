"""A valid body for every route that takes one: the ground on which the security tests put one wrong thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.shop import PASSWORD, Person, Shop, new_email


@dataclass(frozen=True)
class Call:
    """One valid request, ready to be sent or to be spoilt."""

    person: Person | None
    method: str
    path: str
    body: dict[str, Any]
    status: int = 200


def _register(shop: Shop) -> Call:
    body = {"name": "Kim", "email": new_email(), "password": PASSWORD, "role": "buyer"}
    return Call(None, "POST", "/api/auth/register", body, 201)


def _login(shop: Shop) -> Call:
    return Call(None, "POST", "/api/auth/login", {"email": shop.buyer().email, "password": PASSWORD})


def _create(shop: Shop) -> Call:
    body = {
        "name": "Cup",
        "description": "Blue",
        "price": 2.5,
        "stock": 3,
        "category": "Tests",
        "low_stock_threshold": 1,
    }
    return Call(shop.seller(), "POST", "/api/products/", body, 201)


def _change(shop: Shop) -> Call:
    seller = shop.seller()
    product = shop.product(seller)
    body = {
        "name": "Cup",
        "description": "Blue",
        "price": 2.5,
        "stock": 3,
        "category": "Tests",
        "low_stock_threshold": 1,
    }
    return Call(seller, "PUT", f"/api/products/{product['id']}", body | {"expected_version": product["version"]})


def _stock(shop: Shop) -> Call:
    seller = shop.seller()
    body = {"delta": 1, "reason": "delivery"}
    return Call(seller, "POST", f"/api/products/{shop.product(seller)['id']}/stock", body)


def _cart(shop: Shop) -> Call:
    return Call(shop.buyer(), "PUT", f"/api/cart/items/{shop.product(shop.seller())['id']}", {"quantity": 1})


def _checkout(shop: Shop) -> Call:
    product = shop.product(shop.seller(), price=2)
    items = [{"product_id": product["id"], "quantity": 1}]
    return Call(shop.buyer(), "POST", "/api/orders/", {"items": items, "expected_total": 2}, 201)


def _status(shop: Shop) -> Call:
    seller = shop.seller()
    order = shop.buy(shop.buyer(), (shop.product(seller), 1))["orders"][0]
    return Call(seller, "PUT", f"/api/orders/{order['id']}/status", {"status": "completed"})


def _notifications(shop: Shop) -> Call:
    return Call(shop.buyer(), "POST", "/api/notifications/read", {"ids": ["an id"]}, 204)


def _load(shop: Shop) -> Call:
    admin = shop.admin()
    ok(admin.api.delete("/api/lab/load"), 204)

    def free() -> bool:
        last = ok(admin.api.get("/api/lab/load"))
        return last["run"] is None or bool(last["items"] and not last["items"][-1]["running"])

    wait_until(free, "no load run is under way", within=30)
    body = {"buyers": 1, "seconds": 1, "strategy": "transaction"}
    return Call(admin, "POST", "/api/lab/load", body, 202)


BODIES: dict[str, Callable[[Shop], Call]] = {
    "POST /api/auth/register": _register,
    "POST /api/auth/login": _login,
    "POST /api/products": _create,
    "PUT /api/products/{}": _change,
    "POST /api/products/{}/stock": _stock,
    "PUT /api/cart/items/{}": _cart,
    "POST /api/orders": _checkout,
    "PUT /api/orders/{}/status": _status,
    "POST /api/notifications/read": _notifications,
    "POST /api/lab/load": _load,
}


def places(body: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value that is no container."""
    steps = body.items() if isinstance(body, dict) else enumerate(body)
    found = []
    for step, value in steps:
        found += places(value, (*here, step)) if isinstance(value, (dict, list)) else [(*here, step)]
    return found


def replaced(body: Any, way: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with another value at one place."""
    if not way:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[way[0]] = replaced(body[way[0]], way[1:], value) if len(way) > 1 or way[0] in _keys(body) else value
    return copy


def _keys(body: Any) -> Any:
    return body.keys() if isinstance(body, dict) else range(len(body))
