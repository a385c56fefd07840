"""Looks at the shop once a second while it is under load: the hot item's stock, conflicts and retries."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict

from loadtests.memory import Memory
from loadtests.target import Target

MEMORY_EVERY = 5  # looking through all processes takes a while
NAMES = {"shardmart_conflicts_total": "conflicts", "shardmart_retries_total": "retries"}


class Sampler:
    """In a thread of its own: a shop that does not answer must not hold up the run."""

    def __init__(self, target: Target, hot: str | None, memory: Memory | None) -> None:
        self._target, self._hot, self.memory = target, hot, memory
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._last: dict[str, float] = {}
        self._counted: dict[str, float] = defaultdict(float)
        self.stock: list[tuple[float, int]] = []

    def start(self) -> None:
        self._last = self._target.counters()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
            self._count()

    @property
    def counters(self) -> dict[str, int]:
        """What was added since the start; a shop that began anew counts from 0 again."""
        return {name: round(self._counted[metric]) for metric, name in NAMES.items()}

    def _run(self) -> None:
        for number in itertools.count():
            if self._stop.wait(1.0):
                return
            self._count()
            if self.memory is not None and number % MEMORY_EVERY == 0:
                self.memory.sample(time.monotonic())
            if self._hot is not None and (stock := self._target.stock(self._hot)) is not None:
                self.stock.append((time.monotonic(), stock))

    def _count(self) -> None:
        now = self._target.counters()
        for metric, value in now.items():
            before = self._last.get(metric, 0.0)
            self._counted[metric] += value - before if value >= before else value
        self._last = now or self._last
