"""A batch until it is decided: attempts, lost answers, poison.

    attempt ── fails before the commit ──> again, without those who gave up meanwhile
       │                └─ for a reason of one member ──> bisected until the culprit stands alone
       commit ── answer lost ──> the same commit again on the same session
         │            └─ still unknown, or the session lost ──> the same members anew: the outcomes that an
         │                                                      earlier commit stored are their answers
       answers

Nobody is dropped once a commit was sent: from then on the batch may be stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure, PyMongoError

from shardmart import metrics
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.failures import is_away
from shardmart.adapters.mongo.group.batch import Batch
from shardmart.adapters.mongo.group.members import Answer
from shardmart.adapters.mongo.group.sessions import Sessions
from shardmart.adapters.mongo.group.store import BatchStore
from shardmart.adapters.mongo.group.tickets import Ticket
from shardmart.adapters.mongo.transactions import Stale, pause
from shardmart.domain import clock
from shardmart.domain.errors import Unavailable

COMMIT_SECONDS = 3.0  # how long a lost commit is asked for on its session before the batch runs anew
DUPLICATE, MOST_DUPLICATES = 11000, 3  # one that stays is no outcome of an earlier run, but poison
KILLED = frozenset({43, 237, 11601})  # what a session says that a successor has ended: run again
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

    async def settle(self, tickets: Sequence[Ticket]) -> None:
        """Answers every ticket: with its answer, with Unavailable at the deadline, or with the error it caused."""
        run = _Run(max(ticket.deadline for ticket in tickets))
        try:
            await self._settle(list(tickets), run)
        except Unavailable as error:
            for ticket in tickets:
                ticket.fail(error)

    async def close(self) -> None:
        if self._session is not None:
            await self._sessions.discard(self._session)
            self._session = None

    async def _settle(self, tickets: list[Ticket], run: _Run) -> None:
        while tickets := run.still_wanted(tickets):
            try:
                for ticket, answer in zip(tickets, await self._attempt(tickets, run), strict=True):
                    ticket.resolve(answer)
                return
            except Exception as error:  # also a fault in a member, or in us: it must not take the others with it
                if not await run.may_go_on(error):
                    await self._bisect(tickets, run, error)
                    return

    async def _bisect(self, tickets: list[Ticket], run: _Run, error: Exception) -> None:
        if len(tickets) == 1:
            log.error("a member cannot be committed", exc_info=error, extra={"member": tickets[0].member.id})
            tickets[0].fail(error)
            return
        metrics.BISECTIONS.inc()
        half = len(tickets) // 2
        for part in (tickets[:half], tickets[half:]):
            await self._settle(part, run)

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
        self.look = True
        self._attempts += 1
        await pause(self._attempts, self.until, error)
        metrics.RETRIES.inc()
        return True


def _is_duplicate(error: Exception) -> bool:
    if isinstance(error, BulkWriteError):
        return any(e.get("code") == DUPLICATE for e in error.details.get("writeErrors", ()))
    return isinstance(error, DuplicateKeyError)
