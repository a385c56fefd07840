"""startSession, endSessions, refreshSessions and killSessions; getMore and killCursors."""

from __future__ import annotations

import asyncio
from typing import Any

from bson import Binary, Int64

from cluster.router.context import Request, Router
from cluster.router.errors import TYPE_MISMATCH, CommandError, Doc, NetworkError, succeeded
from cluster.router.sessions import new_session, parse_session_list, session_document
from cluster.router.transactions import State
from cluster.router.txn_statements import abort_on_shards


async def start_session(router: Router, request: Request) -> Doc:
    """startSession: drivers make their own ids; kept for shells."""
    return {"id": {"id": Binary(new_session(), 4)}, "timeoutMinutes": 30, "ok": 1.0}


async def refresh_sessions(router: Router, request: Request) -> Doc:
    """refreshSessions: the shards learn of sessions from what runs in them."""
    parse_session_list(request.body["refreshSessions"])
    return {"ok": 1.0}


async def end_sessions(router: Router, request: Request) -> Doc:
    """endSessions: what is open in them is ended; other sessions' shards need not be asked."""
    sessions = set(parse_session_list(request.body["endSessions"]))
    await _end_here(router, sessions)
    return {"ok": 1.0}


async def kill_sessions(router: Router, request: Request) -> Doc:
    """killSessions: on every shard, since another router may have begun what is to be ended."""
    sessions = set(parse_session_list(request.body["killSessions"]))
    if not sessions:
        raise CommandError(72, "the development router kills named sessions only, not all of a user")
    await _end_here(router, sessions)
    command = {"killSessions": [session_document(session) for session in sessions]}
    shards = (await router.catalog.load_shards()).values()
    kills = (shard.command("admin", command, deadline=request.deadline) for shard in shards)
    for outcome in await asyncio.gather(*kills, return_exceptions=True):
        if isinstance(outcome, NetworkError):
            continue  # a dead primary's transactions die with it
        if isinstance(outcome, BaseException):
            raise outcome
        if not succeeded(outcome):
            return outcome
    return {"ok": 1.0}


async def _end_here(router: Router, sessions: set[bytes]) -> None:
    router.cursors.kill_of_sessions(sessions)
    for transaction in router.transactions.of_sessions(sessions):
        transaction.state = State.ABORTED
        await abort_on_shards(router, transaction)


async def get_more(router: Router, request: Request) -> Doc:
    """getMore outside transactions."""
    cursor_id = _cursor_id(request.body["getMore"])
    collection = request.body.get("collection")
    if not isinstance(collection, str):
        raise CommandError(TYPE_MISMATCH, "getMore needs the collection's name")
    options = {**request.pick("batchSize", "maxTimeMS"), **request.lsid}
    return await router.cursors.more(cursor_id, collection, options)


async def kill_cursors(router: Router, request: Request) -> Doc:
    """killCursors: forgotten at once, freed on the servers in the background."""
    found: dict[bool, list[Int64]] = {True: [], False: []}
    for value in request.body.get("cursors") or ():
        cursor_id = _cursor_id(value)
        found[router.cursors.kill(cursor_id)].append(Int64(cursor_id))
    names = {"cursorsKilled": found[True], "cursorsNotFound": found[False]}
    return {**names, "cursorsAlive": [], "cursorsUnknown": [], "ok": 1.0}


def _cursor_id(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise CommandError(TYPE_MISMATCH, "a cursor id is a 64-bit integer")
    return value
