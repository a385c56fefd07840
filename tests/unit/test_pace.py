"""How often a product's state is told, on a clock that the test moves."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from shardmart.domain.changes import Position
from shardmart.realtime import stock
from shardmart.realtime.ring import Shown
from shardmart.realtime.stock import EARLY_SECONDS, SECONDS, Coalescer

PRODUCT = "p"


class Clock:
    """An event loop's, as far as the pace uses it; and what was told when."""

    def __init__(self) -> None:
        self.now, self.told = 100.0, list[tuple[float, int]]()
        self._timers: list[tuple[float, int, Any]] = []
        self._order = itertools.count()
        self.pace = Coalescer(lambda _, shown: self.told.append((self.now, shown.version)))

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, work: Callable[..., None], *given: Any) -> Any:
        timer = SimpleNamespace(work=lambda: work(*given))
        timer.cancel = lambda: setattr(timer, "work", lambda: None)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def move_to(self, when: float) -> None:
        while self._timers and self._timers[0][0] <= when:
            self.now, _, timer = heapq.heappop(self._timers)
            timer.work()
        self.now = when

    def offer(self, when: float, version: int) -> None:
        self.move_to(when)
        self.pace.offer(PRODUCT, Shown(Position(version, 1), version, {}, b""))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stock, "asyncio", SimpleNamespace(get_running_loop=lambda: clock, TimerHandle=object))
    return clock


def test_changes_that_come_at_the_pace_are_told_when_they_come_even_if_not_quite_regularly(clock: Clock) -> None:
    """With a pause after each, the first that is early would make all later ones late."""
    due = [100 + n * SECONDS + (0.01 if n % 3 == 0 else 0.0) for n in range(200)]
    for version, when in enumerate(due):
        clock.offer(when, version)
    assert clock.told == [(when, version) for version, when in enumerate(due)]


def test_a_flood_is_told_at_the_pace_and_ends_with_its_last_state(clock: Clock) -> None:
    for version in range(2000):
        clock.offer(100 + version / 1000, version)
    clock.move_to(103)
    times = [when for when, _ in clock.told]
    for first, second in itertools.combinations(times, 2):
        between = sum(first < when <= second for when in times)
        assert between * SECONDS <= second - first + EARLY_SECONDS + 1e-9
    assert clock.told[0] == (100, 0), "the first waited"
    assert clock.told[-1][1] == 1999
    assert len(times) >= 2 / SECONDS


def test_what_was_told_early_is_paid_for_by_what_follows(clock: Clock) -> None:
    clock.offer(100, 1)
    clock.offer(100.026, 2)  # early
    clock.offer(100.06, 3)
    clock.offer(100.061, 4)
    clock.move_to(101)
    assert [(round(when, 3), version) for when, version in clock.told] == [(100, 1), (100.026, 2), (100.075, 4)]


def test_a_product_that_is_gone_is_not_told_and_one_that_rests_is_forgotten(clock: Clock) -> None:
    clock.offer(100, 1)
    clock.offer(100.001, 2)
    clock.pace.drop(PRODUCT)
    clock.move_to(101)
    assert clock.told == [(100, 1)]
    assert not clock.pace._paces
    clock.offer(102, 3)
    clock.offer(102.001, 4)
    clock.pace.close()
    clock.move_to(103)
    assert clock.told[1:] == [(102, 3)]
