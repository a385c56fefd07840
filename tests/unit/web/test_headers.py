"""What every answer carries, and who may read it from elsewhere."""

from __future__ import annotations

import re

import pytest

from tests.unit.web.conftest import Served

PATHS = ["/", "/docs", "/docs/openapi.json", "/docs/assets/docs.js", "/api/products/", "/api/auth/profile", "/nope",
         "/healthz", "/metrics"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PATCH"])
def test_every_answer_carries_the_security_headers(served: Served, method: str, path: str) -> None:
    headers = served.http.request(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers.get_list("x-request-id")) == 1
    assert "server" not in headers


def test_no_page_allows_inline_scripts_or_other_hosts(served: Served) -> None:
    for path in PATHS:
        policy = served.http.get(path).headers["content-security-policy"]
        scripts = [part for part in policy.split(";") if part.strip().startswith("script-src")]
        assert all("unsafe" not in part for part in scripts)
        assert "http" not in policy


def test_the_pages_load_nothing_from_outside_and_nothing_inline(served: Served) -> None:
    for path in ("/", "/docs"):
        page = served.http.get(path).text
        assert "http://" not in page
        assert "https://" not in page
        assert "<script>" not in page
        assert re.search(r"\son\w+=|style=", page) is None
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "docs.js", "page.css"):
        assert served.http.get(f"/docs/assets/{name}").status_code == 200


def test_the_api_is_not_cached(served: Served) -> None:
    assert served.http.get("/api/products/").headers["cache-control"] == "no-store"


def test_a_sane_request_id_is_kept_and_another_replaced(served: Served) -> None:
    assert served.http.get("/healthz", headers={"x-request-id": "abc-12345"}).headers["x-request-id"] == "abc-12345"
    for given in ("short", "x" * 65, 'evil"}{', "with space"):
        assert served.http.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] != given
    assert len({served.http.get("/healthz").headers["x-request-id"] for _ in range(5)}) == 5


def test_pages_of_known_origins_may_read_answers(served: Served) -> None:
    for path in ("/api/products/", "/api/products/nonsense"):
        headers = served.http.get(path, headers={"origin": "http://shop.test"}).headers
        assert headers["access-control-allow-origin"] == "http://shop.test"
        assert headers["access-control-allow-credentials"] == "true"
        assert "Idempotent-Replayed" in headers["access-control-expose-headers"]
        assert headers["vary"] == "Origin"


def test_pages_of_other_origins_may_not(served: Served) -> None:
    headers = served.http.get("/api/products/", headers={"origin": "http://evil.test"}).headers
    assert not [name for name in headers if name.startswith("access-control")]
    assert headers["vary"] == "Origin"


def test_preflights_are_answered(served: Served) -> None:
    asks = {"origin": "http://shop.test", "access-control-request-method": "PUT"}
    answer = served.http.options("/api/products/x", headers=asks)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "http://shop.test"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    evil = served.http.options("/api/products/x", headers={**asks, "origin": "http://evil.test"})
    assert not [name for name in evil.headers if name.startswith("access-control")]
    assert served.http.options("/nope", headers=asks).status_code == 404
