"""`--nodes 1`: a shard is one process. When it is away its sellers wait, the others sell on, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from tests.sharded.shards import Shards, other
from tests.support.api import connect, ok, problem
from tests.support.buying import Buying, Entry
from tests.support.ledger import clean, lines
from tests.support.nodes import heal, lab
from tests.support.shop import Person, Shop, new_key

pytestmark = pytest.mark.strategies("soak")
AWAY_SECONDS, ANSWER_WITHIN = 10.0, 10.5
CROWD = 60
SLACK = timedelta(seconds=1)


@pytest.fixture
def shards(fragile: Shop) -> Iterator[Shards]:
    with Shards(fragile) as found:
        yield found


def decided_at(entry: Entry) -> datetime:
    """When its units were taken. That may be told later: what both shards had prepared before a pause is bought."""
    return datetime.fromisoformat(entry.answer.json()["orders"][0]["timestamp"].replace("Z", "+00:00"))


def asked(shop: Shop, buyer: Person, product: dict[str, object]) -> None:
    """Everything about the product says 503 in time."""
    body, headers = lines((product, 1)), {"Idempotency-Key": new_key()}
    for call in (
        lambda: shop.anonymous.get(f"/api/products/{product['id']}"),
        lambda: buyer.api.post("/api/orders/", json=body, headers=headers),
        lambda: shop.anonymous.get("/api/products/"),
    ):
        started = time.monotonic()
        problem(call(), 503, "unavailable")
        assert time.monotonic() - started < ANSWER_WITHIN


def test_a_killed_shard_stops_its_own_sellers_and_nobody_else(fragile: Shop, shards: Shards) -> None:
    shop = fragile
    accounts = shards.of_accounts()
    gone = other(accounts)
    theirs, ours = shards.seller_on(gone), shards.seller_on(accounts)
    product, buyer = shop.product(theirs, stock=10), shop.buyer()
    with Buying(shop, theirs, 3) as stopped, Buying(shop, ours, 3) as selling:
        time.sleep(1)
        lab(shop, f"{gone}-1", "kill")
        killed = time.monotonic()
        asked(shop, buyer, product)
        time.sleep(max(0.0, killed + AWAY_SECONDS - time.monotonic()))
        back = time.monotonic()
        assert stopped.acknowledged_since(killed + 1) == 0, "a dead shard sold"
        assert selling.acknowledged_since(killed + AWAY_SECONDS / 2), "the other shard's sellers stopped too"
        lab(shop, f"{gone}-1", "start")
        heal(shop)
        healed = time.monotonic()
        time.sleep(3)
    assert selling.unavailable == 0, "who had nothing to do with it heard 503"
    assert selling.longest_gap() < AWAY_SECONDS / 2
    assert stopped.unavailable > 0
    assert stopped.acknowledged_since(healed), f"not sold again after {healed - back:.0f} s"
    for bought in (stopped, selling):
        bought.check()
        bought.check_replays(each=3)
    clean(shop)


def test_a_crowd_that_asks_for_what_is_away_takes_nothing_from_the_others(fragile: Shop, shards: Shards) -> None:
    """What waits for a dead shard must not hold what everybody needs: threads, connections, the committer."""
    shop = fragile
    accounts = shards.of_accounts()
    gone = other(accounts)
    theirs, ours = shards.seller_on(gone), shards.seller_on(accounts)
    product = shop.product(theirs, stock=10)
    stopping, answers = threading.Event(), list[int]()

    def keep_asking() -> None:
        with connect(shop.url) as http:
            while not stopping.is_set():
                answers.append(http.get(f"/api/products/{product['id']}").status_code)

    crowd = [threading.Thread(target=keep_asking) for _ in range(CROWD)]
    with Buying(shop, ours, 3) as selling:
        time.sleep(1)
        lab(shop, f"{gone}-1", "kill")
        killed = time.monotonic()
        for one in crowd:
            one.start()
        try:
            time.sleep(AWAY_SECONDS)
            sold = selling.acknowledged_since(killed + 2)
        finally:
            stopping.set()
            lab(shop, f"{gone}-1", "start")
            for one in crowd:
                one.join(60)
        heal(shop)
    assert answers.count(503) >= CROWD, "they did not wait for a dead shard"
    assert sold, "the other shard's sellers stopped too"
    assert selling.unavailable == 0, "who had nothing to do with it heard 503"
    assert selling.longest_gap() < AWAY_SECONDS / 2
    selling.check()
    clean(shop)


def test_when_the_shard_with_the_accounts_dies_everybody_is_told_and_it_heals(fragile: Shop, shards: Shards) -> None:
    shop = fragile
    gone = shards.of_accounts()
    with Buying(shop, [shards.seller_on(gone), shards.seller_on(other(gone))], 3) as buying:
        time.sleep(1)
        lab(shop, f"{gone}-1", "kill")
        time.sleep(AWAY_SECONDS)
        assert shop.anonymous.get("/readyz").status_code == 503
        assert shop.anonymous.get("/healthz").status_code == 200
        told = ok(shop.admin().api.get("/api/lab/topology"))
        assert {m["node"]: m["state"] for s in told["shards"] for m in s["members"]}[f"{gone}-1"] == "DOWN"
        assert all(shard["zones"] for shard in told["shards"]), "what the config servers know is shown"
        lab(shop, f"{gone}-1", "start")
        heal(shop)
        time.sleep(3)
    assert buying.unavailable > 0
    buying.check()
    clean(shop)


@pytest.mark.parametrize("which", ["the shard with the accounts", "the other shard"])
def test_a_shard_paused_in_the_middle_of_carts_over_both_leaves_none_in_halves(
    fragile: Shop, shards: Shards, which: str
) -> None:
    shop = fragile
    accounts = shards.of_accounts()
    node = f"{accounts if which == 'the shard with the accounts' else other(accounts)}-1"
    with Buying(shop, shards.pair(), 6) as buying:
        time.sleep(1)
        lab(shop, node, "pause")
        paused = datetime.now(timezone.utc)
        time.sleep(AWAY_SECONDS + 2)
        resumed = time.monotonic()
        lab(shop, node, "resume")
        heal(shop)
        healed = time.monotonic()
        time.sleep(3)
    told = [entry for entry in buying.entries if entry.answered_at < resumed]
    assert not [entry for entry in told if decided_at(entry) > paused + SLACK], "a paused shard sold"
    assert buying.unavailable > 0
    assert buying.acknowledged_since(healed)
    buying.check()  # no answer took longer than the deadline, and every key has its final one
    buying.check_replays(each=3)
    clean(shop)
