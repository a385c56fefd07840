"""find, aggregate, count and distinct. What concerns one shard goes straight there; the rest is merged, by
the engine where documents have to be (find, aggregate), here where numbers and values do (count,
distinct)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import bson
from bson import Int64

from cluster.router.allowlist import FOREIGN_STAGES, check_pipeline
from cluster.router.catalog import Placement
from cluster.router.changestream import open_stream
from cluster.router.context import CONFIG_DATABASES, Request, Router
from cluster.router.cursors import EngineCursor, ShardCursor
from cluster.router.errors import BAD_VALUE, CommandError, Doc, succeeded
from cluster.router.ordering import UnorderableError, sort_key
from cluster.router.sessions import session_document
from cluster.router.wire import Reply

_TO_PRIMARY = (None, "primary", "primaryPreferred")
_CLUSTER = {"find": "clusterFind", "aggregate": "clusterAggregate"}


async def find(router: Router, request: Request) -> Doc:
    """The command `find`."""
    refuse_tailable(request)
    if request.db in CONFIG_DATABASES:
        return await config_read(router, request)
    return await _read(router, request, request.body.get("filter") or {}, alone=True)


async def aggregate(router: Router, request: Request) -> Doc:
    """The command `aggregate`, change streams included."""
    stages = check_pipeline(request.body.get("pipeline"))
    if stages and stages[0] == "$changeStream":
        return await open_stream(router.streams, router.cursors, request.session, request.db, request.body)
    if "$changeStream" in stages:
        raise CommandError(40602, "$changeStream is only valid as the first stage in a pipeline")
    if not isinstance(request.body["aggregate"], str):
        if stages[:1] != ["$documents"]:
            raise CommandError(73, "{aggregate: 1} is only valid with $changeStream or $documents")
        return await _read_on_engine(router, request)
    if request.db in CONFIG_DATABASES:
        return await config_read(router, request)
    alone = not uses_other_collections(request.body["pipeline"]) and "$collStats" not in stages
    return await _read(router, request, leading_match(request.body["pipeline"]), alone=alone)


def refuse_tailable(request: Request) -> None:
    """A tailable cursor through the engine takes it down, and a sharded collection has none."""
    if request.body.get("tailable") or request.body.get("awaitData") or request.body.get("oplogReplay"):
        raise CommandError(BAD_VALUE, "tailable cursors are not supported by the development router")


def leading_match(pipeline: list[Any]) -> Mapping[str, Any]:
    """The query of the first stage: it decides the shards."""
    query = pipeline[0].get("$match") if pipeline else None
    return query if isinstance(query, Mapping) else {}


def uses_other_collections(pipeline: list[Any]) -> bool:
    """Is there a $lookup or the like, at any depth? Those need the routing of more than one collection."""
    for stage in pipeline:
        [(name, argument)] = stage.items()
        if name in FOREIGN_STAGES:
            return True
        if name == "$facet" and any(uses_other_collections(nested) for nested in argument.values()):
            return True
    return False


async def _read(router: Router, request: Request, query: Mapping[str, Any], *, alone: bool) -> Doc:
    """`alone`: the read needs nothing but this collection, so its only shard can do it by itself."""

    async def attempt(placement: Placement | None) -> Doc:
        if placement is None:
            return empty_cursor(request)
        shards = placement.shards_of_query(query, request.body.get("collation"))
        preference = request.read_preference or {}
        if alone and len(shards) == 1 and preference.get("mode") in _TO_PRIMARY:
            return await _read_on_shard(router, request, placement, shards[0])
        return await _read_on_engine(router, request)

    return await router.settled(request.namespace, request.deadline, attempt)


async def _read_on_shard(router: Router, request: Request, placement: Placement, name: str) -> Doc:
    command = {**request.body, **request.lsid, **request.concerns(), **placement.versions(name)}
    shard = await router.shard(name)
    reply = await shard.command(request.db, command, deadline=request.deadline)
    _keep_shard_cursor(router, request, reply)
    return reply


def _keep_shard_cursor(router: Router, request: Request, reply: Reply) -> None:
    cursor_id = _cursor_id(reply)
    if cursor_id:
        cursor = ShardCursor(router.pool, reply.host, request.db, request.collection, cursor_id)
        router.cursors.add(cursor, request.session, cursor_id)


async def _read_on_engine(router: Router, request: Request) -> Doc:
    (name, target), *rest = request.body.items()
    session = router.private_sessions.lease()
    command = {_CLUSTER[name]: target, **dict(rest), **request.concerns(), "lsid": session_document(session)}
    if request.read_preference is not None:
        command["$readPreference"] = request.read_preference
    reply = await router.engine.read(request.db, command, deadline=request.deadline)
    cursor_id = _cursor_id(reply)
    if cursor_id:
        parts = (router.pool, router.catalog, router.private_sessions)
        cursor = EngineCursor(*parts, host=reply.host, db=request.db, cursor_id=cursor_id, session=session)
        router.cursors.add(cursor, request.session, cursor_id)
    else:
        router.private_sessions.release(session)
    return reply


def _cursor_id(reply: Mapping[str, Any]) -> int:
    cursor = reply.get("cursor")
    return int(cursor["id"]) if isinstance(cursor, Mapping) else 0


def empty_cursor(request: Request, suffix: str | None = None) -> Doc:
    """The answer of a read in a database that does not exist."""
    namespace = f"{request.db}.{suffix}" if suffix else request.namespace
    return {"cursor": {"firstBatch": [], "id": Int64(0), "ns": namespace}, "ok": 1.0}


async def config_read(router: Router, request: Request) -> Doc:
    """Reads of `config` and `admin` go to the config servers as they are, with their cursors."""
    command = {**request.body, **request.lsid, **request.concerns()}
    reply = await router.catalog.config.command(request.db, command, deadline=request.deadline)
    _keep_shard_cursor(router, request, reply)
    return reply


async def count(router: Router, request: Request) -> Doc:
    """The command `count`."""
    if request.db in CONFIG_DATABASES:
        return await config_read(router, request)
    limit, skip = abs(int(request.body.get("limit") or 0)), int(request.body.get("skip") or 0)
    command = {"count": request.collection, **request.pick("query", "hint", "collation", "maxTimeMS", "let")}
    if limit:
        command["limit"] = limit + skip  # skipping is done after adding up
    replies = await on_shards_of_query(router, request, command)
    if isinstance(replies, dict):
        return replies
    total = max(sum(int(reply["n"]) for reply in replies) - skip, 0)
    return {"n": min(total, limit) if limit else total, "ok": 1.0}


async def distinct(router: Router, request: Request) -> Doc:
    """The command `distinct`."""
    if request.db in CONFIG_DATABASES:
        return await config_read(router, request)
    command = {
        "distinct": request.collection,
        **request.pick("key", "query", "hint", "collation", "maxTimeMS", "let"),
    }
    replies = await on_shards_of_query(router, request, command)
    if isinstance(replies, dict):
        return replies
    at = (request.read_concern or {}).get("atClusterTime")
    return {"values": unique_values(replies), **({"atClusterTime": at} if at else {}), "ok": 1.0}


def unique_values(replies: list[Doc]) -> list[Any]:
    """The union of several shards' distinct values."""
    seen: dict[Any, Any] = {}
    for reply in replies:
        for value in reply["values"]:
            try:
                key: Any = sort_key(value)
            except UnorderableError:
                key = bson.encode({"": value})
            seen.setdefault(key, value)
    return list(seen.values())


async def on_shards_of_query(router: Router, request: Request, command: Doc) -> list[Doc] | Doc:
    """Run a command on all shards that the request's query concerns: their answers, or the first failure."""
    replies: list[Doc] = []
    query, collation = request.body.get("query") or {}, request.body.get("collation")

    async def attempt(placement: Placement | None) -> Doc:
        names = placement.shards_of_query(query, collation) if placement else []
        replies[:] = await asyncio.gather(*(one(placement, name) for name in names if placement))
        return next((reply for reply in replies if not succeeded(reply)), {"ok": 1.0})

    async def one(placement: Placement, name: str) -> Doc:
        shard = await router.shard(name)
        versioned = {**command, **request.lsid, **request.concerns(), **placement.versions(name)}
        return await shard.command(request.db, versioned, deadline=request.deadline)

    outcome = await router.settled(request.namespace, request.deadline, attempt)
    return replies if succeeded(outcome) else outcome
