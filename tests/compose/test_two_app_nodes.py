"""Several app nodes are one shop: sessions, limits, idempotency, committers, events; and one of them may die."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.compose.smoke import shop_at
from tests.support.api import Api, connect, describe, ok, problem
from tests.support.buying import Buying
from tests.support.clock import wait_until
from tests.support.ledger import clean, lines
from tests.support.parallel import at_once
from tests.support.shop import PASSWORD, Shop, new_key
from tests.support.sockets import opened

NODES = ("app-1", "app-2")


@pytest.fixture
def nodes(two_apps: Shop) -> Iterator[list[Shop]]:
    """Each app node, reached past the proxy."""
    found = [shop_at(f"http://{known['host']}") for known in apps(two_apps) if known["node"] in NODES]
    yield found
    for one in found:
        one.close()


def apps(shop: Shop) -> list[dict[str, str]]:
    told: list[dict[str, str]] = shop.demo.status()["apps"]
    return told


def served(node: Shop, route: str) -> float:
    """How often a node has answered a route."""
    figures = node.anonymous.get("/metrics").text
    counts = re.findall(rf'^shardmart_requests_total{{[^}}]*route="{re.escape(route)}"[^}}]*}} (\S+)$', figures, re.M)
    return sum(map(float, counts))


def at(node: Shop, api: Api) -> Api:
    """The same person at one certain node."""
    return node.as_(api.token)


def test_requests_are_spread_over_both_nodes(two_apps: Shop, nodes: list[Shop]) -> None:
    before = [served(node, "/healthz") for node in nodes]
    for _ in range(20):
        ok(two_apps.anonymous.get("/healthz"))
    more = [served(node, "/healthz") - then for node, then in zip(nodes, before, strict=True)]
    assert sum(more) == 20
    assert min(more) >= 8


def test_the_health_of_either_tells_of_both(two_apps: Shop, nodes: list[Shop]) -> None:
    hosts = sorted(known["host"] for known in apps(two_apps) if known["node"] in NODES)
    token = two_apps.admin().api.token

    def told(node: Shop) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok(node.as_(token).get("/api/admin/health"))["apps"]
        return found

    for node in nodes:
        wait_until(partial(lambda at: len(told(at)) == 2, node), "both nodes are told", within=10)
        assert [app["node"] for app in told(node)] == hosts
        assert all((app["workers"], app["version"]) == (1, "0.1.0") for app in told(node))


def test_who_signed_in_at_one_node_is_known_at_the_other_and_signs_out_at_both(
    two_apps: Shop, nodes: list[Shop]
) -> None:
    one, other = nodes
    buyer = one.buyer()
    assert ok(at(other, buyer.api).get("/api/auth/profile")) == buyer.user
    ok(buyer.api.post("/api/auth/logout"), 204)
    wait_until(
        lambda: at(other, buyer.api).get("/api/auth/profile").status_code == 401, "it is over there too", within=2.5
    )


def test_a_session_refreshed_at_one_node_goes_on_at_the_other(nodes: list[Shop]) -> None:
    one, other = nodes
    cookie = one.buyer().refresh_cookie
    answers = [
        node.anonymous.post("/api/auth/refresh", headers={"Cookie": f"refresh_token={cookie}"})
        for node in (one, other)
    ]
    first, second = (ok(answer) for answer in answers)
    assert first["user"] == second["user"]  # within the ten seconds in which two tabs may do that


def test_failed_logins_count_over_both_nodes_and_for_each_address_of_a_client(two_apps: Shop) -> None:
    """Through the proxy, which says where a client really is, whatever the client says about it."""
    email = two_apps.buyer().email
    guess = {"email": email, "password": "wrong horse"}

    def ask(client: httpx.Client, number: int = 0, **body: str) -> httpx.Response:
        forged = {"X-Forwarded-For": f"203.0.113.{number}"}
        return client.post("/api/auth/login", json={**guess, **body}, headers=forged)

    with connect(two_apps.url, local_address="127.0.0.7") as attacker:
        for number in range(10):
            problem(ask(attacker, number), 401, "invalid_credentials")
        for number in range(10, 14):  # on either node
            problem(ask(attacker, number), 429, "rate_limited")
    with connect(two_apps.url, local_address="127.0.0.8") as owner:
        ok(ask(owner, password=PASSWORD))


def test_one_key_sent_to_both_nodes_at_once_is_one_checkout(two_apps: Shop, nodes: list[Shop]) -> None:
    seller, buyer = two_apps.seller(), two_apps.buyer()
    product = two_apps.product(seller, stock=50)
    body, key = lines((product, 1)), new_key()

    def send(node: Shop) -> Callable[[], httpx.Response]:
        return lambda: wait_until(lambda: final(at(node, buyer.api)), "a final answer", within=30)

    def final(api: Api) -> httpx.Response | None:
        answer = api.post("/api/orders/", json=body, headers={"Idempotency-Key": key})
        return answer if answer.status_code == 201 else None

    answers = at_once([send(node) for node in nodes * 4])
    assert {answer.content for answer in answers} == {answers[0].content}
    assert two_apps.stock_of(product) == 49


def test_two_committers_sell_what_is_there_and_no_more(two_apps: Shop, nodes: list[Shop]) -> None:
    homes = [two_apps.demo.data_dir / f"run-{number}" for number in (1, 2)]
    assert all((home / "committer.sock").exists() for home in homes)
    seller = two_apps.seller()
    product = two_apps.product(seller, stock=15)
    buyers = [two_apps.buyer() for _ in range(20)]

    def buy(number: int) -> Callable[[], int]:
        node, key = nodes[number % 2], new_key()
        api = at(node, buyers[number].api)

        def until_final() -> int:
            return wait_until(lambda: told(api, key), "a final answer", within=60)

        return until_final

    def told(api: Api, key: str) -> int:
        status = api.post("/api/orders/", json=lines((product, 1)), headers={"Idempotency-Key": key}).status_code
        return status if status in (201, 409) else 0

    statuses = at_once([buy(number) for number in range(20)])
    assert sorted(statuses) == [201] * 15 + [409] * 5
    assert two_apps.stock_of(product) == 0
    clean(two_apps)


async def test_an_event_reaches_clients_at_both_nodes_through_the_proxy(two_apps: Shop, nodes: list[Shop]) -> None:
    seller = two_apps.seller()
    product = two_apps.product(seller, stock=10)
    async with opened(two_apps.url, *[None] * 4) as sockets:  # two at each node
        for socket in sockets:
            assert (await socket.subscribe(product["id"]))["ok"]
        change = at(nodes[0], seller.api).post
        ok(await asyncio.to_thread(change, f"/api/products/{product['id']}/stock", json={"delta": -3}))
        for socket in sockets:
            await socket.until(lambda s: any(e["stock"] == 7 for e in s.of("stock_update")), "the stock")


class Watching:
    """Somebody who looks at the catalogue all the time and notes what fails, and when it was asked."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.failed: list[tuple[float, str]] = []
        self.asked = 0

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        with connect(self._url) as http:
            while not self._stop.is_set():
                began = time.monotonic()
                self.asked += 1
                try:
                    answer = http.get("/api/products/", params={"limit": 1})
                except httpx.TransportError as error:
                    self.failed.append((began, repr(error)))
                else:
                    if answer.status_code != 200:
                        self.failed.append((began, describe(answer)))


