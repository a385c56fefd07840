"""insert, update, delete and findAndModify: aimed at the shards here and sent there directly, never
through the engine.

The same code serves transactions; only the way a command is sent differs (see `Sender`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bson import Int64, ObjectId

from cluster.router.bulk import Bulk, BulkPlan, Statement
from cluster.router.catalog import MAJORITY, Placement, ShardedPlacement
from cluster.router.context import CONFIG_DATABASES, Request, Router
from cluster.router.errors import (
    BAD_VALUE,
    INVALID_OPTIONS,
    RETRYABLE,
    RETRYABLE_WRITE,
    SHARD_KEY_NOT_FOUND,
    UNAUTHORIZED,
    CommandError,
    Doc,
    NetworkError,
)
from cluster.router.replicaset import Repeat, error_code
from cluster.router.targeting import equality

FIELD_OF = {"insert": "documents", "update": "updates", "delete": "deletes"}
_WRITABLE_CONFIG = "settings"  # the balancer's switches and the chunk size, as on mongos


class Sender(Protocol):
    """How a command reaches a shard."""

    async def __call__(self, shard: str, command: Doc) -> Doc:
        """Send and return the answer."""


class DirectSender:
    """Outside transactions: to the shard's primary, repeated when that is safe."""

    def __init__(self, router: Router, request: Request) -> None:
        self._router, self._request = router, request
        self._session: Doc = dict(request.lsid)
        numbered = request.txn_number is not None
        if numbered:
            self._session["txnNumber"] = Int64(request.txn_number or 0)
        self._repeat = Repeat.ALWAYS if numbered else Repeat.IF_NOT_RUN
        # shards leave the default to mongos: without one they would answer before a majority has the write
        self._concern = MAJORITY if request.write_concern is None else {"writeConcern": request.write_concern}

    async def __call__(self, shard: str, command: Doc) -> Doc:
        """Send with the session and the write concern."""
        if "txnNumber" not in self._session:
            command.pop("stmtIds", None)
        target = await self._router.shard(shard)
        full = {**command, **self._session, **self._concern}
        return await target.command(self._request.db, full, deadline=self._request.deadline, repeat=self._repeat)


async def write(router: Router, request: Request) -> Doc:
    """The commands insert, update and delete."""
    if request.db in CONFIG_DATABASES:
        return await _config_write(router, request)
    return labelled(request, await run_bulk(router, request, DirectSender(router, request)))


async def run_bulk(router: Router, request: Request, send: Sender, *, settle: bool = True) -> Doc:
    """A write command with its statements spread over the shards. `settle`: repeat what met a stale
    routing table."""
    field = FIELD_OF[request.name]
    statements = [_prepared(request.name, item) for item in request.statements(field)]
    if any(not isinstance(item, Mapping) for item in statements):
        raise CommandError(BAD_VALUE, f"every item of '{field}' must be a document")
    first = int(request.body.get("stmtId") or 0)
    numbers = request.body.get("stmtIds") or list(range(first, first + len(statements)))
    if len(numbers) != len(statements):
        raise CommandError(INVALID_OPTIONS, "stmtIds and statements differ in number")
    command = {
        request.name: request.collection,
        **request.pick("ordered", "bypassDocumentValidation", "let", "comment", "maxTimeMS"),
    }
    plan = BulkPlan(command, field, [Statement(*pair) for pair in zip(statements, numbers, strict=True)])
    bulk = Bulk(plan, lambda placement, item: targets(request.name, placement, item), send)
    return await bulk.run(router, request.namespace, request.deadline if settle else None)


def _prepared(name: str, item: Any) -> Any:
    """mongos gives a document its `_id` before it looks for the shard."""
    return (
        {"_id": ObjectId(), **item} if name == "insert" and isinstance(item, Mapping) and "_id" not in item else item
    )


def targets(name: str, placement: Placement, item: Mapping[str, Any]) -> list[str]:
    """The shards of one statement; CommandError when the server's rules for sharded writes forbid it."""
    if name == "insert":
        return [placement.shard_of_document(item)]
    query = item.get("q")
    if not isinstance(query, Mapping):
        raise CommandError(BAD_VALUE, f"a statement of '{name}' needs a query")
    shards = placement.shards_of_query(query, item.get("collation"))
    if not isinstance(placement, ShardedPlacement):
        return shards
    if item.get("upsert") and (item.get("collation") or not placement.is_exact(query)):
        message = "Failed to target upsert by query :: could not extract exact shard key"
        raise CommandError(SHARD_KEY_NOT_FOUND, message)
    single = not item.get("multi") if name == "update" else item.get("limit") == 1
    if single and len(shards) > 1 and (item.get("collation") or not equality(query, "_id")):
        message = f"A single {name} on a sharded collection must contain an exact match on _id or the shard key"
        raise CommandError(INVALID_OPTIONS, f"{message}, but it targeted {len(shards)} shards.")
    return shards


async def _config_write(router: Router, request: Request) -> Doc:
    if request.db != "config" or request.collection != _WRITABLE_CONFIG:
        raise CommandError(UNAUTHORIZED, f"{request.namespace} is written by the cluster itself")
    field = FIELD_OF[request.name]
    command = {request.name: request.collection, field: request.statements(field), **request.pick("ordered")}
    majority = {"writeConcern": {"w": "majority"}}
    return await router.catalog.config.command("config", {**command, **majority}, deadline=request.deadline)


async def find_and_modify(router: Router, request: Request) -> Doc:
    """The command findAndModify outside transactions."""
    if request.db in CONFIG_DATABASES:
        raise CommandError(UNAUTHORIZED, f"{request.namespace} is written by the cluster itself")
    send = DirectSender(router, request)

    async def attempt(placement: Placement | None) -> Doc:
        return await modify_once(request, placement, send)

    reply = await router.settled(request.namespace, request.deadline, attempt, create=True)
    return labelled(request, reply)


async def modify_once(request: Request, placement: Placement | None, send: Sender) -> Doc:
    """Send a findAndModify to the one shard its query concerns."""
    if placement is None:
        raise CommandError(SHARD_KEY_NOT_FOUND, "no such database")
    query = request.body.get("query") or {}
    shards = placement.shards_of_query(query, request.body.get("collation"))
    if len(shards) != 1 or (isinstance(placement, ShardedPlacement) and not equality(query, placement.fields[0])):
        raise CommandError(SHARD_KEY_NOT_FOUND, "Query for sharded findAndModify must contain the shard key")
    rest = {name: value for name, value in list(request.body.items())[1:] if name != "stmtIds"}
    command = {"findAndModify": request.collection, **rest, **placement.versions(shards[0])}
    return await send(shards[0], command)


def labelled(request: Request, reply: Doc) -> Doc:
    """Drivers repeat a numbered write only when the router says that they may."""
    if request.txn_number is None or error_code(reply) not in RETRYABLE:
        return reply
    labels = [*(reply.get("errorLabels") or ()), RETRYABLE_WRITE]
    return {**reply, "errorLabels": sorted(set(labels))}


def unreachable(request: Request, error: NetworkError) -> Doc:
    """The answer when a shard could not be reached in time."""
    return labelled(request, error.reply())
