"""A batch until it is decided: attempts, lost answers, poison.

    attempt ── fails before the commit ──> again, without those who gave up meanwhile
       │                ├─ for a reason of one member ──> bisected until the culprit stands alone
       │                └─ again and again, since a stranger holds a product ──> halved too: the others go on
       commit ── answer lost ──> the same commit again on the same session
         │            └─ still unknown, or the session lost ──> the same members anew: the outcomes that an
         │                                                      earlier commit stored are their answers
       answers

Nobody is dropped once a commit was sent: from then on the batch may be stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain

from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError

from shardmart import metrics
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.failures import WRITE_CONFLICT, is_away
from shardmart.adapters.mongo.group.batch import Batch
from shardmart.adapters.mongo.group.members import Answer
from shardmart.adapters.mongo.group.sessions import Sessions
from shardmart.adapters.mongo.group.store import BatchStore
from shardmart.adapters.mongo.group.tickets import Ticket
from shardmart.adapters.mongo.transactions import Stale, pause
from shardmart.domain import clock
from shardmart.domain.errors import ShardmartError, Unavailable

COMMIT_SECONDS = 3.0  # how long a lost commit is asked for on its session before the batch runs anew
DUPLICATE, MOST_DUPLICATES = 11000, 3  # one that stays is no outcome of an earlier run, but poison
MOST_CONFLICTS = 8  # in a row, which take about 0.6 s: then the batch is divided
KILLED = frozenset({43, 237, 11601})  # what a session says that a successor has ended: run again
Done = Callable[[Sequence[Ticket]], None]
UNKNOWN = "UnknownTransactionCommitResult"
log = logging.getLogger("shardmart.group")


class InDoubt(Exception):
    """A commit was sent and nobody can say whether it happened."""


class Commits:
    """One lane's way to the database, with one session at a time. Not for concurrent use."""

    def __init__(self, mongo: Mongo, sessions: Sessions) -> None:
        self._mongo = mongo
        self._sessions = sessions
        self._store = BatchStore(mongo)
        self._session: Session | None = None

    async def settle(self, tickets: Sequence[Ticket], done: Done = lambda tickets: None) -> None:
        """Answers every ticket: with its answer, with Unavailable at the deadline, or with the error it caused.

        `done` is told of tickets as soon as nothing more happens to them.
        """
        run = _Run(max(ticket.deadline for ticket in tickets))
        parts = deque([list(tickets)])
        try:
            while parts:
                left = await self._try(parts[0], run)
                going_on = set(chain(*left))
                done([ticket for ticket in parts.popleft() if ticket not in going_on])
                parts.extend(left)
        except Unavailable as error:
            for ticket in chain(*parts):
                ticket.fail(error)
        finally:
            done(list(chain(*parts)))

    async def close(self) -> None:
        if self._session is not None:
            await self._sessions.discard(self._session)
            self._session = None

    async def _try(self, tickets: list[Ticket], run: _Run) -> list[list[Ticket]]:
        """One attempt; what is left to do, in parts. Raises Unavailable when the time is up."""
        wanted = run.still_wanted(tickets)
        if not wanted:
            return []
        try:
            for ticket, answer in zip(wanted, await self._attempt(wanted, run), strict=True):
                ticket.resolve(answer)
            return []
        except Exception as error:  # also a fault in a member, or in us: it must not take the others with it
            if not await run.may_go_on(error):
                return self._bisect(wanted, error)
            return _halves(wanted) if run.is_stuck else [wanted]

    def _bisect(self, tickets: list[Ticket], error: Exception) -> list[list[Ticket]]:
        if len(tickets) == 1:
            log.error("a member cannot be committed", exc_info=error, extra={"member": tickets[0].member.id})
            tickets[0].fail(error)
            return []
        metrics.BISECTIONS.inc()
        return _halves(tickets)

    async def _attempt(self, tickets: list[Ticket], run: _Run) -> list[Answer]:
        session = self._session = self._session or await self._sessions.open()
        try:
            answers = await self._write(session, tickets, look=run.look)
            run.sent = True
            await self._commit(session, run)
        except BaseException as error:
            lost = isinstance(error, InDoubt | ConnectionFailure | asyncio.CancelledError)
            await self._leave(session, discard=lost, kill=isinstance(error, InDoubt))
            raise
        return answers

    async def _write(self, session: Session, tickets: list[Ticket], *, look: bool) -> list[Answer]:
        await self._mongo.begin(session)
        members = [ticket.member for ticket in tickets]
        books = await self._store.read(session, members, look=look)
        batch = Batch(books, clock.now())
        answers = batch.decide(members)
        if not look and any(isinstance(one, ShardmartError) for one in answers):
            # an error stores nothing that would meet an earlier run's outcome: look for those, in this snapshot
            books = await self._store.read(session, members, look=True)
            batch = Batch(books, batch.at)
            answers = batch.decide(members)
        await self._store.write(session, books, batch.changes, at=batch.at)
        return answers

    async def _commit(self, session: Session, run: _Run) -> None:
        until = min(run.until, asyncio.get_running_loop().time() + COMMIT_SECONDS)
        attempt = 0
        while True:
            try:
                with metrics.COMMIT_SECONDS.time():
                    return await session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label(UNKNOWN):
                    raise
                metrics.IN_DOUBT.inc()
                attempt += 1
                try:
                    await pause(attempt, until, error)
                except Unavailable:
                    raise InDoubt from error

    async def _leave(self, session: Session, *, discard: bool, kill: bool) -> None:
        """After a failed attempt: nothing of it stays open."""
        if session.in_transaction:
            with suppress(PyMongoError):
                await session.abort_transaction()
        if discard:
            self._session = None
            await self._sessions.discard(session, kill=kill)


class _Run:
    """What a batch has been through, shared by its parts once it is bisected."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.look = False  # for outcomes of earlier runs
        self.sent = False  # a commit, which may have happened
        self._attempts = 0
        self._duplicates = 0
        self._conflicts = 0  # one after the other

    @property
    def is_stuck(self) -> bool:
        return self._conflicts >= MOST_CONFLICTS

    def still_wanted(self, tickets: list[Ticket]) -> list[Ticket]:
        if self.sent:
            return tickets
        now = asyncio.get_running_loop().time()
        return [ticket for ticket in tickets if ticket.is_wanted(now)]

    async def may_go_on(self, error: Exception) -> bool:
        """Whether the same batch may succeed after `error`, and the pause before. Raises Unavailable at the end."""
        if _is_duplicate(error) and self._duplicates < MOST_DUPLICATES:
            self._duplicates += 1
            self.look = True  # some were decided by an earlier run, or are at this moment: ask which
            return True
        killed = isinstance(error, OperationFailure) and error.code in KILLED
        if not (killed or isinstance(error, Stale | InDoubt) or is_away(error)):
            return False
        metrics.CONFLICTS.inc()
        self._conflicts = self._conflicts + 1 if _is_conflict(error) else 0
        self.look = True
        self._attempts += 1
        await pause(self._attempts, self.until, error)
        metrics.RETRIES.inc()
        return True


def _halves(tickets: list[Ticket]) -> list[list[Ticket]]:
    half = len(tickets) // 2
    return [part for part in (tickets[:half], tickets[half:]) if part]


def _is_conflict(error: Exception) -> bool:
    """With another transaction, which may stay for long."""
    return isinstance(error, Stale) or (isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT)


def _is_duplicate(error: Exception) -> bool:
    if isinstance(error, BulkWriteError):
        return any(e.get("code") == DUPLICATE for e in error.details.get("writeErrors", ()))
    return isinstance(error, DuplicateKeyError)
