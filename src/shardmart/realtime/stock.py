"""A product's latest state at most every 50 ms: a flash sale does not flood anybody, and no version goes backwards.

States are known at once (`States`, for clients that come back) and told at this pace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from shardmart.realtime.ring import Shown

SECONDS = 0.05

Tell = Callable[[str, Shown], None]


class Coalescer:
    """Tells a product's first change at once; what follows within SECONDS waits, and only the last of it is told."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._cooling: dict[str, Shown | None] = {}  # told lately -> what came since
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def offer(self, product_id: str, shown: Shown) -> None:
        if product_id in self._cooling:
            self._cooling[product_id] = shown
        else:
            self._tell_now(product_id, shown)

    def drop(self, product_id: str) -> None:
        """The product is gone: what waits of it is not told any more."""
        if product_id in self._cooling:
            self._cooling[product_id] = None

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._cooling.clear()

    def _tell_now(self, product_id: str, shown: Shown) -> None:
        self._cooling[product_id] = None
        self._timers[product_id] = asyncio.get_running_loop().call_later(SECONDS, self._cooled, product_id)
        self._tell(product_id, shown)

    def _cooled(self, product_id: str) -> None:
        del self._timers[product_id]
        waiting = self._cooling.pop(product_id, None)
        if waiting is not None:
            self._tell_now(product_id, waiting)
