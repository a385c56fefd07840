"""commitTransaction and abortTransaction.

One shard: it commits by itself. One that wrote and others that only read: the readers first (they say
whether the snapshot held), then the writer. Several that wrote: MongoDB's own two-phase commit, run by the
first participant.
"""

from __future__ import annotations

from bson import Int64

from cluster.router.context import Request, Router
from cluster.router.errors import (
    NO_SUCH_TRANSACTION,
    RETRYABLE,
    RETRYABLE_WRITE,
    TRANSIENT_TRANSACTION,
    UNKNOWN_COMMIT,
    CommandError,
    Doc,
    NetworkError,
    succeeded,
)
from cluster.router.replicaset import error_code
from cluster.router.transactions import State, Transaction
from cluster.router.txn_statements import abort_on_shards

_DECIDED_AGAINST = frozenset({112, 244, NO_SUCH_TRANSACTION})
_DOUBTFUL_CONCERN = frozenset({64, 100})  # the commit may have happened, but not on enough members


def _known(router: Router, request: Request) -> Transaction | None:
    if request.session is None or request.txn_number is None:
        raise CommandError(72, "a transaction needs lsid and txnNumber")
    return router.transactions.find(request.session, request.txn_number)


async def abort(router: Router, request: Request) -> Doc:
    """The command abortTransaction."""
    transaction = _known(router, request)
    if transaction is None:
        raise CommandError(NO_SUCH_TRANSACTION, "this router does not know the transaction")
    async with transaction.lock:
        if transaction.state is State.COMMITTED:
            raise CommandError(256, "the transaction has been committed")
        if transaction.state is State.OPEN:
            transaction.state = State.ABORTED
            await abort_on_shards(router, transaction)
    return {"ok": 1.0}


async def commit(router: Router, request: Request) -> Doc:
    """The command commitTransaction; sent again it tells the outcome once more."""
    transaction = _known(router, request)
    if transaction is None:
        return await _recover(router, request)
    async with transaction.lock:
        if transaction.state is State.ABORTED:
            message = "the transaction was aborted"
            raise CommandError(NO_SUCH_TRANSACTION, message, labels=(TRANSIENT_TRANSACTION,))
        transaction.state = State.COMMITTING
        reply = await _decide(router, request, transaction)
        if succeeded(reply):
            transaction.state = State.COMMITTED
            return {**reply, **transaction.recovery_token()}
        if reply.get("code") in _DECIDED_AGAINST:
            transaction.state = State.ABORTED
            return {**reply, "errorLabels": [TRANSIENT_TRANSACTION]}
        return reply


async def _decide(router: Router, request: Request, transaction: Transaction) -> Doc:
    names, writers = list(transaction.participants), transaction.writers()
    if not names:
        return {"ok": 1.0}
    if len(names) == 1:
        return await _tell(router, request, names[0], {"commitTransaction": 1})
    if len(writers) > 1:
        everybody = [{"shardId": name} for name in names]
        return await _tell(router, request, names[0], {"coordinateCommitTransaction": 1, "participants": everybody})
    reply: Doc = {"ok": 1.0}
    readers = [name for name in names if name not in writers]
    for name in (*readers, *writers):
        if name in readers and name in transaction.committed:
            continue  # asked again after a failover it would deny, while the writer may have committed
        reply = await _tell(router, request, name, {"commitTransaction": 1})
        if succeeded(reply):
            transaction.committed.add(name)
        else:
            if name not in writers:  # nothing is written yet
                await abort_on_shards(router, transaction)
                return {**reply, "code": NO_SUCH_TRANSACTION, "codeName": "NoSuchTransaction"}
            return reply
    return reply


async def _recover(router: Router, request: Request) -> Doc:
    """A commit begun through another router, or before this one was restarted: the shard of the token
    knows."""
    token = request.body.get("recoveryToken") or {}
    name = token.get("recoveryShardId")
    if not isinstance(name, str):
        message = "this router does not know the transaction, and there is no recovery token"
        raise CommandError(NO_SUCH_TRANSACTION, message, labels=(TRANSIENT_TRANSACTION,))
    return await _tell(router, request, name, {"coordinateCommitTransaction": 1, "participants": []})


async def _tell(router: Router, request: Request, name: str, command: Doc) -> Doc:
    """Send a commit; it may be repeated on the next primary, which has the transaction from its oplog or
    not at all."""
    identity = {**request.lsid, "txnNumber": Int64(request.txn_number or 0), "autocommit": False}
    concern = {"writeConcern": request.write_concern or {"w": "majority"}}
    full = {**command, **identity, **concern, **request.pick("maxTimeMS")}
    try:
        shard = await router.shard(name)
        reply = await shard.command("admin", full, deadline=request.deadline)
    except NetworkError as error:
        return {**error.reply(), "errorLabels": [RETRYABLE_WRITE, UNKNOWN_COMMIT]}
    if error_code(reply) in RETRYABLE:
        return {**reply, "errorLabels": [RETRYABLE_WRITE, UNKNOWN_COMMIT]}
    if error_code(reply) in _DOUBTFUL_CONCERN:
        return {**reply, "errorLabels": [UNKNOWN_COMMIT]}
    return reply
