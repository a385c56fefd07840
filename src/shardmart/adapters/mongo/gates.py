"""First come, first served per product within one worker.

Transactions that want the same product would all but one fail at once and start again; so those of one worker queue
here, and only one per worker meets those of the other workers in the database. A gate is for speed: correctness is
the database's alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import async_timeout

from shardmart.domain.errors import Unavailable


class Gates:
    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, keys: Iterable[str], *, until: float) -> AsyncIterator[None]:
        """Holds all of `keys`. Raises Unavailable when they are not free by `until` (the loop's time)."""
        async with AsyncExitStack() as held:
            try:
                async with async_timeout.timeout_at(until):
                    for key in sorted(set(keys)):  # one order for all: nobody waits in a circle
                        await held.enter_async_context(self._one(key))
            except asyncio.TimeoutError:
                raise Unavailable from None
            yield

    @asynccontextmanager
    async def _one(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
