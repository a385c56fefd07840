"""Slow work beside the event loop: in threads, a few at a time, and no endless queue before them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from shardmart.domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """For functions that release the GIL: on half of the cores, and on `most` of them if that is given.

    `longest_queue`: who would wait behind more is told `busy` at once.
    """

    def __init__(self, *, longest_queue: int, busy: str, most: int | None = None) -> None:
        cores = max(1, (os.cpu_count() or 2) // 2)
        self._slots = asyncio.Semaphore(min(cores, most or cores))
        self._longest_queue, self._busy = longest_queue, busy
        self._waiting = 0

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns or raises. Raises Unavailable when too many wait."""
        if self._waiting >= self._longest_queue:
            raise Unavailable(self._busy)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(function, *args, **kwargs)
        finally:
            self._waiting -= 1
