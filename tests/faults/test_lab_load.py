"""The lab's load while the primary dies: the dip is told, the buyers go on, nothing is oversold."""

from __future__ import annotations

from typing import Any

from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.ledger import clean
from tests.support.nodes import heal, lab, primary
from tests.support.shop import Shop

LOAD = "/api/lab/load"


def told(shop: Shop) -> list[dict[str, Any]]:
    """What the run has brought so far; nothing while the database is away."""
    answer = shop.admin().api.get(LOAD)
    return list(answer.json()["items"]) if answer.status_code == 200 else []


def test_a_killed_primary_is_a_dip_in_the_load_and_no_end_of_it(broken: Shop) -> None:
    admin = broken.admin().api
    ok(admin.post(LOAD, json={"buyers": 4, "seconds": 120}), 202)
    wait_until(lambda: sum(one["checkouts_per_second"] for one in told(broken)) > 5, "they buy", within=30)
    killed = primary(broken)
    lab(broken, killed, "kill")
    wait_until(lambda: primary(broken) != killed, "another primary", within=30)

    def healed() -> bool:
        seconds = [one["checkouts_per_second"] for one in told(broken)]
        dip = next((at for at, rate in enumerate(seconds) if at > 0 and rate == 0 and any(seconds[:at])), None)
        return dip is not None and any(seconds[dip:])

    wait_until(healed, "a second without a checkout, and checkouts after it", within=40)
    assert admin.delete(LOAD).status_code == 204
    wait_until(lambda: told(broken)[-1:] and not told(broken)[-1]["running"], "the run ends", within=40)
    seconds = [one["second"] for one in told(broken)]
    assert seconds == list(range(1, len(seconds) + 1)), "a second was not told"
    heal(broken)
    clean(broken)
