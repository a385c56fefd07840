"""The saga: hold every line, decide, deliver. docs/reservation.md draws it.

Nothing here waits for a lock and nothing is rolled back by the server. Each step is one write to one document that
may be repeated, so the same checkout may be run by several at once, and from any point at which one of them died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import async_timeout

from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.reservation.carts import Mark, MongoCartMarks
from shardmart.adapters.mongo.reservation.holds import MongoHolds
from shardmart.adapters.mongo.reservation.intents import MongoIntents
from shardmart.adapters.mongo.reservation.settlement import Settlement
from shardmart.adapters.mongo.transactions import Stale, Tries, Unhurried
from shardmart.domain import clock
from shardmart.domain.errors import EmptyCart, InsufficientStock, Unavailable
from shardmart.domain.ids import new_id
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, Rejected, decide
from shardmart.domain.reservations import Hold, Intent, Stand, State, may_yet_buy


@repository
class ReservationCheckout:
    """Strategy `reservation`."""

    def __init__(
        self, intents: MongoIntents, holds: MongoHolds, carts: MongoCartMarks, settlement: Settlement
    ) -> None:
        self._intents = intents
        self._holds = holds
        self._carts = carts
        self._settlement = settlement
        self._unhurried = Unhurried()

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        try:
            async with async_timeout.timeout_at(deadline):  # one write may wait for a transaction of somebody else
                return await self._unhurried.run(self._place(purchase, Tries(deadline)))
        except asyncio.TimeoutError:
            raise Unavailable from None

    async def _place(self, purchase: Purchase, tries: Tries) -> Outcome:
        while True:
            intent = await self._open(purchase, tries)
            if intent is not None and intent.state is State.PENDING:
                intent = await self._carry_out(intent, tries)
            if intent is not None and intent.state is not State.PENDING:
                outcome = await self._settlement.settle(intent, tries)
                if outcome is not None:
                    return outcome
            await tries.again(Stale())  # undone while it ran: as if it had never begun

    async def _open(self, purchase: Purchase, tries: Tries) -> Intent | None:
        """A new intent, or the one there is. A certain no becomes the outcome without anything being held."""
        attempt, at = new_id(), clock.now()
        no = await self._certain_no(purchase, "", tries)
        if no is not None and await tries.persist(self._intents.refuse, purchase, no):
            return Intent(purchase, State.REJECTED, attempt, at, no, settled=True)
        begun = None
        if no is None:
            begun = await tries.persist(self._intents.begin, purchase, attempt=attempt, at=at)
        return begun or await tries.persist(self._intents.get, purchase.checkout_id)

    async def _carry_out(self, intent: Intent, tries: Tries) -> Intent | None:
        """The intent as it is when it is pending no more; None when it was undone, and is gone."""
        try:
            await self._take_cart(intent, tries)
        except EmptyCart:
            return await self._without_cart(intent, tries)
        holds: list[Hold] = []
        outcome: Outcome | None = None
        for line in intent.purchase.lines:
            got = await self._hold(intent, line, tries)
            if got is None:
                return await self._overtaken(intent, tries)
            if isinstance(got, Rejected):
                outcome = got
                break
            holds.append(got)
        if outcome is None:
            outcome = decide(intent.purchase, {hold.product_id: hold.shelf() for hold in holds}, at=clock.now())
        kept = holds if isinstance(outcome, Placed) else []
        decided = await tries.persist(self._intents.decide, intent, outcome, kept)
        return decided or await self._overtaken(intent, tries)

    async def _overtaken(self, intent: Intent, tries: Tries) -> Intent | None:
        """Another run of this checkout decided, or the sweeper undid it: what came too late is given back.

        Nothing is while the attempt is pending, which a read that lagged behind may have denied.
        """
        now = await tries.persist(self._intents.latest, intent.checkout_id)
        if now is None or not now.is_pending(intent.attempt):
            await self._settlement.give_back(intent, now, tries)
        return now

    async def _hold(self, intent: Intent, line: Line, tries: Tries) -> Hold | Rejected | None:
        """The units, or a certain no; None when the attempt is not pending any more."""
        while True:
            hold = await tries.persist(self._holds.hold, intent, line, at=clock.now())
            if hold is not None:
                return hold
            no = await self._certain_no(intent.purchase, intent.attempt, tries)
            if no is not None:
                return no
            now = await tries.persist(self._intents.get, intent.checkout_id)
            if now is None or not now.is_pending(intent.attempt):
                return None
            await tries.again(Stale())

    async def _certain_no(self, purchase: Purchase, attempt: str, tries: Tries) -> Rejected | None:
        """Why the purchase cannot be; None while it may, were it only because others may give back what they hold."""
        ids = [line.product_id for line in purchase.lines]
        stands = await tries.persist(self._holds.stands, ids)
        shelves = {id: _with_own(stand, purchase.checkout_id, attempt) for id, stand in stands.items()}
        outcome = decide(purchase, {id: stand.shelf for id, stand in shelves.items()}, at=clock.now())
        if isinstance(outcome, Placed) or _may_change(outcome, shelves, attempt):
            return None
        return outcome

    async def _take_cart(self, intent: Intent, tries: Tries) -> None:
        """Raises EmptyCart when it was bought or emptied."""
        buyer_id, version = intent.purchase.buyer_id, intent.purchase.cart_version
        mine = Mark(intent.checkout_id, intent.attempt)
        while version is not None:
            held = await tries.persist(self._carts.mark, buyer_id, version, mine)
            if held is None or held == mine:
                return
            if may_yet_buy(await tries.persist(self._intents.latest, held.checkout_id), held.attempt):
                await tries.again(Stale())
            else:
                await tries.persist(self._carts.take_over, buyer_id, version, held, mine)

    async def _without_cart(self, intent: Intent, tries: Tries) -> Intent | None:
        """Raises EmptyCart, unless it was this very checkout that bought the cart."""
        await tries.persist(self._intents.undo, intent.checkout_id, intent.attempt)
        now = await self._overtaken(intent, tries)
        if now is not None and now.outcome is not None:
            return now
        if now is not None and now.state is State.UNDOING:
            await self._settlement.settle(now, tries)
        raise EmptyCart


def _with_own(stand: Stand, checkout_id: str, attempt: str) -> Stand:
    """The product as if the attempt held nothing of it yet."""
    own = stand.held_for(checkout_id, attempt)
    return (
        stand if own is None else replace(stand, shelf=replace(stand.shelf, stock=stand.shelf.stock + own.quantity))
    )


def _may_change(no: Rejected, stands: Mapping[str, Stand], attempt: str) -> bool:
    """Whether every line that falls short would be there if others gave back what they hold."""
    return no.code == InsufficientStock.code and all(
        stands[item.product_id].may_yet_give(item.requested, checkout_id=no.checkout_id, attempt=attempt)
        for item in no.items
    )
