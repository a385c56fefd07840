"""First come, first served per product within one worker; changes by hand go before checkouts.

Transactions that want the same product would all but one fail at once and start again; so those of one worker queue
here, and only one per worker meets those of the other workers in the database. A gate is for speed: correctness is
the database's alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import async_timeout

from shardmart.domain.errors import Unavailable


class Gates:
    def __init__(self) -> None:
        self._gates: dict[str, _Gate] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, keys: Iterable[str], *, until: float, ahead: bool = False) -> AsyncIterator[None]:
        """Holds all of `keys`; `ahead` of those who wait and are not. Raises Unavailable when not by `until`."""
        async with AsyncExitStack() as held:
            try:
                async with async_timeout.timeout_at(until):
                    for key in sorted(set(keys)):  # one order for all: nobody waits in a circle
                        await held.enter_async_context(self._one(key, ahead))
            except asyncio.TimeoutError:
                raise Unavailable from None
            yield

    @asynccontextmanager
    async def _one(self, key: str, ahead: bool) -> AsyncIterator[None]:
        gate = self._gates.setdefault(key, _Gate())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            await gate.enter(ahead)
            try:
                yield
            finally:
                gate.leave()
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._gates[key]


class _Gate:
    """A lock that is handed on: it is never free while somebody waits."""

    def __init__(self) -> None:
        self._taken = False
        self._ahead: deque[asyncio.Future[None]] = deque()
        self._behind: deque[asyncio.Future[None]] = deque()

    async def enter(self, ahead: bool) -> None:
        if not self._taken:
            self._taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._ahead if ahead else self._behind
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.leave()  # it was handed on to us in this very moment
            with suppress(ValueError):
                queue.remove(turn)
            raise

    def leave(self) -> None:
        for queue in (self._ahead, self._behind):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._taken = False
