"""Processes that buy and are killed (`kill -9`) at a given command to the database. A fault hook of the tests alone.

Every line on standard input is a doom; the answer is the signal that the buyer died of, or 0 when it lived. Each
buyer is forked before anything is connected, so that a whole checkout costs no new interpreter.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

from pymongo import monitoring

from shardmart.bootstrap import build
from shardmart.domain.accounts import Actor, Role
from shardmart.service.checkout import buy
from tests.integration.lab import settings_for


class Doom(monitoring.CommandListener):
    """Counts commands once armed; at the last one the process is gone, before it is sent or after its answer."""

    def __init__(self, step: int, when: str) -> None:
        self._left, self._when, self.armed = step, when, False

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self._count("before")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._count("after")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._count("after")

    def _count(self, when: str) -> None:
        if self.armed and when == self._when:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


async def buy_the_cart(doom: dict[str, Any]) -> None:
    listener = Doom(doom["step"], doom["when"])
    monitoring.register(listener)
    running = build(settings_for(doom["uri"], doom["database"], doom["driver"], checkout=doom["strategy"]))
    await running.mongo.db.command("ping")
    listener.armed = True
    await buy(running.shop, Actor(doom["buyer"], Role.BUYER, "s"), lines=None, expected_total=None, key=doom["key"])
    listener.armed = False
    await running.close()


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(buy_the_cart(json.loads(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    main()
