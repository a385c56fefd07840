"""Three members in every set: whatever is killed, every 201 is kept and the pause is short."""

from __future__ import annotations

import time

import pytest

from tests.support.buying import Buying
from tests.support.ledger import clean
from tests.support.nodes import heal, lab, primary, seller_there
from tests.support.shop import Shop

pytestmark = pytest.mark.strategies("soak")
DOWN_SECONDS, LONGEST_GAP = 3.0, 12.0


def config_primary(shop: Shop) -> str:
    return str(
        next(
            node["node"]
            for node in shop.demo.status()["nodes"]
            if node["role"] == "config" and node["state"] == "PRIMARY"
        )
    )


def test_a_shard_primary_the_config_primary_the_router_and_the_engine_are_killed_in_turn(broken: Shop) -> None:
    workers = broken.demo.worker_pids()
    victims = (lambda: primary(broken), lambda: config_primary(broken), lambda: "router", lambda: "engine")
    with Buying(broken, seller_there(broken), 4) as buying:
        time.sleep(1)
        for find in victims:
            node = find()
            lab(broken, node, "kill")
            time.sleep(DOWN_SECONDS)
            lab(broken, node, "start")
            heal(broken)
            time.sleep(1)
    buying.check()
    buying.check_replays(each=5)
    assert buying.longest_gap() < LONGEST_GAP
    clean(broken)
    assert broken.demo.worker_pids() == workers, "recovery needed a restart"
