"""Reads inside transactions. The engine cannot take part in a client's transaction, so several shards'
documents are merged here, in memory; a shop's transactions read few."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

from bson import Int64

from cluster.router.allowlist import check_pipeline
from cluster.router.catalog import Placement, ShardedPlacement
from cluster.router.context import Request, Router
from cluster.router.errors import CURSOR_NOT_FOUND, NOT_IN_TRANSACTION, CommandError, Doc, succeeded
from cluster.router.ordering import sort_key
from cluster.router.reads import empty_cursor, leading_match, refuse_tailable, uses_other_collections

_FIRST_BATCH, _BATCH = 101, 1000
_MOST_DOCUMENTS = 100_000
_SORT_KEY = "$sortKey"


class Sender(Protocol):
    """Sends statements of the transaction; keeps its cursors."""

    @property
    def cursors(self) -> dict[int, str | list[Any]]:
        """By id: the shard that has it, or the rest of what was merged here."""

    async def __call__(self, shard: str, command: Doc) -> Doc:
        """Send and return the answer."""


class _FailedError(Exception):
    """A shard's error answer, on its way out of a merge."""

    def __init__(self, reply: Doc) -> None:
        super().__init__(reply.get("errmsg"))
        self.reply = reply


async def find(router: Router, request: Request, send: Sender) -> Doc:
    """find, from one shard or merged."""
    refuse_tailable(request)
    placement = await router.catalog.placement(request.namespace)
    if placement is None:
        return empty_cursor(request)
    shards = placement.shards_of_query(request.body.get("filter") or {}, request.body.get("collation"))
    if len(shards) == 1:
        return await _from_one(request, send, shards[0], {**request.body, **placement.versions(shards[0])})
    try:
        documents = await _merged(request, send, placement, shards)
    except _FailedError as error:
        return error.reply
    limit = int(request.body.get("limit") or 0)
    size = int(request.body.get("batchSize") or _FIRST_BATCH)
    return _serve(send, request.namespace, documents, "firstBatch", max(size, abs(limit)))


async def aggregate(router: Router, request: Request, send: Sender) -> Doc:
    """aggregate on one shard; over several the documents are collected and one shard computes the rest."""
    pipeline = request.body.get("pipeline") or []
    stages = check_pipeline(pipeline)
    placement = await router.catalog.placement(request.namespace)
    if placement is None:
        return empty_cursor(request)
    query = leading_match(pipeline)
    shards = placement.shards_of_query(query, request.body.get("collation"))
    sharded = isinstance(placement, ShardedPlacement)
    if "$changeStream" in stages or (uses_other_collections(pipeline) and sharded):
        raise CommandError(NOT_IN_TRANSACTION, "not supported in a transaction on a sharded collection")
    if len(shards) == 1:
        return await _from_one(request, send, shards[0], {**request.body, **placement.versions(shards[0])})
    rest = pipeline[1:] if query else pipeline
    documents: list[Any] = []
    try:
        for name in shards:
            command = {"find": request.collection, "filter": query, **placement.versions(name)}
            documents += await _drained(request, send, name, command)
    except _FailedError as error:
        return error.reply
    return await _computed(router, request, shards[0], documents, rest)


async def _computed(router: Router, request: Request, name: str, documents: list[Any], rest: list[Any]) -> Doc:
    """The rest of a pipeline over documents at hand. Not part of the transaction: it reads nothing."""
    shard = await router.shard(name)
    pipeline = [{"$documents": documents}, *rest]
    command = {"aggregate": 1, "pipeline": pipeline, "cursor": {"batchSize": _MOST_DOCUMENTS}}
    reply = await shard.command(request.db, command, deadline=request.deadline)
    if not succeeded(reply):
        return reply
    return {"cursor": {**reply["cursor"], "ns": request.namespace}, "ok": 1.0}


async def distinct(router: Router, request: Request, send: Sender) -> Doc:
    """distinct; on a sharded collection it is refused, as mongos does."""
    placement = await router.catalog.placement(request.namespace)
    if placement is None:
        return {"values": [], "ok": 1.0}
    if isinstance(placement, ShardedPlacement):
        message = "Cannot run 'distinct' on a sharded collection in a multi-document transaction."
        raise CommandError(NOT_IN_TRANSACTION, message)
    shard = placement.shards[0]
    return await send(shard, {**request.body, **placement.versions(shard)})


