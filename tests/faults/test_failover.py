"""The primary dies again and again: nothing acknowledged is lost, nothing is done twice, the gap is short."""

from __future__ import annotations

import time

import pytest

from tests.support.api import ok
from tests.support.buying import Buying
from tests.support.ledger import clean
from tests.support.nodes import heal, lab, primary, secondaries, seller_there
from tests.support.shop import Shop

pytestmark = pytest.mark.strategies("replica")
EVERY, DURATION, LONGEST_GAP = 6.0, 30.0, 8.0


@pytest.mark.strategies("soak")
def test_a_primary_killed_every_six_seconds_loses_no_acknowledged_checkout(broken: Shop) -> None:
    workers = broken.demo.worker_pids()
    down: str | None = None
    killed: list[str] = []
    with Buying(broken, seller_there(broken), 8) as buying:
        for tick in range(1, int(DURATION / EVERY) + 1):
            time.sleep(max(0.0, buying.started + tick * EVERY - time.monotonic()))
            if down is not None:
                lab(broken, down, "start")
            if tick * EVERY < DURATION:
                down = primary(broken)
                lab(broken, down, "kill")
                killed.append(down)
    heal(broken)
    assert len(killed) == 4 and len(set(killed)) >= 2, killed
    assert len(buying.entries) > 50, "hardly anything was bought: the test does not test"
    buying.check()
    buying.check_replays(each=5)
    assert buying.longest_gap() < LONGEST_GAP
    clean(broken)
    assert broken.demo.worker_pids() == workers, "recovery needed a restart"


def test_a_stepdown_costs_no_checkout(broken: Shop) -> None:
    with Buying(broken, seller_there(broken), 4) as buying:
        time.sleep(1)
        lab(broken, primary(broken), "stepdown")
        time.sleep(4)
    heal(broken)
    buying.check()
    assert buying.longest_gap() < LONGEST_GAP
    clean(broken)


def test_a_frozen_secondary_costs_no_checkout(broken: Shop) -> None:
    node = secondaries(broken)[0]
    with Buying(broken, seller_there(broken), 4) as buying:
        lab(broken, node, "pause")
        time.sleep(4)
        lab(broken, node, "resume")
        time.sleep(1)
    heal(broken)
    buying.check()
    assert buying.longest_gap() < LONGEST_GAP


def test_what_was_acknowledged_before_the_primary_died_is_there_after_it(broken: Shop) -> None:
    seller, buyer = seller_there(broken), broken.buyer()
    product = broken.product(seller, stock=10)
    order = broken.buy(buyer, (product, 3))["orders"][0]
    lab(broken, primary(broken), "kill")
    heal(broken)
    assert ok(buyer.api.get(f"/api/orders/{order['id']}")) == order
    assert broken.stock_of(product) == 7
