"""Two of three nodes are dead (of every shard): the shop says so in time, and heals by itself when they are back."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.api import ok, problem
from tests.support.clock import wait_until
from tests.support.ledger import clean
from tests.support.nodes import heal, lab, sets
from tests.support.parallel import checkout_until_answered
from tests.support.shop import PASSWORD, Person, Shop, new_email, new_key

pytestmark = pytest.mark.strategies("soak")
ANSWER_WITHIN = 10.5  # 10 s and the way


def led(members: dict[str, str]) -> bool:
    return "PRIMARY" in members.values()


def pair(members: dict[str, str]) -> tuple[str, str]:
    """A secondary and the primary."""
    state = {state: node for node, state in members.items()}
    return state["SECONDARY"], state["PRIMARY"]


@pytest.fixture
def scene(broken: Shop) -> Iterator[dict[str, Any]]:
    """People and goods from before the disaster, which then happens."""
    seller, buyer = broken.seller(), broken.buyer()
    product = broken.product(seller, stock=10)
    order = broken.buy(buyer, (product, 1))["orders"][0]
    workers = broken.demo.worker_pids()
    # of each set one that may return and one that stays down
    dead = [pair(members) for members in sets(broken)]
    for node in itertools.chain(*dead):
        lab(broken, node, "kill")
    wait_until(lambda: not any(led(members) for members in sets(broken)), "no primary is left", within=20)
    yield {"seller": seller, "buyer": buyer, "product": product, "order": order, "dead": dead, "workers": workers}
    heal(broken)


def unavailable(call: Any, *arguments: Any, **options: Any) -> httpx.Response:
    started = time.monotonic()
    answer: httpx.Response = call(*arguments, **options)
    elapsed = time.monotonic() - started
    problem(answer, 503, "unavailable")
    assert elapsed < ANSWER_WITHIN, f"{answer.request.url} took {elapsed:.1f} s"
    return answer


def test_without_a_majority_everything_says_503_and_starting_the_nodes_heals_it(
    broken: Shop, scene: dict[str, Any]
) -> None:
    buyer, product = scene["buyer"], scene["product"]
    key, body = new_key(), {"items": [{"product_id": product["id"], "quantity": 2}]}
    account = {"name": "Kim", "email": new_email(), "password": PASSWORD}
    unavailable(broken.anonymous.get, "/api/products/")
    unavailable(broken.anonymous.get, f"/api/products/{product['id']}")
    unavailable(broken.anonymous.get, "/api/products/categories")
    unavailable(buyer.api.get, f"/api/orders/{scene['order']['id']}")
    unavailable(buyer.api.post, "/api/orders/", json=body, headers={"Idempotency-Key": key})
    unavailable(buyer.api.put, f"/api/cart/items/{product['id']}", json={"quantity": 1})
    unavailable(broken.anonymous.post, "/api/auth/register", json=account)
    unavailable(broken.anonymous.post, "/api/auth/login", json={"email": buyer.email, "password": PASSWORD})
    assert broken.anonymous.get("/readyz").status_code == 503
    assert broken.anonymous.get("/healthz").status_code == 200
    assert broken.anonymous.get("/metrics").status_code == 200
    for node in itertools.chain(*scene["dead"]):
        lab(broken, node, "start")
    started = time.monotonic()
    answer = checkout_until_answered(buyer.api, body, key, within=30)
    assert ok(answer, 201)["orders"]
    assert time.monotonic() - started < 20
    wait_until(lambda: broken.anonymous.get("/readyz").status_code == 200, "the shop is ready", within=20)
    assert broken.stock_of(product) == 7
    assert broken.demo.worker_pids() == scene["workers"], "recovery needed a restart"
    clean(broken)


def test_without_a_majority_the_topology_is_told_and_nodes_are_controlled(
    broken: Shop, scene: dict[str, Any]
) -> None:
    admin: Person = broken.admin()
    started = time.monotonic()
    ok(admin.api.get("/api/lab/topology"))
    assert time.monotonic() - started < 3, "the page that mends it must not wait for what is broken"
    for told, dead in zip(sets(broken), scene["dead"], strict=True):
        assert len(told) == 3
        assert [told[node] for node in dead] == ["DOWN", "DOWN"]
    problem(scene["buyer"].api.get("/api/lab/topology"), 403)
    problem(broken.anonymous.get("/api/lab/topology"), 401)
    for node, _ in scene["dead"]:
        assert lab(broken, node, "start")["node"] == node
    wait_until(lambda: all(map(led, sets(broken))), "two of three elect a primary", within=20)
    wait_until(lambda: broken.anonymous.get("/readyz").status_code == 200, "the shop is ready", within=20)
    told_now = {node: state for members in sets(broken) for node, state in members.items()}
    assert {told_now[node] for _, node in scene["dead"]} == {"DOWN"}, "what was killed on purpose stays down"


def test_many_requests_without_a_majority_are_all_answered_in_time(broken: Shop, scene: dict[str, Any]) -> None:
    from tests.support.parallel import at_once

    def ask(number: int) -> float:
        started = time.monotonic()
        if number % 2:
            answer = broken.anonymous.get("/api/products/")
        else:
            body = {"items": [{"product_id": scene["product"]["id"], "quantity": 1}]}
            answer = scene["buyer"].api.post("/api/orders/", json=body, headers={"Idempotency-Key": new_key()})
        problem(answer, 503, "unavailable")
        return time.monotonic() - started

    times = at_once([lambda number=number: ask(number) for number in range(60)], timeout=60)
    assert max(times) < ANSWER_WITHIN