def test_a_node_that_is_killed_under_load_costs_what_is_in_flight_and_nothing_later(
    two_apps: Shop, nodes: list[Shop]
) -> None:
    buyers = 4
    with Watching(two_apps.url) as watching, Buying(two_apps, two_apps.seller(), buyers) as buying:
        wait_until(lambda: len(buying.entries) > 4 * buyers, "business is going", within=30)
        two_apps.demo.node("kill", "app-1")
        killed = time.monotonic()
        wait_until(lambda: buying.acknowledged_since(killed) > 8 * buyers, "business goes on", within=30)
        health = two_apps.admin().api
        wait_until(lambda: len(ok(health.get("/api/admin/health"))["apps"]) == 1, "its end is told", within=30)
        two_apps.demo.node("start", "app-1")
        wait_until(lambda: all(app["state"] == "READY" for app in apps(two_apps)), "it is back", within=60)
        before = served(nodes[0], "/api/orders/")
        wait_until(lambda: served(nodes[0], "/api/orders/") > before + 5, "it is asked again", within=30)
    assert watching.asked > 20
    assert [failure for failure in watching.failed if failure[0] > killed] == []
    # each buyer had one request in flight at most, and asked again with its key
    disturbed = [entry for entry in buying.entries if entry.first is None or entry.first.status_code != 201]
    assert len(disturbed) <= buyers
    buying.check()
    buying.check_replays()
    clean(two_apps)
