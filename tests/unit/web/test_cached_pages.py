"""With and without the catalogue cache an answer is the same: status, headers, and every byte."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shardmart.adapters.marks import SharedMarks
from shardmart.cache.catalogue import CatalogueCache
from tests.unit.web.conftest import Served
from tests.unit.web.fakes import ADMIN, BUYER, CAKE, SELLER, TEA

ITS_OWN = {"x-request-id", "date"}


def with_cache(served: Served) -> CatalogueCache:
    """On what the shop has, and certain of it for ever."""
    source: Any = served.fake.products
    cache = CatalogueCache(source, SharedMarks(None), source, most_bytes=1024 * 1024)
    cache._fresh.certain_at = math.inf
    served.app.ctx.shop = replace(served.app.ctx.shop, cache=cache)
    return cache


def answer(served: Served, method: str, path: str, user: str | None, **headers: str) -> tuple[Any, ...]:
    got = served.call(method, path, user, headers=headers)
    kept = {name: value for name, value in got.headers.items() if name not in ITS_OWN}
    body = got.json() if got.status_code >= 400 and got.content else got.content
    return got.status_code, kept, body


@pytest.mark.parametrize("user", [None, BUYER, SELLER, ADMIN])
@pytest.mark.parametrize(
    "path",
    [
        f"/api/products/{TEA}",
        f"/api/products/{CAKE}/",
        "/api/products/",
        "/api/products?limit=1&sort=name",
        "/api/products/?q=TEA&in_stock=true",
        "/api/products/?q=tea&in_stock=true",
        "/api/products/?q=--",
        "/api/products/?cursor=damaged",
        "/api/products/no-such-product",
        f"/api/products/{'f' * 24}-{'f' * 24}",
    ],
)
def test_an_answer_from_memory_is_the_one_that_was_read(served: Served, path: str, user: str | None) -> None:
    plain = answer(served, "GET", path, user)
    with_cache(served)
    for method in ("GET", "GET", "HEAD"):
        status, headers, body = answer(served, method, path, user)
        assert (status, headers) == plain[:2]
        assert method == "HEAD" or body == plain[2]


def test_the_next_page_is_another_answer(served: Served) -> None:
    with_cache(served)
    for _ in range(2):
        first = served.http.get("/api/products/?limit=1&sort=name").json()
        query = {"limit": 1, "sort": "name", "cursor": first["next_cursor"]}
        assert [one["id"] for one in first["items"]] == [TEA]
        assert [one["id"] for one in served.http.get("/api/products/", params=query).json()["items"]] == [CAKE]


def test_a_page_of_a_known_origin_and_a_bound_of_secondaries_are_told_from_memory_too(served: Served) -> None:
    rules = replace(served.app.ctx.shop.rules, staleness_seconds=Decimal(90))
    served.app.ctx.shop = replace(served.app.ctx.shop, rules=rules)
    plain = answer(served, "GET", "/api/products/", None, origin="http://shop.test")
    assert {"x-staleness-bound", "access-control-allow-origin"} <= plain[1].keys()
    with_cache(served)
    for _ in range(2):
        assert answer(served, "GET", "/api/products/", None, origin="http://shop.test") == plain


def test_a_bad_token_is_refused_before_memory_is_asked(served: Served) -> None:
    with_cache(served)
    for _ in range(2):
        assert served.http.get(f"/api/products/{TEA}").status_code == 200
        bad = served.http.get(f"/api/products/{TEA}", headers={"authorization": "Bearer x"})
        assert bad.status_code == 401


def test_a_disabled_product_is_shown_to_its_owner_and_admins_alone(served: Served) -> None:
    cache = with_cache(served)
    assert served.http.get(f"/api/products/{TEA}").status_code == 200
    assert served.call("PUT", f"/api/admin/products/{TEA}/disable", ADMIN).status_code == 200
    cache.interrupt()
    cache._fresh.certain_at = math.inf
    for _ in range(2):
        seen = [served.call("GET", f"/api/products/{TEA}", user).status_code for user in (None, BUYER, SELLER, ADMIN)]
        assert seen == [404, 404, 200, 200]
