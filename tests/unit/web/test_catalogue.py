"""Products over HTTP: lists, pages, edits."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from shardmart.domain.listings import Sort
from tests.unit.web.conftest import Served
from tests.unit.web.fakes import ADMIN, BUYER, CAKE, SELLER, TEA, FakeShop

NEW = {"name": "Oolong", "price": 0.1, "stock": 3, "category": "Tea"}


def test_both_slash_forms_are_one_route(served: Served) -> None:
    assert served.http.get("/api/products").content == served.http.get("/api/products/").content
    assert served.http.get(f"/api/products/{TEA}/").status_code == 200
    assert served.call("GET", "/api/cart", BUYER).status_code == 200


def test_head_answers_as_get_without_the_body(served: Served) -> None:
    head, get = served.http.head("/api/products/"), served.http.get("/api/products/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_pages_follow_each_other_by_cursor(served: Served) -> None:
    first = served.http.get("/api/products/?limit=1&sort=name").json()
    assert [one["id"] for one in first["items"]] == [TEA]
    second = served.http.get(
        "/api/products", params={"limit": 1, "sort": "name", "cursor": first["next_cursor"]}
    ).json()
    assert [one["id"] for one in second["items"]] == [CAKE]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=1", "limit=1&sort=price", "limit=1&sort=name&q=x"])
def test_a_cursor_of_another_list_is_422(served: Served, query: str) -> None:
    cursor = served.http.get("/api/products/?limit=1&sort=name").json()["next_cursor"]
    answer = served.http.get(f"/api/products/?{query}&cursor={cursor}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


def test_a_cursor_is_no_good_on_another_path_or_for_somebody_else(served: Served) -> None:
    cursor = served.call("GET", "/api/products/my-products?limit=1", SELLER).json()["next_cursor"]
    assert served.call("GET", f"/api/products/my-products?cursor={cursor}", SELLER).status_code == 200
    assert served.call("GET", f"/api/admin/products?cursor={cursor}", ADMIN).status_code == 422


@pytest.mark.parametrize("path", ["/api/products/categories", "/api/lab/explain"])
def test_lists_without_pages_refuse_parameters_too(served: Served, path: str) -> None:
    answer = served.call("GET", f"{path}?limit=5", ADMIN)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


def test_a_search_without_words_finds_nothing_and_asks_nobody(served: Served) -> None:
    assert served.http.get("/api/products/?q=%3F").json() == {"items": [], "next_cursor": None}
    assert served.fake.products.searched == []
    served.http.get("/api/products/?q=tea")
    assert served.fake.products.searched[0].sort is Sort.RELEVANCE


def test_money_is_written_as_a_number_with_its_cents(served: Served) -> None:
    answer = served.call("POST", "/api/products/", SELLER, json=NEW)
    assert answer.status_code == 201
    assert b'"price":0.1,' in answer.content
    assert answer.headers["location"] == f"/api/products/{answer.json()['id']}"
    assert served.fake.products.all_[answer.json()["id"]].price == Decimal("0.10")


def test_times_are_utc_with_z(served: Served) -> None:
    assert served.http.get(f"/api/products/{TEA}").json()["created_at"] == "2026-01-31T12:00:00.123000Z"


def test_only_an_admin_names_the_seller(served: Served) -> None:
    assert served.call("POST", "/api/products/", SELLER, json={**NEW, "seller_id": SELLER}).status_code == 422
    assert served.call("POST", "/api/products/", ADMIN, json=NEW).status_code == 422
    assert served.call("POST", "/api/products/", ADMIN, json={**NEW, "seller_id": SELLER}).status_code == 201


def test_edits_and_stock_changes_reach_the_shop(served: Served) -> None:
    edited = served.call("PUT", f"/api/products/{TEA}", SELLER, json={"price": 9.99, "expected_version": 1})
    assert (edited.json()["price"], edited.json()["version"]) == (9.99, 2)
    stale = served.call("PUT", f"/api/products/{TEA}", SELLER, json={"price": 1, "expected_version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")
    more = served.call("POST", f"/api/products/{TEA}/stock", SELLER, json={"delta": 5, "reason": "delivery"})
    assert more.json()["stock"] == 15
    short = served.call("POST", f"/api/products/{TEA}/stock", SELLER, json={"delta": -99})
    assert (short.status_code, short.json()["code"]) == (409, "insufficient_stock")
    assert served.call("DELETE", f"/api/products/{TEA}", SELLER).status_code == 204
    assert served.http.get(f"/api/products/{TEA}").status_code == 404


def test_a_disabled_product_is_seen_by_its_owner_and_admins_alone(served: Served) -> None:
    assert served.call("PUT", f"/api/admin/products/{TEA}/disable", ADMIN).json()["is_active"] is False
    assert served.http.get(f"/api/products/{TEA}").status_code == 404
    assert served.call("GET", f"/api/products/{TEA}", BUYER).status_code == 404
    assert served.call("GET", f"/api/products/{TEA}", SELLER).status_code == 200
    assert served.call("GET", f"/api/products/{TEA}", ADMIN).status_code == 200


def test_pages_from_secondaries_say_how_old_they_may_be(serve: Callable[..., Served], served: Served) -> None:
    assert "x-staleness-bound" not in served.http.get("/api/products/").headers
    behind = serve(FakeShop(staleness=Decimal("90")))
    assert behind.http.get("/api/products/").headers["x-staleness-bound"] == "90"
    assert behind.http.get("/api/products/categories").headers["x-staleness-bound"] == "90"
    assert "x-staleness-bound" not in behind.http.get(f"/api/products/{TEA}").headers
