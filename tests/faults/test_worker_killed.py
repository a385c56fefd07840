"""`kill -9` of a worker between commit and answer: the same key gets the first answer."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.support.api import TIMEOUT
from tests.support.buying import Buying
from tests.support.clock import wait_until
from tests.support.ledger import clean
from tests.support.shop import Shop

pytestmark = pytest.mark.strategies("soak")
HITS, MOST_KILLS = 3, 20


def test_a_worker_killed_between_commit_and_answer_changes_no_answer(broken: Shop) -> None:
    """Workers die at random moments until some died after a commit and before its answer."""
    chance, kills = random.Random(), 0
    with Buying(broken, broken.seller(), 8, reconnecting=True) as buying:
        while kills < MOST_KILLS and sum(entry.replayed for entry in buying.entries) < HITS:
            workers = wait_until(
                lambda: len(found := broken.demo.worker_pids()) == broken.demo.workers and found,
                "every killed worker is replaced",
                within=30,
            )
            time.sleep(chance.uniform(0, 0.2))
            os.kill(chance.choice(sorted(workers)), signal.SIGKILL)
            kills += 1
    lost = [entry for entry in buying.entries if entry.first is None]
    assert lost, f"{kills} kills met no request: the test does not test"
    buying.check()
    buying.check_replays()
    clean(broken)
    assert [entry for entry in lost if entry.replayed], f"no kill of {kills} fell between a commit and its answer"


@pytest.mark.strategies("replica")
def test_a_checkout_cut_off_in_the_middle_is_answered_within_the_recovery_interval(broken: Shop) -> None:
    """A claim whose owner is dead: anyone may run it again, 10 s after it at the latest."""
    with Buying(broken, broken.seller(), 4) as buying:
        time.sleep(0.5)
        for pid in broken.demo.worker_pids():
            os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        wait_until(lambda: len(broken.demo.worker_pids()) == broken.demo.workers, "the workers are back", within=30)
        back = time.monotonic()
        wait_until(
            lambda: all(any(entry.answered_at > killed for entry in buyer.entries) for buyer in buying.buyers),
            f"every buyer has an answer ({back - killed:.1f} s until the workers were back)",
            within=15,
        )
    buying.check(answer_within=TIMEOUT + 1)  # while nobody lives there is nobody to answer in time
    clean(broken)
