"""The one place that retries. `with_transaction` would retry for 120 s, longer than any request: own loop, deadline.

A conflicting write inside a transaction fails at once (TransientTransactionError); the whole body runs again after
a random pause. A commit whose answer was lost is sent again on the same session: the server remembers it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from pymongo.errors import PyMongoError

from shardmart import metrics
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.failures import is_away
from shardmart.adapters.mongo.gates import Gates
from shardmart.domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.004, 0.25
SOON = 3  # the attempt whose pause, 32 ms at most, is the longest of a change by hand
WRITE_SECONDS = 7.0  # how long a write outside the checkout tries: below the request's deadline


class Stale(Exception):
    """Raised by a body whose guarded write met another version than it had read: run it again."""


class Transactions:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._gates = Gates()
        self._unhurried = Unhurried()

    async def run(
        self,
        body: Callable[[Session], Awaitable[T]],
        *,
        deadline: float | None = None,
        products: Sequence[str] = (),
        by_hand: bool = False,
    ) -> T:
        """What `body` returns, once it has committed. It may run several times, so it must not act elsewhere.

        `products`: those it writes, for which it queues behind this worker's other transactions. A change `by_hand`
        queues with its like alone and tries again soon: it is rare, and must not wait for all who want to buy.

        `deadline` in the loop's time, WRITE_SECONDS from now by default. Raises Unavailable when it passes; the
        outcome is unknown then if the commit was under way. Errors of the body abort and pass through.
        """
        until = deadline if deadline is not None else asyncio.get_running_loop().time() + WRITE_SECONDS
        return await self._unhurried.run(self._run(body, until, products, by_hand))

    async def _run(
        self, body: Callable[[Session], Awaitable[T]], until: float, products: Sequence[str], by_hand: bool
    ) -> T:
        gates = [f"by hand {product}" for product in products] if by_hand else products
        async with self._gates.hold(gates, until=until):
            return await self._retry(body, until, slowest=SOON if by_hand else None)

    async def _retry(self, body: Callable[[Session], Awaitable[T]], until: float, *, slowest: int | None = None) -> T:
        """`slowest`: from this attempt on the pauses do not grow."""
        attempt = 0
        while True:
            try:
                return await self._attempt(body, until)
            except Stale as stale:
                cause: Exception = stale
            except PyMongoError as error:
                if not is_away(error) or error.has_error_label("UnknownTransactionCommitResult"):
                    raise
                cause = error
            metrics.CONFLICTS.inc()
            attempt += 1
            await pause(attempt if slowest is None else min(attempt, slowest), until, cause)
            metrics.RETRIES.inc()

    async def _attempt(self, body: Callable[[Session], Awaitable[T]], until: float) -> T:
        async with self._mongo.session() as session:
            await self._mongo.begin(session)
            try:
                result = await body(session)
            except BaseException:
                with suppress(PyMongoError):
                    await session.abort_transaction()
                raise
            await self._commit(session, until)
            return result

    async def _commit(self, session: Session, until: float) -> None:
        attempt = 0
        while True:
            try:
                await session.commit_transaction()
                return
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult"):
                    raise
                attempt += 1
                await pause(attempt, until, error)
                metrics.RETRIES.inc()


class Unhurried:
    """A client that hangs up cancels its handler; work on the database is not left half-way for that."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns; when the caller is cancelled it ends by itself."""
        running = asyncio.ensure_future(work)
        self._running.add(running)
        running.add_done_callback(self._ended)
        return await asyncio.shield(running)

    def _ended(self, work: asyncio.Future[Any]) -> None:
        self._running.discard(work)
        if not work.cancelled():
            work.exception()  # looked at, also when nobody waits for it any more


class Tries:
    """For single writes that are the same written twice: again and again until `until`, in the loop's time."""

    def __init__(self, until: float | None = None) -> None:
        self._until = until if until is not None else asyncio.get_running_loop().time() + WRITE_SECONDS
        self._attempts = 0

    async def persist(self, write: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `write` returns, however often its answer is lost. Raises Unavailable at the end of the time."""
        while True:
            try:
                return await write(*args, **kwargs)
            except PyMongoError as error:
                if not is_away(error):
                    raise
                await self.again(error)
                metrics.RETRIES.inc()

    async def again(self, cause: Exception) -> None:
        """Waits before another try. Raises Unavailable from `cause` at the end of the time."""
        self._attempts += 1
        await pause(self._attempts, self._until, cause)


async def pause(attempt: int, until: float, cause: Exception) -> None:
    """Waits a random, growing while. Raises Unavailable from `cause` when that would pass `until`."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempt, 10))
    seconds = random.uniform(longest / 4, longest)
    if asyncio.get_running_loop().time() + seconds >= until:
        raise Unavailable from cause
    await asyncio.sleep(seconds)
