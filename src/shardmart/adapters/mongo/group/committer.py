"""The committer: a bounded queue in front of a few lanes, each of which commits one batch after the other.

On a replica set one lane does the work, since large batches cost least; the others are spare. A spare lane joins in
while those before it are late, held up by a stranger's transaction or a member's doubtful commit.
"""

from __future__ import annotations

import asyncio
import math

from shardmart import metrics
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group import shards
from shardmart.adapters.mongo.group.commit import Commits
from shardmart.adapters.mongo.group.keys import Keys
from shardmart.adapters.mongo.group.lanes import Lanes, any_lane
from shardmart.adapters.mongo.group.members import Answer, Checkout, Member
from shardmart.adapters.mongo.group.sessions import Sessions
from shardmart.adapters.mongo.group.tickets import Ticket
from shardmart.domain.errors import Unavailable

LANES = 3
LATE_SECONDS = 0.5  # how long a batch may take before another lane joins in
BUSY = 8  # members in the last batch: those it answered are about to ask again, and are worth a moment
GATHER_SECONDS = 0.015  # but never more than half of what a batch takes
MOST_LINES = 256  # of a batch: keeps a transaction short, and what is lost with it small
MOST_WAITING = 4096


class Committer:
    """Starts itself with the first member. Correct however many there are; fastest alone, for it never conflicts."""

    def __init__(
        self,
        mongo: Mongo,
        *,
        lanes: int = LANES,
        most_waiting: int = MOST_WAITING,
        shard_lanes: shards.ShardLanes | None = None,
    ) -> None:
        self.sessions = Sessions(mongo)
        self._mongo = mongo
        self._shard_lanes = shard_lanes
        self._lanes = Lanes(lane_of=shard_lanes.lane_of if shard_lanes else any_lane)
        self._number = shards.LANES if shard_lanes else lanes
        self._most_waiting = most_waiting
        self._began: dict[int, float] = {}  # lane -> when its batch began
        self._tasks: list[asyncio.Task[None]] = []
        self._keys = Keys()
        self._open: set[asyncio.Future[Answer]] = set()

    def submit(self, member: Member, *, deadline: float) -> asyncio.Future[Answer]:
        """The member's answer to come. It fails with Unavailable at `deadline`: the outcome is unknown then.

        Raises Unavailable at once when too many are waiting, and what `Keys.hold` raises.
        """
        if len(self._lanes) >= self._most_waiting:
            raise Unavailable
        if not self._tasks:
            self._start()
        loop = asyncio.get_running_loop()
        ticket = Ticket(member, deadline=deadline, since=loop.time(), answer=loop.create_future())
        if isinstance(member, Checkout) and member.claim is not None:
            self._keys.hold(member.claim, ticket.answer)
        self._open.add(ticket.answer)
        ticket.answer.add_done_callback(self._answered)
        self._lanes.put(ticket)
        return ticket.answer

    def _start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(lane)) for lane in range(self._number)]
        if self._shard_lanes is not None:
            self._tasks.append(asyncio.create_task(self._shard_lanes.follow()))

    async def close(self) -> None:
        """Stops in the middle; open transactions are aborted, and who still waits is told that it is unknown."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for answer in list(self._open):
            if not answer.done():
                answer.set_exception(Unavailable())

    def _answered(self, answer: asyncio.Future[Answer]) -> None:
        self._open.discard(answer)
        if not answer.cancelled():
            answer.exception()  # looked at, also when nobody waits for it any more

    async def _run(self, lane: int) -> None:
        commits = Commits(self._mongo, self.sessions)
        loop = asyncio.get_running_loop()
        busy, took = False, 0.0
        try:
            while True:
                if self._shard_lanes is None:
                    await self._needed(lane)
                if busy:
                    await asyncio.sleep(min(GATHER_SECONDS, took / 2))
                batch = await self._lanes.take(lane, most=MOST_LINES)
                busy = len(batch) >= BUSY
                now = self._began[lane] = loop.time()
                metrics.BATCH_SIZE.observe(len(batch))
                for ticket in batch:
                    metrics.QUEUE_SECONDS.observe(now - ticket.since)
                await commits.settle(batch, self._lanes.done)
                took = loop.time() - now
                del self._began[lane]
        finally:
            await commits.close()

    async def _needed(self, lane: int) -> None:
        """Waits until all lanes before this one are late: the first one is always needed."""
        loop = asyncio.get_running_loop()
        while True:  # time passes without telling anybody
            if all(loop.time() - self._began.get(other, math.inf) >= LATE_SECONDS for other in range(lane)):
                return
            await asyncio.sleep(LATE_SECONDS / 4)
