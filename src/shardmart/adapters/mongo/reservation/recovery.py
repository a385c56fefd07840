"""What a crash left: an intent nobody carries on, a hold nobody remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.reservation.holds import MongoHolds
from shardmart.adapters.mongo.reservation.intents import MongoIntents
from shardmart.adapters.mongo.reservation.settlement import Settlement
from shardmart.adapters.mongo.transactions import Tries
from shardmart.domain.reservations import Hold, Intent, State

T = TypeVar("T")
MOST = 256  # looked at in one sweep
AT_ONCE = 16


@repository
class MongoRecovery:
    def __init__(self, intents: MongoIntents, holds: MongoHolds, settlement: Settlement) -> None:
        self._intents = intents
        self._holds = holds
        self._settlement = settlement

    async def sweep(self, *, before: datetime) -> int:
        intents = await self._intents.unsettled(before, limit=MOST)
        await _some_at_once(self._recover, intents)
        holds = await self._holds.left(before, limit=MOST)
        await _some_at_once(self._resolve, holds)
        return len(intents) + len(holds)

    async def _recover(self, intent: Intent) -> None:
        """A decision is carried out; what was not decided is undone."""
        tries = Tries()
        if intent.state is State.PENDING:
            await tries.persist(self._intents.undo, intent.checkout_id, intent.attempt)
        await self._settle(await tries.persist(self._intents.latest, intent.checkout_id), tries)

    async def _resolve(self, hold: Hold) -> None:
        """Whoever made it may still run, but its attempt is over after this: a hold is bought, or given back."""
        tries = Tries()
        await tries.persist(self._intents.undo, hold.checkout_id, hold.attempt)
        intent = await tries.persist(self._intents.latest, hold.checkout_id)
        if intent is not None and intent.is_pending(hold.attempt):
            return  # the next sweep sees what became of it
        await self._settle(intent, tries)
        if intent is not None and intent.keeps(hold):
            await self._settlement.forget(hold, tries)
        else:
            await self._settlement.put_back(hold, tries)

    async def _settle(self, intent: Intent | None, tries: Tries) -> None:
        if intent is not None and intent.state is not State.PENDING:
            await self._settlement.settle(intent, tries)


async def _some_at_once(work: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with turn:
            await work(item)

    await asyncio.gather(*(one(item) for item in items))
