"""`kill -9` of a worker at every command of a checkout, for every safe strategy.

Within the recovery interval the audit is clean and the same key gets a final answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from shardmart.adapters.mongo.audit import MongoAuditor
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import CheckoutInProgress, Unavailable
from shardmart.domain.ids import new_id
from shardmart.domain.listings import Product
from shardmart.domain.purchase import Placed
from shardmart.service.checkout import Answer, buy
from tests.integration.lab import ROOT, Cluster, Lab, line, opened

RECOVERY_SECONDS, SLOW_MACHINE_SECONDS = 10.0, 10.0
STRATEGIES = ("transaction", "group", "reservation")


@dataclass(frozen=True)
class Victim:
    """A buyer with a cart, and the process that was killed while buying it."""

    buyer: str
    products: tuple[Product, Product]
    died_at: str


@pytest.fixture
def doomed() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.integration.doomed"]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


async def victim(lab: Lab, died_at: str) -> Victim:
    buyer, products = new_id(), (await lab.offer(stock=5, seller_id=new_id()), await lab.offer(stock=3))
    for product, units in zip(products, (2, 3), strict=True):
        await lab.carts.put(buyer, line(product, units), max_lines=50)
    return Victim(buyer, products, died_at)


def die(doomed: subprocess.Popen[str], **doom: Any) -> bool:
    """False when the buyer came to its end before its doom."""
    assert doomed.stdin is not None
    assert doomed.stdout is not None
    doomed.stdin.write(json.dumps(doom) + "\n")
    doomed.stdin.flush()
    ended = int(doomed.stdout.readline())
    assert ended in (0, signal.SIGKILL), f"the buyer ended with {ended}: {doom}"
    return bool(ended)


async def kill_at_every_step(lab: Lab, uri: str, doomed: subprocess.Popen[str], when: str) -> list[Victim]:
    victims: list[Victim] = []
    doom = {"uri": uri, "database": lab.settings.mongo_database, "driver": lab.settings.mongo_driver, "when": when}
    doom["strategy"] = lab.settings.checkout
    while True:
        one = await victim(lab, f"{when} command {len(victims) + 1}")
        step = len(victims) + 1
        if not await asyncio.to_thread(die, doomed, **doom, step=step, buyer=one.buyer, key=f"key {one.buyer}"):
            return victims
        victims.append(one)


async def final_answer(lab: Lab, one: Victim) -> Answer:
    """What a careful client does: the same key until there is an answer."""
    actor, until = Actor(one.buyer, Role.BUYER, "s"), asyncio.get_running_loop().time() + RECOVERY_SECONDS
    while True:
        try:
            return await buy(lab.shop, actor, lines=None, expected_total=None, key=f"key {one.buyer}")
        except (CheckoutInProgress, Unavailable):
            assert asyncio.get_running_loop().time() < until + SLOW_MACHINE_SECONDS, f"no answer: {one.died_at}"
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_worker_killed_at_any_command_of_a_checkout_leaves_nothing_half_done(
    cluster: Cluster, labs: dict[str, Lab], doomed: subprocess.Popen[str], strategy: str
) -> None:
    await labs["pymongo"].empty()
    async with opened(replace(labs["pymongo"].settings, checkout=strategy), fresh=False) as lab:
        victims = [
            v for when in ("before", "after") for v in await kill_at_every_step(lab, cluster.uri, doomed, when)
        ]
        assert len(victims) > 12, "the kills met too few commands to tell anything"
        lab.running.start()  # the other workers, with their sweepers
        asked = asyncio.gather(*(final_answer(lab, one) for one in victims))
        audits = MongoAuditor(lab.mongo, Transactions(lab.mongo), seconds=30, recovery_seconds=RECOVERY_SECONDS)
        for one, answer in zip(victims, await asked, strict=True):
            assert isinstance(answer.outcome, Placed), one.died_at
            assert [await lab.stock(product) for product in one.products] == [3, 0], one.died_at
            assert (await lab.carts.get(one.buyer)).lines == (), one.died_at
            again = await final_answer(lab, one)
            assert (again.replayed, again.outcome) == (True, answer.outcome), one.died_at
        assert (await audits.run()).violations == []
        assert await lab.db["orders"].count_documents({}) == 2 * (len(victims) + 2)  # two lived to the end
        assert await lab.db["outcomes"].count_documents({"unsettled_since": {"$exists": True}}) == 0
        assert await lab.db["products"].count_documents({"reservations.0": {"$exists": True}}) == 0
