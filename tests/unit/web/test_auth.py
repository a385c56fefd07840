"""Signing in, and the cookie that keeps one signed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.web.conftest import Served
from tests.unit.web.fakes import BUYER

ADA = {"name": "Ada", "email": "ada@example.com", "password": "long enough"}
KNOWN = {"email": "buyera@example.com", "password": "secret"}


def test_registering_signs_in(served: Served) -> None:
    answer = served.http.post("/api/auth/register", json=ADA)
    assert answer.status_code == 201
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "user"}
    profile = served.http.get(
        "/api/auth/profile", headers={"authorization": f"Bearer {answer.json()['access_token']}"}
    )
    assert profile.json() == answer.json()["user"]
    assert profile.json()["role"] == "buyer"
    again = served.http.post("/api/auth/register", json={**ADA, "email": "ADA@example.com"})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


def test_the_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites(served: Served) -> None:
    cookie = served.http.post("/api/auth/login", json=KNOWN).headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/api/auth"} <= attributes
    assert any(part.startswith("max-age=") for part in attributes)
    assert "secure" not in attributes


def test_outside_loopback_the_cookie_is_secure_and_hsts_is_on(serve: Callable[..., Served]) -> None:
    served = serve(host="0.0.0.0")  # a setting; the test server listens on loopback all the same
    answer = served.http.post("/api/auth/login", json=KNOWN)
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]


def test_wrong_credentials_are_one_and_the_same(served: Served) -> None:
    wrong = served.http.post("/api/auth/login", json={**KNOWN, "password": "wrong"})
    unknown = served.http.post("/api/auth/login", json={**KNOWN, "email": "nobody@example.com"})
    assert wrong.status_code == 401
    assert wrong.json()["code"] == "invalid_credentials"
    assert wrong.content == unknown.content


def test_refreshing_rotates_the_cookie(served: Served) -> None:
    served.http.post("/api/auth/login", json=KNOWN)
    before = served.http.cookies["refresh_token"]
    answer = served.http.post("/api/auth/refresh")
    assert answer.status_code == 200
    assert served.http.cookies["refresh_token"] != before


def test_refreshing_without_a_cookie_is_401(served: Served) -> None:
    assert served.http.post("/api/auth/refresh").status_code == 401
    assert served.http.post("/api/auth/refresh", headers={"cookie": "refresh_token=nonsense"}).status_code == 401


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout", "/api/auth/login", "/api/auth/register"])
@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
    ids=str,
)
def test_other_origins_may_not_use_the_cookie(served: Served, path: str, headers: dict[str, str]) -> None:
    served.http.post("/api/auth/login", json=KNOWN)
    answer = served.http.post(path, headers=headers, json=ADA if path.endswith("register") else KNOWN)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_our_own_pages_may(served: Served) -> None:
    served.http.post("/api/auth/login", json=KNOWN)
    answer = served.http.post("/api/auth/refresh", headers={"origin": "http://shop.test"})
    assert answer.status_code == 200


def test_logging_out_always_works_and_takes_the_cookie_back(served: Served) -> None:
    token = served.http.post("/api/auth/login", json=KNOWN).json()["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    for _ in range(2):
        answer = served.http.post("/api/auth/logout", headers=bearer)
        assert answer.status_code == 204
        assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert served.http.get("/api/auth/profile", headers=bearer).status_code == 401
    assert served.http.post("/api/auth/logout", headers={"authorization": "nonsense"}).status_code == 204


def test_the_role_of_a_profile_is_the_account_s(served: Served) -> None:
    assert served.call("GET", "/api/auth/profile", BUYER).json()["role"] == "buyer"
