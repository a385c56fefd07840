"""Who may call what, for every row of the route table."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shardmart.domain.accounts import Role
from shardmart.web.endpoints import Route
from shardmart.web.routes import ROUTES
from tests.unit.web.conftest import Served
from tests.unit.web.fakes import ADMIN, BUYER, ROLES, SELLER, TEA

USERS = {Role.BUYER: BUYER, Role.SELLER: SELLER, Role.ADMIN: ADMIN}
PARTS = {"id": TEA, "product_id": TEA, "node": "rs0-0", "action": "kill", "name": "product_by_id"}
GUARDED = [route for route in ROUTES if route.access.roles]


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def call(served: Served, route: Route, as_: str | None = None, **more: Any) -> Any:
    path = re.sub(r"{(\w+)}", lambda part: PARTS[part[1]], route.path)
    return served.call(route.method, path, as_, **more)


@pytest.mark.parametrize("route", GUARDED, ids=named)
def test_without_a_token_it_is_401_whatever_the_body(served: Served, route: Route) -> None:
    for more in ({}, {"content": b"nonsense"}, {"json": {}}):
        answer = call(served, route, **more)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", GUARDED, ids=named)
def test_a_wrong_role_is_403_whatever_the_body(served: Served, route: Route) -> None:
    for role in set(Role) - route.access.roles:
        answer = call(served, route, USERS[role], content=b"nonsense")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("route", GUARDED, ids=named)
def test_a_right_role_gets_past_the_door(served: Served, route: Route) -> None:
    for role in route.access.roles:
        answer = call(served, route, USERS[role], json={} if route.body else None)
        assert answer.status_code not in (401, 500), answer.text
        assert answer.json()["code"] != "forbidden" if answer.status_code >= 400 else True


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.access.roles], ids=named)
def test_public_routes_need_no_token(served: Served, route: Route) -> None:
    answer = call(served, route)
    assert answer.status_code != 403
    if route.path != "/api/auth/refresh":
        assert answer.status_code != 401


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "bearer x", "Bearer access.x", "Bearer ä", "Token access", ""]
)
def test_a_bad_token_is_401(served: Served, header: str) -> None:
    for path in ("/api/auth/profile", f"/api/products/{TEA}"):
        assert served.http.get(path, headers={"authorization": header.encode()}).status_code == 401


def test_two_tokens_are_401(served: Served) -> None:
    token = served.headers(BUYER)["authorization"]
    headers = [("authorization", token), ("authorization", token)]
    assert served.http.get("/api/auth/profile", headers=headers).status_code == 401


def test_an_ended_session_is_401(served: Served) -> None:
    headers = served.headers(BUYER)
    served.fake.sessions.sessions.clear()
    assert served.http.get("/api/auth/profile", headers=headers).status_code == 401


def test_every_role_appears_in_the_fakes() -> None:
    assert set(ROLES.values()) == set(Role)
