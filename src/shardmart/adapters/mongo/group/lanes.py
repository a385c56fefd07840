"""Who may go next: the queue of tickets, and the table of products in flight.

Several lanes commit at the same time, so that one batch's wait for the majority is another's time to write. No two
of them hold one product (or one cart), so they never conflict. A ticket that must wait for a product keeps every
product it wants from those behind it: first come, first served per product, and nothing starves.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from shardmart.adapters.mongo.group.members import Member
from shardmart.adapters.mongo.group.tickets import Ticket

LaneOf = Callable[[Member], "int | None"]


def any_lane(member: Member) -> int | None:
    """On a replica set every lane serves all; on a sharded cluster see `shards.py`."""
    return None


class Lanes:
    def __init__(self, *, lane_of: LaneOf = any_lane) -> None:
        self._lane_of = lane_of
        self._waiting: list[Ticket] = []
        self._in_flight: Counter[str] = Counter()  # how many tickets under way hold what
        self._barred: set[str] = set()  # products that a newcomer cannot have: in flight, or wanted before
        self._free = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, ticket: Ticket) -> None:
        self._waiting.append(ticket)
        if self._barred.isdisjoint(ticket.holds):
            self._free.set()
        else:
            self._barred.update(ticket.holds)

    async def take(self, lane: int, *, most: int) -> list[Ticket]:
        """The next batch for a lane: all that may go now, until it has `most` lines.

        What it holds is in flight until `done`.
        """
        while not (batch := self._pick(lane, most)):
            self._free.clear()
            await self._free.wait()
        return batch

    def done(self, batch: Sequence[Ticket]) -> None:
        """These tickets, a batch or a part of one, hold nothing any more."""
        for ticket in batch:
            self._in_flight.subtract(ticket.holds)
        self._in_flight = +self._in_flight  # without those that nobody holds any more
        if self._waiting:
            self._free.set()
        else:
            self._barred = set(self._in_flight)

    def _pick(self, lane: int, most: int) -> list[Ticket]:
        batch: list[Ticket] = []
        left: list[Ticket] = []
        barred = set(self._in_flight)
        room = most
        for ticket in self._waiting:
            mine = self._lane_of(ticket.member) in (None, lane)
            if mine and room > 0 and barred.isdisjoint(ticket.holds):
                batch.append(ticket)
                room -= len(ticket.holds)
            else:
                barred.update(ticket.holds)
                left.append(ticket)
        for ticket in batch:
            self._in_flight.update(ticket.holds)
        self._waiting, self._barred = left, barred | set(self._in_flight)
        if room <= 0 and left:
            self._free.set()  # what this one has no room for may suit another lane
        return batch
