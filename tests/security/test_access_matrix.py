"""Who may do what: every route of the served document × everybody who could ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.api import Api, describe, problem
from tests.support.bodies import BODIES
from tests.support.pictures import picture
from tests.support.routes import document, operations
from tests.support.shop import Person, Shop, new_email

ANYBODY, A_BUYER, A_SELLER, OWNER, SELLING, ADMIN = (
    "anonymous", "other buyer", "other seller", "owner", "selling", "admin",
)  # fmt: skip
ACTORS = (ANYBODY, A_BUYER, A_SELLER, OWNER, SELLING, ADMIN)
# the owner of an order or cart is its buyer; `selling` is the seller whose product or order it is


@dataclass(frozen=True)
class Cast:
    """Everybody, and what they own. The things are new for every question, the people are not."""

    shop: Shop
    people: dict[str, Person | None]

    def api(self, actor: str) -> Api:
        person = self.people[actor]
        return person.api if person else self.shop.anonymous

    def person(self, actor: str) -> Person:
        person = self.people[actor]
        assert person
        return person

    def product(self) -> str:
        return str(self.shop.product(self.person(SELLING))["id"])

    def disabled(self) -> str:
        product_id = self.product()
        assert self.api(ADMIN).put(f"/api/admin/products/{product_id}/disable").status_code == 200
        return product_id

    def with_photo(self) -> str:
        product_id = self.product()
        assert self.api(SELLING).put(f"/api/products/{product_id}/image", content=picture()).status_code == 200
        return product_id

    def order(self) -> str:
        product = self.shop.product(self.person(SELLING))
        return str(self.shop.buy(self.person(OWNER), (product, 1))["orders"][0]["id"])

    def user(self) -> str:
        return self.shop.buyer().id


Ask = Callable[[Cast, Api], httpx.Response]


@dataclass(frozen=True)
class Row:
    """The expected status of each actor, in the order of ACTORS."""

    ask: Ask
    statuses: tuple[Any, Any, Any, Any, Any, Any]


def get(path: str) -> Ask:
    return lambda cast, api: api.get(path)


def of(thing: Callable[[Cast], str], method: str, path: str, body: Any = None) -> Ask:
    return lambda cast, api: api.request(
        method, path.format(thing(cast)), **({"json": body} if body is not None else {})
    )


def call(method: str, path: str, body: Any = None) -> Ask:
    return lambda cast, api: api.request(method, path, **({"json": body} if body is not None else {}))


def import_csv(cast: Cast, api: Api) -> httpx.Response:
    return api.post("/api/products/import", content="name,price,stock,category\nCup,1,1,Tests\n")


def put_photo(cast: Cast, api: Api) -> httpx.Response:
    return api.put(f"/api/products/{cast.product()}/image", content=picture())


def register(cast: Cast, api: Api) -> httpx.Response:
    return api.post("/api/auth/register", json={"name": "Kim", "email": new_email(), "password": "12345678"})


def login(cast: Cast, api: Api) -> httpx.Response:
    return api.post(
        "/api/auth/login", json={"email": cast.person(OWNER).email, "password": cast.person(OWNER).password}
    )


def checkout(cast: Cast, api: Api) -> httpx.Response:
    return api.post("/api/orders/", json={"items": [{"product_id": cast.product(), "quantity": 1}]})


CREATE = {"name": "Cup", "price": 1, "stock": 1, "category": "Tests"}
ALL = (200,) * 6
LOGGED_IN = (401, 200, 200, 200, 200, 200)
BUYERS = (401, 200, 403, 200, 403, 403)
SELLERS = (401, 403, 200, 403, 200, 403)
ADMINS = (401, 403, 403, 403, 403, 200)
OF_THE_SELLER = (401, 403, 403, 403, 200, 200)
OF_THE_ORDER = (401, 404, 404, 200, 200, 200)

ROWS: dict[str, Row] = {
    "POST /api/auth/register": Row(register, (201,) * 6),
    "POST /api/auth/login": Row(login, ALL),
    "POST /api/auth/refresh": Row(call("POST", "/api/auth/refresh"), ((401, 403),) * 6),
    "POST /api/auth/logout": Row(call("POST", "/api/auth/logout"), ((204, 401, 403),) + (None,) * 5),
    "GET /api/auth/profile": Row(get("/api/auth/profile"), LOGGED_IN),
    "GET /api/products": Row(get("/api/products/"), ALL),
    "GET /api/products/categories": Row(get("/api/products/categories"), ALL),
    "GET /api/products/my-products": Row(get("/api/products/my-products"), SELLERS),
    "GET /api/products/export.csv": Row(get("/api/products/export.csv"), SELLERS),
    "POST /api/products/import": Row(import_csv, SELLERS),
    "POST /api/products": Row(call("POST", "/api/products/", CREATE), (401, 403, 201, 403, 201, 422)),
    "GET /api/products/{}": Row(of(Cast.product, "GET", "/api/products/{}"), ALL),
    "PUT /api/products/{}": Row(of(Cast.product, "PUT", "/api/products/{}", {"name": "x"}), OF_THE_SELLER),
    "DELETE /api/products/{}": Row(of(Cast.product, "DELETE", "/api/products/{}"), (401, 403, 403, 403, 204, 204)),
    "POST /api/products/{}/stock": Row(
        of(Cast.product, "POST", "/api/products/{}/stock", {"delta": 1}), OF_THE_SELLER
    ),
    "GET /api/products/{}/inventory-logs": Row(
        of(Cast.product, "GET", "/api/products/{}/inventory-logs"), OF_THE_SELLER
    ),
    "GET /api/products/{}/image": Row(of(Cast.with_photo, "GET", "/api/products/{}/image"), ALL),
    "PUT /api/products/{}/image": Row(put_photo, OF_THE_SELLER),
    "DELETE /api/products/{}/image": Row(of(Cast.with_photo, "DELETE", "/api/products/{}/image"), OF_THE_SELLER),
    "GET /api/cart": Row(get("/api/cart/"), BUYERS),
    "DELETE /api/cart": Row(call("DELETE", "/api/cart/"), BUYERS),
    "PUT /api/cart/items/{}": Row(of(Cast.product, "PUT", "/api/cart/items/{}", {"quantity": 1}), BUYERS),
    "POST /api/orders": Row(checkout, (401, 201, 403, 201, 403, 403)),
    "GET /api/orders/my-orders": Row(get("/api/orders/my-orders"), BUYERS),
    "GET /api/orders/seller-orders": Row(get("/api/orders/seller-orders"), SELLERS),
    "GET /api/orders/{}": Row(of(Cast.order, "GET", "/api/orders/{}"), OF_THE_ORDER),
    "PUT /api/orders/{}/status": Row(
        of(Cast.order, "PUT", "/api/orders/{}/status", {"status": "cancelled"}), OF_THE_ORDER
    ),
    "GET /api/seller/stats": Row(get("/api/seller/stats"), SELLERS),
    "GET /api/notifications": Row(get("/api/notifications/"), (401, 200, 200, 200, 200, 403)),
    "POST /api/notifications/read": Row(
        call("POST", "/api/notifications/read", {"all": True}), (401, 204, 204, 204, 204, 403)
    ),
    "GET /api/admin/users": Row(get("/api/admin/users"), ADMINS),
    "GET /api/admin/products": Row(get("/api/admin/products"), ADMINS),
    "GET /api/admin/orders": Row(get("/api/admin/orders"), ADMINS),
    "GET /api/admin/dashboard": Row(get("/api/admin/dashboard"), ADMINS),
    "GET /api/admin/health": Row(get("/api/admin/health"), ADMINS),
    "DELETE /api/admin/users/{}": Row(of(Cast.user, "DELETE", "/api/admin/users/{}"), (401, 403, 403, 403, 403, 204)),
    "PUT /api/admin/products/{}/disable": Row(of(Cast.product, "PUT", "/api/admin/products/{}/disable"), ADMINS),
    "PUT /api/admin/products/{}/enable": Row(of(Cast.disabled, "PUT", "/api/admin/products/{}/enable"), ADMINS),
    "GET /api/lab/topology": Row(get("/api/lab/topology"), ADMINS),
    "GET /api/lab/explain": Row(get("/api/lab/explain"), ADMINS),
    "GET /api/lab/explain/{}": Row(get("/api/lab/explain/take_stock"), ADMINS),
    "GET /api/lab/audit": Row(get("/api/lab/audit"), ADMINS),
    # a run that nobody may begin, so that a hole in the guard loads nothing
    "POST /api/lab/load": Row(
        call("POST", "/api/lab/load", {"buyers": 0, "seconds": 1}), (401, 403, 403, 403, 403, 422)
    ),
    "GET /api/lab/load": Row(get("/api/lab/load"), ADMINS),
    "DELETE /api/lab/load": Row(call("DELETE", "/api/lab/load"), (401, 403, 403, 403, 403, 204)),
    # a node that is not there, so that a hole in the guard breaks nothing
    "POST /api/lab/nodes/{}/{}": Row(call("POST", "/api/lab/nodes/rs9-9/kill"), (401, 403, 403, 403, 403, 404)),
    "GET /healthz": Row(get("/healthz"), ALL),
    "GET /readyz": Row(get("/readyz"), ALL),
    "GET /metrics": Row(get("/metrics"), ALL),
}
MORE = {  # the same route with a thing in another state, or asking for another change
    "GET /api/products/{} (disabled)": Row(
        of(Cast.disabled, "GET", "/api/products/{}"), (404, 404, 404, 404, 200, 200)
    ),
    "PUT /api/products/{} (disabled)": Row(
        of(Cast.disabled, "PUT", "/api/products/{}", {"name": "x"}),
        (401, 403, 403, 403, 200, 200),
    ),
    "PUT /api/orders/{}/status (completed)": Row(
        of(Cast.order, "PUT", "/api/orders/{}/status", {"status": "completed"}),
        (401, 404, 404, (403, 409), 200, 200),
    ),
}
PAGES = {"GET /", "GET /docs", "GET /docs/openapi.json"}  # anybody may read them; contract tests look at them
TITLES = {
    401: ("unauthenticated",), 403: ("forbidden",), 404: ("not_found",), 409: ("invalid_transition",),
    422: ("validation_failed",),
}  # fmt: skip


@pytest.fixture(scope="module")
def cast(shop: Shop) -> Cast:
    people = [None, shop.buyer(), shop.seller(), shop.buyer(), shop.seller(), shop.admin(fresh=True)]
    return Cast(shop, dict(zip(ACTORS, people, strict=True)))


def test_every_route_has_a_row_and_every_row_a_route(shop: Shop) -> None:
    served = set(operations(document(shop))) - PAGES
    assert served - set(ROWS) == set(), "these routes have no row in the access matrix"
    assert set(ROWS) - served == set(), "these rows have no route in the served document"


def test_every_route_with_a_body_is_attacked_in_the_injection_tests(shop: Shop) -> None:
    with_body = {
        name
        for name, operation in operations(document(shop)).items()
        if "application/json" in operation.get("requestBody", {}).get("content", ())
    }
    assert with_body - set(BODIES) == set()


QUESTIONS = [
    (name, actor)
    for name, row in (ROWS | MORE).items()
    for actor, statuses in zip(ACTORS, row.statuses, strict=True)
    if statuses is not None  # it would end the session that the other questions use
]


@pytest.mark.parametrize(("name", "actor"), QUESTIONS)
def test_everybody_may_do_what_is_theirs_and_nothing_else(cast: Cast, name: str, actor: str) -> None:
    row = (ROWS | MORE)[name]
    expected = row.statuses[ACTORS.index(actor)]
    answer = row.ask(cast, cast.api(actor))
    assert answer.status_code in (expected if isinstance(expected, tuple) else (expected,)), describe(answer)
    if answer.status_code >= 400:
        problem(answer, answer.status_code, TITLES[answer.status_code])
