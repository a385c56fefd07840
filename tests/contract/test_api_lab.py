"""The lab on a whole shop: topology, explain, audit; node control is in tests/faults (contract §3, Lab)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.support.api import ok, problem
from tests.support.matrix import Setup
from tests.support.nodes import members
from tests.support.shop import Person, Shop

NAMES = (
    "product_by_id", "take_stock", "product_listing", "text_search", "seller_products", "order_by_id",
    "seller_orders", "buyer_orders", "inventory_logs_of_product", "seller_stats",
)  # fmt: skip
SCATTERED = {"product_listing", "text_search", "buyer_orders"}  # of NAMES, where there are shards
EXPLAINED = {
    "name", "expected", "targeted", "shards_touched", "index", "keys_examined", "documents_examined", "returned",
    "raw",
}  # fmt: skip


@pytest.fixture(scope="module")
def sold(shop: Shop) -> dict[str, Any]:
    """There is something to explain: a product with a log and an order."""
    return shop.buy(shop.buyer(), (shop.product(shop.seller()), 1))


def test_the_topology_names_every_node_and_one_primary(shop: Shop, setup: Setup, admin: Person) -> None:
    topology = ok(admin.api.get("/api/lab/topology"))
    assert topology["kind"] == setup.topology
    for member in members(topology):
        assert set(member) == {"node", "host", "state", "lag_seconds"}
        assert member["state"] in ("PRIMARY", "SECONDARY")
        assert member["lag_seconds"] is None or 0 <= member["lag_seconds"] < 10
    if setup.topology == "replica":
        assert sorted(member["node"] for member in topology["members"]) == ["rs0-1", "rs0-2", "rs0-3"]
        assert Counter(member["state"] for member in topology["members"]) == {"PRIMARY": 1, "SECONDARY": 2}
        assert isinstance(topology["set"], str) and topology["set"]
        assert len({member["host"] for member in topology["members"]}) == 3
    else:
        states = {member["node"]: member["state"] for member in members(topology) + topology["config"]["members"]}
        assert states == dict.fromkeys(("shard1-1", "shard2-1", "config-1"), "PRIMARY")
        assert [router["state"] for router in topology["routers"] if router["node"] == "router"] == ["ROUTER"]


def test_the_topology_agrees_with_the_command_line(shop: Shop, admin: Person) -> None:
    topology = ok(admin.api.get("/api/lab/topology"))
    assert all(member["host"] in str(shop.demo.status()) for member in members(topology))


def test_every_query_shape_has_a_name_and_an_expectation(admin: Person) -> None:
    items = ok(admin.api.get("/api/lab/explain"))["items"]
    assert all(set(item) == {"name", "description", "expected"} for item in items)
    assert {item["expected"] for item in items} <= {"targeted", "scatter_gather"}
    assert all(item["description"] for item in items)
    names = [item["name"] for item in items]
    assert set(NAMES) <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", NAMES)
def test_a_shape_is_explained_live(sold: dict[str, Any], setup: Setup, admin: Person, name: str) -> None:
    explained = ok(admin.api.get(f"/api/lab/explain/{name}"))
    assert set(explained) == EXPLAINED
    assert explained["name"] == name
    for figure in ("shards_touched", "keys_examined", "documents_examined", "returned"):
        assert type(explained[figure]) is int and explained[figure] >= 0, explained[figure]
    assert explained["raw"]
    assert "COLLSCAN" not in str(explained["raw"])
    shards = 2 if setup.topology == "sharded" and name in SCATTERED else 1
    assert explained["expected"] == ("targeted" if shards == 1 else "scatter_gather")
    assert (explained["targeted"], explained["shards_touched"]) == (shards == 1, shards)


def test_everything_that_is_listed_can_be_explained(sold: dict[str, Any], admin: Person) -> None:
    for item in ok(admin.api.get("/api/lab/explain"))["items"]:
        explained = ok(admin.api.get(f"/api/lab/explain/{item['name']}"))
        assert explained["expected"] == item["expected"], item["name"]


def test_explaining_changes_nothing(shop: Shop, seller: Person, admin: Person) -> None:
    product = shop.product(seller)
    ok(admin.api.get("/api/lab/explain/take_stock"))
    assert ok(shop.anonymous.get(f"/api/products/{product['id']}")) == product


@pytest.mark.parametrize("name", ["nonsense", "$where", "product_by_id%00", "..%2Fx"])
def test_an_unknown_shape_is_absent(admin: Person, name: str) -> None:
    problem(admin.api.get(f"/api/lab/explain/{name}"), 404, "not_found")


def test_an_audit_of_a_sound_shop_is_clean_and_says_what_it_looked_at(shop: Shop, sold: dict[str, Any]) -> None:
    report = shop.audit()
    assert set(report) == {"consistent", "violations", "checked", "took_seconds"}
    assert (report["consistent"], report["violations"]) == (True, [])
    assert report["took_seconds"] >= 0
    assert report["checked"] and all(type(count) is int for count in report["checked"].values())
    assert max(report["checked"].values()) > 0


@pytest.mark.parametrize(
    "path", ["nonsense/kill", "rs0-9/start", "shard1-9/start", "rs0-1/explode", "shard1-1/explode", "%00/kill"]
)
def test_an_unknown_node_or_action_is_absent(admin: Person, path: str) -> None:
    problem(admin.api.post(f"/api/lab/nodes/{path}"), 404, "not_found")


def test_the_lab_is_for_admins_alone(shop: Shop, seller: Person, buyer: Person) -> None:
    calls = [("GET", path) for path in ("topology", "explain", "explain/take_stock", "audit")]
    for method, path in [*calls, ("POST", "nodes/rs0-1/kill")]:
        for person in (seller, buyer):
            problem(person.api.request(method, f"/api/lab/{path}"), 403, "forbidden")
        problem(shop.anonymous.request(method, f"/api/lab/{path}"), 401, "unauthenticated")
