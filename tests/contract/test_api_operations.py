"""Health, readiness, metrics, the command line beside the server (contract §1, §3 Operations)."""

from __future__ import annotations

import json
import secrets

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support.api import Api, ok
from tests.support.shop import Person, Shop, new_key

Counters = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def families(api: Api) -> list[Metric]:
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return list(text_string_to_metric_families(answer.text))


def counters(api: Api, word: str) -> Counters:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families(api)
        if family.type == "counter" and word in family.name
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def grown(before: Counters, after: Counters) -> dict[str, float]:
    """By how much each counter grew, over all its labels."""
    totals: dict[str, float] = {}
    for (name, _), value in after.items():
        totals[name] = totals.get(name, 0) + value
    for (name, _), value in before.items():
        totals[name] -= value
    return totals


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_whole_shop_lives_and_is_ready(shop: Shop, path: str) -> None:
    assert shop.anonymous.on_every_worker(path) == {200}


def test_metrics_count_requests_latency_checkouts_conflicts_retries_and_the_pool(
    shop: Shop, seller: Person, buyer: Person
) -> None:
    shop.buy(buyer, (shop.product(seller), 1))
    names = " ".join(family.name for family in families(shop.anonymous))
    for word in ("request", "checkout", "conflict", "retr", "pool"):
        assert word in names, f"nothing about {word}: {names}"
    assert [family for family in families(shop.anonymous) if family.type in ("histogram", "summary")], "no latency"


def test_metrics_are_summed_over_the_workers(shop: Shop) -> None:
    before = counters(shop.anonymous, "request")
    requests = 60
    for _ in range(requests):
        with shop.anonymous.fresh() as api:
            ok(api.get("/api/products/categories"))
    readings = []
    for _ in range(12):
        with shop.anonymous.fresh() as api:
            readings.append(grown(before, counters(api, "request")))
    for reading in readings:
        assert max(reading.values()) >= requests, reading
    for name in readings[0]:
        values = [reading.get(name, 0) for reading in readings]
        assert values == sorted(values), f"{name} goes back, as if each worker told its own: {values}"


def test_metrics_count_checkouts_by_their_outcome(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=3)
    before = counters(shop.anonymous, "checkout")
    for quantity in (1, 1, 1, 9):
        shop.try_to_buy(buyer, (product, quantity), key=new_key())
    after = counters(shop.anonymous, "checkout")
    by_labels = {key: value - before.get(key, 0) for key, value in after.items()}
    assert 3 in by_labels.values() and 1 in by_labels.values(), by_labels


def test_metrics_name_no_ids_and_no_people(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller)
    shop.buy(buyer, (product, 1))
    ok(shop.anonymous.get(f"/api/products/{product['id']}"))
    shop.anonymous.get("/api/unknown/route-for-metrics")
    text = shop.anonymous.get("/metrics").text
    for secret in (product["id"], buyer.id, buyer.email, "route-for-metrics"):
        assert secret not in text


def test_the_audit_command_finds_a_sound_shop_consistent(shop: Shop, seller: Person, buyer: Person) -> None:
    shop.buy(buyer, (shop.product(seller), 1))
    done = shop.demo.shardmart("audit", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["consistent"], report["violations"]) == (True, [])
    assert shop.demo.shardmart("audit").returncode == 0


@pytest.mark.first_driver
def test_the_audit_command_says_when_it_could_not_look(shop: Shop) -> None:
    nowhere = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1000&directConnection=true"
    done = shop.demo.shardmart("audit", "--json", timeout=30, SHARDMART_MONGO_URI=nowhere)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.first_driver
@pytest.mark.parametrize("uri", ["mongodb://127.0.0.1:99999", "nonsense"])
def test_an_audit_that_cannot_begin_is_no_audit_that_found_something(shop: Shop, uri: str) -> None:
    done = shop.demo.shardmart("audit", timeout=30, SHARDMART_MONGO_URI=uri)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), (done.returncode, done.stdout, done.stderr)


def test_seeding_twice_changes_nothing(shop: Shop) -> None:
    settings = {"SHARDMART_DEMO": "1", "SHARDMART_BCRYPT_ROUNDS": "4", "SHARDMART_SECRET_KEY": secrets.token_hex(32)}
    admin = shop.admin().api

    def size() -> tuple[int, int]:
        body = ok(admin.get("/api/admin/dashboard"))
        return sum(body["users"].values()), sum(body["products"].values())

    done = shop.demo.shardmart("seed", **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    first = size()
    assert shop.demo.shardmart("seed", **settings).returncode == 0
    assert size() == first
