"""Headers that keep a browser from harm, and the landing page."""

from __future__ import annotations

import pytest

from tests.support.shop import Person, Shop

PATHS = [
    "/",
    "/docs",
    "/docs/openapi.json",
    "/api/products/",
    "/api/auth/profile",
    "/nowhere",
    "/healthz",
    "/metrics",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_is_guessed_to_be_something_else(shop: Shop, path: str) -> None:
    answer = shop.anonymous.get(path, follow_redirects=True)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_no_page_can_be_framed(shop: Shop, path: str) -> None:
    headers = shop.anonymous.get(path, follow_redirects=True).headers
    framed = headers.get("x-frame-options", "").upper() in ("DENY", "SAMEORIGIN")
    assert framed or "frame-ancestors" in headers.get("content-security-policy", "")


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_names_the_software(shop: Shop, path: str) -> None:
    for name, value in shop.anonymous.get(path).headers.items():
        assert "sanic" not in value.lower() and "python" not in value.lower(), (name, value)


@pytest.mark.parametrize("path", ["/api/auth/profile", "/api/orders/my-orders", "/api/cart/"])
def test_what_is_personal_is_kept_by_no_shared_cache(buyer: Person, path: str) -> None:
    policy = buyer.api.get(path).headers.get("cache-control", "")
    assert "no-store" in policy or "private" in policy, policy


@pytest.mark.parametrize("path", ["/api/products/", "/api/auth/profile"])
def test_no_other_site_may_read_answers(shop: Shop, buyer: Person, path: str) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = buyer.api.get(path, headers=headers)
    assert answer.headers.get("access-control-allow-origin") not in ("*", "https://evil.example")
    assert answer.headers.get("access-control-allow-credentials") != "true"


def test_the_root_is_a_page(shop: Shop) -> None:
    answer = shop.anonymous.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
