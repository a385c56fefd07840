"""A product's latest state once in 50 ms: a flash sale does not flood anybody, and no version goes backwards.

States are known at once (`States`, for clients that come back) and told at this pace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from shardmart.realtime.ring import Shown

SECONDS = 0.05
EARLY_SECONDS = SECONDS / 2

Tell = Callable[[str, Shown], None]


@dataclass(slots=True)
class _Pace:
    due: float  # when the next may be told, by the loop's clock
    waiting: Shown | None = None
    timer: asyncio.TimerHandle | None = None


class Coalescer:
    """Tells a product's first change at once; of what comes too soon after it, only the last is told, when it may be.

    As many are told as with a pause of SECONDS after each, but one may come up to EARLY_SECONDS early, which the next
    ones pay for. Without that, changes that come every 50 ms would all be late by as much as the worst of them was.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._paces: dict[str, _Pace] = {}  # of products told lately

    def offer(self, product_id: str, shown: Shown) -> None:
        now, pace = asyncio.get_running_loop().time(), self._paces.get(product_id)
        if pace is None:
            pace = self._paces[product_id] = _Pace(now)
        early = pace.due - EARLY_SECONDS
        if pace.waiting is None and now >= early:
            self._tell_now(product_id, pace, shown, now)
            return
        if pace.waiting is None:
            self._wake_at(early, product_id, pace)
        pace.waiting = shown

    def drop(self, product_id: str) -> None:
        """The product is gone: what waits of it is not told any more."""
        if pace := self._paces.get(product_id):
            pace.waiting = None

    def close(self) -> None:
        for pace in self._paces.values():
            if pace.timer is not None:
                pace.timer.cancel()
        self._paces.clear()

    def _tell_now(self, product_id: str, pace: _Pace, shown: Shown, now: float) -> None:
        pace.due = max(now, pace.due) + SECONDS
        self._wake_at(pace.due, product_id, pace)
        self._tell(product_id, shown)

    def _wake_at(self, when: float, product_id: str, pace: _Pace) -> None:
        if pace.timer is not None:
            pace.timer.cancel()
        pace.timer = asyncio.get_running_loop().call_at(when, self._wake, product_id, pace)

    def _wake(self, product_id: str, pace: _Pace) -> None:
        """Something waits and may be told; or it is long enough ago to be forgotten."""
        now, shown = asyncio.get_running_loop().time(), pace.waiting
        if shown is not None:
            pace.waiting = None
            self._tell_now(product_id, pace, shown, now)
        elif now < pace.due:
            self._wake_at(pace.due, product_id, pace)
        else:
            del self._paces[product_id]
