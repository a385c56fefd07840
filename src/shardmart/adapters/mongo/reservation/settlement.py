"""From a decision to its consequences, as often as it takes: by the checkout, by its next try, by the sweeper."""

from __future__ import annotations

import asyncio

from shardmart.adapters.mongo.reservation.books import MongoBooks
from shardmart.adapters.mongo.reservation.carts import Mark, MongoCartMarks
from shardmart.adapters.mongo.reservation.holds import MongoHolds
from shardmart.adapters.mongo.reservation.intents import MongoIntents
from shardmart.adapters.mongo.transactions import Tries
from shardmart.domain import clock, notices
from shardmart.domain.purchase import Outcome, Placed
from shardmart.domain.reservations import Hold, Intent, may_yet_buy, moves_of, sold_logs


class Settlement:
    def __init__(self, intents: MongoIntents, holds: MongoHolds, carts: MongoCartMarks, books: MongoBooks) -> None:
        self._intents = intents
        self._holds = holds
        self._carts = carts
        self._books = books

    async def settle(self, intent: Intent, tries: Tries) -> Outcome | None:
        """The outcome, once all that follows from it is stored; None of an attempt that was undone.

        `intent` must not be pending. Raises Unavailable at the end of the time: whoever comes next goes on.
        """
        if not intent.settled:
            if isinstance(intent.outcome, Placed):
                await self._deliver(intent, intent.outcome, tries)
            else:
                await self.give_back(intent, intent, tries)
            await tries.persist(self._intents.finish, intent)
        return intent.outcome

    async def give_back(self, over: Intent, now: Intent | None, tries: Tries) -> None:
        """What the attempt `over` took, and what did not become part of the checkout as it stands `now`.

        Only for an attempt that is pending no more.
        """
        ids = [line.product_id for line in over.purchase.lines]
        for stand in (await tries.persist(self._holds.stands, ids)).values():
            for hold in stand.holds:
                if hold.belongs_to(over.checkout_id, over.attempt) and not (now and now.keeps(hold)):
                    await self.put_back(hold, tries)
        if over.purchase.cart_version is not None and not may_yet_buy(now, over.attempt):
            mark = Mark(over.checkout_id, over.attempt)
            await tries.persist(self._carts.unmark, over.purchase.buyer_id, mark)

    async def put_back(self, hold: Hold, tries: Tries) -> None:
        """The units on the shelf again, both changes logged. Nothing when it was done before."""
        done = await tries.persist(self._holds.put_back, hold, at=clock.now())
        if done is not None:
            returned, stand = done
            await tries.persist(self._books.write_logs, moves_of(returned))
            if returned.left_low(stand.shelf.low_stock_threshold):
                logs = await tries.persist(self._books.logs_since, returned)
                await tries.persist(self._books.write_notices, notices.of_given_back(returned, stand, logs))
            await self.forget(returned, tries)

    async def forget(self, hold: Hold, tries: Tries) -> None:
        await tries.persist(self._holds.forget, hold)

    async def _deliver(self, intent: Intent, placed: Placed, tries: Tries) -> None:
        """Orders and logs first: while a product remembers a hold, audits know that its papers are on their way."""
        logs = sold_logs(placed, intent.holds)
        stands = await tries.persist(self._holds.stands, [log.product_id for log in logs])
        told = notices.of_checkout(placed, logs, {id: stand.shelf for id, stand in stands.items()})
        await asyncio.gather(
            tries.persist(self._books.write_orders, placed.orders),
            tries.persist(self._books.write_logs, logs),
            tries.persist(self._books.write_notices, told),
        )
        for hold in intent.holds:
            await self.forget(hold, tries)
        version = intent.purchase.cart_version
        if version is not None:
            mark = Mark(intent.checkout_id, intent.attempt)
            await tries.persist(self._carts.empty, intent.purchase.buyer_id, version, mark)
