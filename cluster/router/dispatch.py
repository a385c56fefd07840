"""From a message to its handler: the allow-list, the session fields, the handlers' table."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bson.errors import BSONError

from cluster.router import (
    ddl,
    diagnostics,
    explain,
    reads,
    session_commands,
    sharding,
    txn_commit,
    txn_statements,
    writes,
)
from cluster.router.allowlist import ALIASES, FIELDS, check_fields
from cluster.router.context import Request, Router
from cluster.router.errors import (
    BAD_VALUE,
    COMMAND_NOT_FOUND,
    INVALID_NAMESPACE,
    INVALID_OPTIONS,
    UNSUPPORTED_OP_QUERY,
    CommandError,
    Doc,
    NetworkError,
)
from cluster.router.guard import refuse_internal_names
from cluster.router.sessions import parse_session
from cluster.router.wire import OP_QUERY, Message

Handler = Callable[[Router, Request], Awaitable[Doc]]
log = logging.getLogger("cluster.router")

HANDLERS: dict[str, Handler] = {
    "find": reads.find,
    "aggregate": reads.aggregate,
    "count": reads.count,
    "distinct": reads.distinct,
    "getMore": session_commands.get_more,
    "killCursors": session_commands.kill_cursors,
    "insert": writes.write,
    "update": writes.write,
    "delete": writes.write,
    "findAndModify": writes.find_and_modify,
    "explain": explain.explain,
    "commitTransaction": txn_commit.commit,
    "abortTransaction": txn_commit.abort,
    "startSession": session_commands.start_session,
    "endSessions": session_commands.end_sessions,
    "refreshSessions": session_commands.refresh_sessions,
    "killSessions": session_commands.kill_sessions,
    "create": ddl.create,
    "collMod": ddl.coll_mod,
    "createIndexes": ddl.create_indexes,
    "dropIndexes": ddl.drop_indexes,
    "listIndexes": ddl.list_indexes,
    "listCollections": ddl.list_collections,
    "drop": ddl.drop,
    "dropDatabase": ddl.drop_database,
    "listDatabases": ddl.list_databases,
    "dbStats": diagnostics.db_stats,
    "collStats": diagnostics.coll_stats,
    "enableSharding": sharding.enable_sharding,
    "shardCollection": sharding.shard_collection,
    "addShard": sharding.add_shard,
    "removeShard": sharding.remove_shard,
    "listShards": sharding.list_shards,
    "getShardMap": sharding.get_shard_map,
    "getShardVersion": sharding.get_shard_version,
    "flushRouterConfig": sharding.flush_router_config,
    "addShardToZone": sharding.add_shard_to_zone,
    "removeShardFromZone": sharding.remove_shard_from_zone,
    "updateZoneKeyRange": sharding.update_zone_key_range,
    "split": sharding.split,
    "moveChunk": sharding.move_chunk,
    "moveRange": sharding.move_range,
    "mergeChunks": sharding.merge_chunks,
    "balancerStart": sharding.balancer,
    "balancerStop": sharding.balancer,
    "balancerStatus": sharding.balancer,
    "balancerCollectionStatus": sharding.balancer,
    "getDefaultRWConcern": diagnostics.get_default_rw_concern,
    "hello": diagnostics.hello,
    "ping": diagnostics.ping,
    "buildInfo": diagnostics.build_info,
    "connectionStatus": diagnostics.connection_status,
    "serverStatus": diagnostics.server_status,
    "getParameter": diagnostics.get_parameter,
    "getCmdLineOpts": diagnostics.get_cmd_line_opts,
    "getLog": diagnostics.get_log,
    "hostInfo": diagnostics.host_info,
    "isdbgrid": diagnostics.is_db_grid,
    "whatsmyuri": diagnostics.whats_my_uri,
    "replSetGetStatus": diagnostics.no_replication,
}
_ABOUT_SESSIONS = frozenset({"commitTransaction", "abortTransaction"})
_SESSION_FIELDS = frozenset(
    {"$db", "lsid", "$clusterTime", "$readPreference", "readConcern", "writeConcern"}
    | {"txnNumber", "autocommit", "startTransaction", "apiVersion", "apiStrict", "apiDeprecationErrors"}
)


async def answer(router: Router, message: Message) -> Doc:
    """Answer one message; never raises for anything a client can send."""
    try:
        return await _answer(router, message)
    except CommandError as error:
        return error.reply()
    except NetworkError as error:
        return error.reply()
    except (BSONError, UnicodeError, OverflowError, RecursionError, TypeError, ValueError, KeyError) as error:
        # broken or oddly typed parts that the allow-list does not look into
        log.info("bad command", exc_info=error)
        return CommandError(BAD_VALUE, f"the command is not well-formed: {error!r}").reply()
    except Exception as error:
        log.exception("internal error")
        return CommandError(1, f"development router: {error!r}").reply()


async def _answer(router: Router, message: Message) -> Doc:
    name = next(iter(message.body), "")
    canonical = ALIASES.get(name, name)
    if message.opcode == OP_QUERY and canonical != "hello":
        raise CommandError(UNSUPPORTED_OP_QUERY, f"Unsupported OP_QUERY command: {name}")
    handler = HANDLERS.get(canonical)
    if handler is None:
        raise CommandError(COMMAND_NOT_FOUND, f"no such command: '{name}'")
    if message.opcode != OP_QUERY:
        check_fields(canonical, message.body)
    refuse_internal_names(message.raw)
    for field, data in message.sequences.items():
        if field not in FIELDS[canonical] or field in message.body:
            raise CommandError(BAD_VALUE, f"unexpected document sequence '{field}'")
        if field != "documents":
            refuse_internal_names(data)
    router.commands[canonical] += 1
    router.clock.observe_client(message.body.get("$clusterTime"))
    request = _request(router, canonical, message)
    if "autocommit" in message.body and canonical not in _ABOUT_SESSIONS:
        return await _in_transaction(router, request, message.body)
    try:
        await _fix_snapshot(router, request)
        return await handler(router, request)
    except NetworkError as error:
        return writes.unreachable(request, error)


async def _fix_snapshot(router: Router, request: Request) -> None:
    """Snapshot reads without a time of their own get one here: each shard would take its own otherwise."""
    concern = request.read_concern or {}
    if concern.get("level") == "snapshot" and "atClusterTime" not in concern:
        fixed = {name: value for name, value in concern.items() if name != "afterClusterTime"}
        fixed["atClusterTime"] = await router.snapshot_time(concern.get("afterClusterTime"))
        request.read_concern = fixed


def _request(router: Router, name: str, message: Message) -> Request:
    body = message.body
    db = body.get("$db")
    if not isinstance(db, str) or not db or len(db) > 63 or set(db) & set('/\\. "$\0'):
        raise CommandError(INVALID_NAMESPACE, "Invalid database name")
    kept = {field: value for field, value in body.items() if field not in _SESSION_FIELDS}
    wait = router.wait_seconds
    limit = body.get("maxTimeMS") or 0
    if 0 < limit < wait * 1000:
        wait = float(limit) / 1000
    return Request(
        name,
        db,
        kept,
        time.monotonic() + wait,
        session=parse_session(body["lsid"]) if "lsid" in body else None,
        txn_number=_txn_number(body),
        read_concern=body.get("readConcern"),
        write_concern=body.get("writeConcern"),
        read_preference=body.get("$readPreference"),
        sequences=message.sequences,
    )


def _txn_number(body: Mapping[str, Any]) -> int | None:
    number = body.get("txnNumber")
    if number is None:
        return None
    if not isinstance(number, int) or number < 0 or "lsid" not in body:
        raise CommandError(INVALID_OPTIONS, "txnNumber must be a 64-bit integer, in a session")
    return number


async def _in_transaction(router: Router, request: Request, body: Mapping[str, Any]) -> Doc:
    if body["autocommit"] is not False or (request.name == "getMore" and "startTransaction" in body):
        raise CommandError(INVALID_OPTIONS, "autocommit can only be false, within a transaction")
    return await txn_statements.statement(router, request, starts=bool(body.get("startTransaction")))
