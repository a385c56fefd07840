"""`shardmart serve` against a MongoDB that it does not manage: the shared demo's, with settings of its own."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.api import Api, connect, ok, problem
from tests.support.clock import wait_until
from tests.support.demo import clean_environment, free_port
from tests.support.nodes import members
from tests.support.parallel import checkout_until_answered
from tests.support.shop import DEMO_PASSWORD, Person, Shop, new_key


@pytest.fixture(scope="module")
def elsewhere(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A second app node on the same database, as in production: limits on, reads from secondaries."""
    port, home = free_port(), tmp_path_factory.mktemp("elsewhere")
    environment = clean_environment(
        SHARDMART_MONGO_URI=shop.demo.uri,
        SHARDMART_SECRET_KEY=secrets.token_hex(32),
        SHARDMART_PORT=str(port),
        SHARDMART_CATALOGUE_READS="secondaryPreferred",
    )
    program = str(Path(sys.executable).parent / "shardmart")
    with (home / "serve.log").open("wb") as log:
        served = subprocess.Popen(
            [program, "serve"], cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        with connect(f"http://127.0.0.1:{port}") as http:
            api = Api(http)
            wait_until(lambda: ready(api, served), "it is ready", within=60, every=0.2)
            yield api
        served.terminate()
        assert served.wait(30) == 0, (home / "serve.log").read_text()[-3000:]
    finally:
        if served.poll() is None:
            served.kill()
            served.wait(10)


def ready(api: Api, served: subprocess.Popen[bytes]) -> bool:
    assert served.poll() is None, "it ended before it was ready"
    try:
        return api.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False  # nobody listens yet


def login(api: Api, email: str, password: str) -> Api:
    body = ok(api.post("/api/auth/login", json={"email": email, "password": password}))
    return Api(api.http, body["access_token"])


def test_nodes_of_somebody_else_are_shown_but_not_managed(elsewhere: Api) -> None:
    admin = login(elsewhere, "admin@demo.com", DEMO_PASSWORD)
    shown = members(ok(admin.get("/api/lab/topology")))
    assert len(shown) >= 2 and all(member["state"] in ("PRIMARY", "SECONDARY") for member in shown)
    for action in ("kill", "start", "pause", "resume", "stepdown"):
        problem(admin.post(f"/api/lab/nodes/{shown[0]['node']}/{action}"), 409, "not_managed")


def test_a_connection_string_is_enough_to_know_the_topology(shop: Shop, elsewhere: Api) -> None:
    admin = login(elsewhere, "admin@demo.com", DEMO_PASSWORD)
    assert ok(admin.get("/api/lab/topology"))["kind"] == shop.demo.topology


def test_another_key_signs_other_tokens(elsewhere: Api, buyer: Person) -> None:
    problem(Api(elsewhere.http, buyer.api.token).get("/api/auth/profile"), 401, "unauthenticated")


def test_pages_that_may_come_from_a_secondary_say_how_old_they_may_be(shop: Shop, elsewhere: Api) -> None:
    answer = elsewhere.get("/api/products/", params={"limit": 1})
    ok(answer)
    bounds = {name: value for name, value in answer.headers.items() if "stale" in name.lower()}
    assert bounds, f"no header tells of staleness: {dict(answer.headers)}"
    assert all(float(value.split()[0].rstrip("s")) >= 0 for value in bounds.values()), bounds
    fresh = shop.anonymous.get("/api/products/", params={"limit": 1})
    assert not [name for name in fresh.headers if "stale" in name.lower()]


def test_a_page_from_a_secondary_catches_up(shop: Shop, elsewhere: Api, seller: Person) -> None:
    product = shop.product(seller)
    wait_until(
        lambda: [p["id"] for p in elsewhere.all("/api/products/", seller_id=seller.id)] == [product["id"]],
        "the secondary has the product",
        within=10,
    )


def test_a_checkout_never_believes_a_secondary(shop: Shop, elsewhere: Api, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=0)
    api = login(elsewhere, buyer.email, buyer.password)
    body = {"items": [{"product_id": product["id"], "quantity": 1}]}
    for _ in range(10):
        ok(seller.api.put(f"/api/products/{product['id']}", json={"stock": 1}))
        ok(checkout_until_answered(api, body, new_key()), 201)
        problem(checkout_until_answered(api, body, new_key()), 409, "insufficient_stock")


def test_a_key_used_at_one_app_node_is_known_at_the_other(
    shop: Shop, elsewhere: Api, seller: Person, buyer: Person
) -> None:
    product, key = shop.product(seller, stock=10), new_key()
    first = shop.try_to_buy(buyer, (product, 1), key=key)
    ok(first, 201)
    there = login(elsewhere, buyer.email, buyer.password)
    body = {"items": [{"product_id": product["id"], "quantity": 1}]}
    again = there.post("/api/orders/", json=body, headers={"Idempotency-Key": key})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.stock_of(product) == 9
