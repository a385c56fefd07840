"""Factories: people, products and purchases of a running demo, each test its own."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from tests.support.api import Api, connect, ok
from tests.support.demo import Demo

PASSWORD = "correct horse"
DEMO_PASSWORD = "demo123"


def unique(prefix: str = "") -> str:
    """A word that no other test uses, of letters only, so that search takes it for one word."""
    return prefix + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:16]


def new_email(prefix: str = "user") -> str:
    return f"{unique(prefix + '-')}@example.com"


def new_key() -> str:
    return uuid.uuid4().hex


@dataclass
class Person:
    """Somebody logged in: `person.api.get(...)` speaks in their name."""

    api: Api
    user: dict[str, Any]
    password: str
    refresh_cookie: str | None
    expires_in: float

    @property
    def id(self) -> str:
        return str(self.user["id"])

    @property
    def email(self) -> str:
        return str(self.user["email"])


class Shop:
    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.url = demo.url
        self.http = connect(demo.url)
        self.anonymous = Api(self.http)
        self._admin: tuple[float, Person] | None = None

    def close(self) -> None:
        self.http.close()

    def as_(self, token: str | None) -> Api:
        return Api(self.http, token)

    # --- people --------------------------------------------------------------------------------------

    def register(self, role: str = "buyer", **fields: Any) -> Person:
        body = {"name": "Robin Example", "email": new_email(role), "password": PASSWORD, "role": role} | fields
        return self._person(self.anonymous.post("/api/auth/register", json=body), 201, body["password"])

    def buyer(self) -> Person:
        return self.register("buyer")

    def seller(self) -> Person:
        return self.register("seller")

    def login(self, email: str, password: str = PASSWORD) -> Person:
        answer = self.anonymous.post("/api/auth/login", json={"email": email, "password": password})
        return self._person(answer, 200, password)

    def admin(self, *, fresh: bool = False) -> Person:
        """The demo's admin; logged in again before the token of the shared session gets old."""
        if fresh or self._admin is None or time.monotonic() > self._admin[0]:
            person = self.login("admin@demo.com", DEMO_PASSWORD)
            self._admin = (time.monotonic() + person.expires_in / 2, person)
        return self._admin[1]

    def _person(self, answer: httpx.Response, status: int, password: str) -> Person:
        body = ok(answer, status)
        cookie = refresh_cookie(answer)
        return Person(
            self.as_(body["access_token"]), body["user"], password, cookie and cookie[1], body["expires_in"]
        )

    # --- products ------------------------------------------------------------------------------------

    def product(self, seller: Person, **fields: Any) -> dict[str, Any]:
        body = {"name": f"Thing {unique()}", "price": 10, "stock": 10, "category": "Tests"} | fields
        made: dict[str, Any] = ok(seller.api.post("/api/products/", json=body), 201)
        return made

    def stock_of(self, product: dict[str, Any], reader: Person | None = None) -> int:
        api = reader.api if reader else self.anonymous
        return int(ok(api.get(f"/api/products/{product['id']}"))["stock"])

    def logs_of(self, product: dict[str, Any], seller: Person) -> list[dict[str, Any]]:
        """Oldest first, as they happened."""
        return seller.api.all(f"/api/products/{product['id']}/inventory-logs", limit=100)[::-1]

    # --- purchases -----------------------------------------------------------------------------------

    def buy(self, buyer: Person, *lines: tuple[dict[str, Any], int], key: str | None = None) -> dict[str, Any]:
        """A checkout that must succeed."""
        answer: dict[str, Any] = ok(self.try_to_buy(buyer, *lines, key=key), 201)
        return answer

    def try_to_buy(
        self, buyer: Person, *lines: tuple[dict[str, Any], int], key: str | None = None, **body: Any
    ) -> httpx.Response:
        items = [{"product_id": product["id"], "quantity": quantity} for product, quantity in lines]
        headers = {"Idempotency-Key": key} if key is not None else {}
        return buyer.api.post("/api/orders/", json={"items": items, **body}, headers=headers)

    def audit(self) -> dict[str, Any]:
        report: dict[str, Any] = ok(self.admin().api.get("/api/lab/audit"))
        return report


def money(value: Any) -> Decimal:
    """Exact money, of a literal or of a number that the shop told; it has two decimals at most."""
    exact = Decimal(str(value))
    assert exact == exact.quantize(Decimal("0.01")), f"more than two decimals: {value!r}"
    return exact


def refresh_cookie(answer: httpx.Response) -> tuple[str, str, str] | None:
    """(name, value, attributes) of the refresh session's cookie, told by its path."""
    for header in answer.headers.get_list("set-cookie"):
        pair, _, attributes = header.partition(";")
        if "path=/api/auth" in attributes.lower().replace(" ", ""):
            name, _, value = pair.partition("=")
            return name.strip(), value.strip(), attributes
    return None