async def get_more(router: Router, request: Request, send: Sender) -> Doc:
    """getMore of a cursor that this transaction opened."""
    cursor_id = int(request.body["getMore"])
    home = send.cursors.get(cursor_id)
    if home is None:
        raise CommandError(CURSOR_NOT_FOUND, f"cursor id {cursor_id} not found")
    if isinstance(home, str):
        return await send(home, {"getMore": Int64(cursor_id), **request.pick("collection", "batchSize")})
    del send.cursors[cursor_id]
    size = int(request.body.get("batchSize") or _BATCH)
    return _serve(send, f"{request.db}.{request.body.get('collection')}", home, "nextBatch", size)


async def kill_cursors(router: Router, request: Request, send: Sender) -> Doc:
    """killCursors: drivers send it as a statement when a loop over a cursor ends early."""
    killed: list[Any] = []
    unknown: list[Any] = []
    for value in request.body.get("cursors") or ():
        home = send.cursors.pop(int(value), None)
        (unknown if home is None and not router.cursors.kill(int(value)) else killed).append(value)
        if isinstance(home, str):
            await send(home, {"killCursors": request.collection, "cursors": [value]})
    names = {"cursorsKilled": killed, "cursorsNotFound": unknown}
    return {**names, "cursorsAlive": [], "cursorsUnknown": [], "ok": 1.0}


async def _from_one(request: Request, send: Sender, shard: str, command: Doc) -> Doc:
    reply = await send(shard, command)
    if succeeded(reply) and reply["cursor"]["id"]:
        send.cursors[int(reply["cursor"]["id"])] = shard
    return reply


async def _merged(request: Request, send: Sender, placement: Placement, shards: list[str]) -> list[Any]:
    limit, skip = abs(int(request.body.get("limit") or 0)), int(request.body.get("skip") or 0)
    sort: Mapping[str, Any] = request.body.get("sort") or {}
    dropped = ("skip", "limit", "batchSize", "singleBatch")
    command = {name: value for name, value in request.body.items() if name not in dropped}
    if limit:
        command["limit"] = limit + skip
    if sort:
        command["projection"] = {**(request.body.get("projection") or {}), _SORT_KEY: {"$meta": "sortKey"}}
    documents: list[Any] = []
    for name in shards:
        documents += await _drained(request, send, name, {**command, **placement.versions(name)})
    if sort:
        documents = _sorted(documents, list(sort.values()))
    return documents[skip : skip + limit] if limit else documents[skip:]


def _sorted(documents: list[Any], directions: list[Any]) -> list[Any]:
    for position in range(len(directions) - 1, -1, -1):  # stable: the least significant field first
        downwards = directions[position] == -1

        def key(document: Any, position: int = position) -> Any:
            return sort_key(document[_SORT_KEY][position])

        documents.sort(key=key, reverse=downwards)
    return [{name: value for name, value in document.items() if name != _SORT_KEY} for document in documents]


async def _drained(request: Request, send: Sender, shard: str, command: Doc) -> list[Any]:
    reply = await send(shard, command)
    field, documents = "firstBatch", []
    while True:
        if not succeeded(reply):
            raise _FailedError(reply)
        documents += reply["cursor"][field]
        if len(documents) > _MOST_DOCUMENTS:
            raise CommandError(292, f"a transaction reads over {_MOST_DOCUMENTS} documents on several shards")
        if not reply["cursor"]["id"]:
            return documents
        more = {"getMore": Int64(reply["cursor"]["id"]), "collection": request.collection}
        reply, field = await send(shard, more), "nextBatch"


def _serve(send: Sender, namespace: str, documents: list[Any], field: str, size: int) -> Doc:
    batch, rest, cursor_id = documents[:size], documents[size:], 0
    if rest:
        cursor_id = random.getrandbits(62) | 1
        send.cursors[cursor_id] = rest
    return {"cursor": {field: batch, "id": Int64(cursor_id), "ns": namespace}, "ok": 1.0}
