"""Statements inside transactions: each goes straight to the shards it concerns, which join as they are
first touched.

Any error ends the transaction, on every participant. Conflicts, lost primaries and stale routing carry the
label by which drivers run the whole transaction again; only stale routing at the very first statement is
repeated here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cluster.router import txn_reads
from cluster.router.context import CONFIG_DATABASES, Request, Router
from cluster.router.errors import (
    HOST_UNREACHABLE,
    ILLEGAL_OPERATION,
    NO_SUCH_TRANSACTION,
    NOT_IN_TRANSACTION,
    NOT_PRIMARY,
    STALE,
    STALE_CONFIG,
    TRANSIENT_TRANSACTION,
    WRITE_CONFLICT,
    CommandError,
    Doc,
    NetworkError,
    is_stale,
    succeeded,
)
from cluster.router.transactions import Participant, State, Transaction
from cluster.router.writes import modify_once, run_bulk

_TRANSIENT = NOT_PRIMARY | STALE | {HOST_UNREACHABLE, WRITE_CONFLICT, NO_SUCH_TRANSACTION, 24, 239, 246}
_WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
_STALE_ATTEMPTS = 5
_ABORT_SECONDS = 1.0
_ENDED = CommandError(
    NO_SUCH_TRANSACTION, "the transaction was ended meanwhile", labels=(TRANSIENT_TRANSACTION,)
).reply()
Statement = Callable[[Router, Request, "TransactionSender"], Awaitable[Doc]]


class TransactionSender:
    """Sends commands as statements of a transaction; a shard joins with its first one."""

    def __init__(self, router: Router, request: Request, transaction: Transaction) -> None:
        self._router, self._request, self._transaction = router, request, transaction

    @property
    def cursors(self) -> dict[int, str | list[object]]:
        """The transaction's open cursors."""
        return self._transaction.cursors

    async def __call__(self, shard: str, command: Doc) -> Doc:
        """Send to the shard's primary, and to no other than the one that joined."""
        transaction = self._transaction
        target = await self._router.shard(shard)
        host = await target.primary(self._request.deadline)
        command.pop("stmtIds", None)
        known = transaction.participants.get(shard)
        joining = {} if known else await self._joining(first=not transaction.participants)
        participant = transaction.participants.setdefault(shard, Participant(host))
        if participant.host != host:
            raise CommandError(
                NO_SUCH_TRANSACTION, f"the primary of {shard} changed", labels=(TRANSIENT_TRANSACTION,)
            )
        try:
            full = {**command, **transaction.identity(), **joining}
            reply = await self._router.pool.command(host, self._request.db, full)
        except NetworkError:
            target.lost_primary(host)
            raise
        if reply.get("code") in NOT_PRIMARY:
            target.lost_primary(host)
        if next(iter(command)) in _WRITES or reply.get("readOnly") is False:
            participant.read_only = False
        return reply

    async def _joining(self, *, first: bool) -> Doc:
        transaction = self._transaction
        concern = dict(transaction.read_concern)
        if concern.get("level") == "snapshot" and "atClusterTime" not in concern:
            if transaction.snapshot_time is None:  # one time for all shards, or it would be no snapshot
                transaction.snapshot_time = await self._router.snapshot_time(concern.get("afterClusterTime"))
            concern.pop("afterClusterTime", None)
            concern["atClusterTime"] = transaction.snapshot_time
        fields: Doc = {"startTransaction": True}
        if concern:
            fields["readConcern"] = concern
        if first:
            fields["coordinator"] = True
        return fields


async def statement(router: Router, request: Request, *, starts: bool) -> Doc:
    """Run one statement of a transaction."""
    if request.session is None or request.txn_number is None:
        raise CommandError(72, "a transaction needs lsid and txnNumber")
    if starts:
        router.transactions.start(request.session, request.txn_number, request.read_concern)
    transaction = router.transactions.get_open(request.session, request.txn_number)
    async with transaction.lock:
        router.transactions.get_open(request.session, request.txn_number)  # it may have ended while we waited
        return await _run(router, request, transaction)


async def _run(router: Router, request: Request, transaction: Transaction) -> Doc:
    for attempt in range(_STALE_ATTEMPTS):
        fresh = not transaction.participants
        reply = await _attempt(router, request, transaction)
        failed = not succeeded(reply) or bool(reply.get("writeErrors"))
        if not failed:
            return await _succeeded(router, transaction, reply)
        if not (fresh and is_stale(reply)):
            break
        router.catalog.forget()
        await abort_on_shards(router, transaction)
        transaction.start_over()
        await asyncio.sleep(0.02 * attempt)
    if is_stale(reply):
        router.catalog.forget()
    transaction.state = State.ABORTED
    await abort_on_shards(router, transaction)
    return _failure(reply)


async def _succeeded(router: Router, transaction: Transaction, reply: Doc) -> Doc:
    """killSessions does not wait for a statement that is on its way, and that may have made a shard join."""
    if transaction.state is State.OPEN:
        return {**reply, **transaction.recovery_token()}
    await abort_on_shards(router, transaction)
    return _ENDED


def _failure(reply: Doc) -> Doc:
    answer = {name: value for name, value in reply.items() if name != "recoveryToken"}
    if reply.get("code") in _TRANSIENT:
        answer["errorLabels"] = [TRANSIENT_TRANSACTION]
    return answer


async def _attempt(router: Router, request: Request, transaction: Transaction) -> Doc:
    send = TransactionSender(router, request, transaction)
    try:
        handler = _STATEMENTS.get(request.name)
        if handler is None or request.db in CONFIG_DATABASES:
            message = f"Cannot run '{request.name}' on '{request.db}' in a multi-document transaction."
            raise CommandError(NOT_IN_TRANSACTION, message)
        reply = await handler(router, request, send)
        if succeeded(reply) and is_stale(reply):
            raise CommandError(STALE_CONFIG, "stale routing")
        return reply
    except CommandError as error:
        return error.reply()
    except NetworkError as error:
        return error.reply()


async def _bulk(router: Router, request: Request, send: TransactionSender) -> Doc:
    reply = await run_bulk(router, request, send, settle=False)
    if any(error["code"] == 283 for error in reply.get("writeErrors") or ()):
        raise CommandError(ILLEGAL_OPERATION, "the development router does not move documents between shards")
    return reply


async def _modify(router: Router, request: Request, send: TransactionSender) -> Doc:
    placement = await router.catalog.placement(request.namespace, create=True)
    return await modify_once(request, placement, send)


async def abort_on_shards(router: Router, transaction: Transaction) -> None:
    """Abort everywhere; a shard that cannot be reached does so by itself, by its time limit."""

    async def abort(name: str, participant: Participant) -> None:
        try:
            command = {"abortTransaction": 1, **transaction.identity()}
            await asyncio.wait_for(router.pool.command(participant.host, "admin", command), _ABORT_SECONDS)
        except (NetworkError, asyncio.TimeoutError):
            (await router.shard(name)).lost_primary(participant.host)

    await asyncio.gather(*(abort(*item) for item in transaction.participants.items()))


_STATEMENTS: dict[str, Statement] = {
    "insert": _bulk,
    "update": _bulk,
    "delete": _bulk,
    "findAndModify": _modify,
    "find": txn_reads.find,
    "aggregate": txn_reads.aggregate,
    "distinct": txn_reads.distinct,
    "getMore": txn_reads.get_more,
    "killCursors": txn_reads.kill_cursors,
}
