"""The seed's checkout (read, compare, write) must oversell, or the checker is blind (design §5)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.ledger import crowd, lines, rush, sold
from tests.support.matrix import Setup
from tests.support.running import running
from tests.support.shop import Shop

UNITS, CROWD, ATTEMPTS = 20, 60, 5


@pytest.fixture(scope="module")
def naive(setup: Setup) -> Iterator[Shop]:
    with running(setup, SHARDMART_LAB="1", SHARDMART_CHECKOUT="naive") as shop:
        yield shop


def oversell(shop: Shop, strangers: list[str]) -> int:
    """Units sold beyond those that were there, in the first race that goes wrong."""
    buyers = crowd(shop, CROWD)
    for _ in range(ATTEMPTS):
        product = shop.product(shop.seller(), stock=UNITS)
        answers = rush(buyers, [lines((product, 1))] * CROWD, strangers=strangers)
        beyond = sold(answers)[product["id"]] - UNITS
        if beyond > 0:
            return beyond
    return 0


def test_the_naive_checkout_oversells_and_both_audits_say_so(naive: Shop) -> None:
    strangers: list[str] = []
    assert oversell(naive, strangers) > 0, "the race that sank the seed was never lost: the harness is too gentle"
    report = naive.audit()
    assert report["consistent"] is False and report["violations"]
    done = naive.demo.shardmart("audit", "--json")
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert json.loads(done.stdout)["violations"]
    told = naive.demo.shardmart("audit")
    assert told.returncode == 1 and len((told.stdout + told.stderr).splitlines()) >= 1
    assert not strangers, f"even a wrong checkout shows no 5xx but 503: {strangers[:3]}"
