"""The change feed: one change stream over the shop's database, of everything that somebody may have to be told of.

It is opened again wherever it broke off (elections, killed nodes, another router). A resume token begins with the
cluster time, of which positions are made: the same on every worker, on both topologies. It is read in batches, and
not too often, so that a busy stream brings many events with one look.

A stream that looks up whole documents gives them as they are when it looks, which may be later than the change; a
document that has moved to another shard meanwhile is read again through the router.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from bson import Timestamp
from pymongo.errors import OperationFailure, PyMongoError

from shardmart import metrics
from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.documents import notice_of, order_of, product_of
from shardmart.adapters.mongo.failures import is_away, repository
from shardmart.domain.changes import (
    EVENTS_PER_CHANGE,
    START,
    Announced,
    Change,
    Heard,
    Interrupted,
    Missed,
    Noticed,
    OrderChanged,
    Position,
    ProductChanged,
    SessionEnded,
    UserDeleted,
)
from shardmart.domain.ids import seller_of

PACE_SECONDS = 0.02  # between looks at a stream that brings something; one that was quiet is told at once
MOST_AT_ONCE = 50  # events told before others have their turn
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0
FORGOTTEN = frozenset({260, 280, 286})  # codes that say: no stream can go on from this token
WRITTEN = ["insert", "update", "replace"]
_STATUS_MOVED = {"updateDescription.updatedFields.status": {"$exists": True}}
WATCHED: list[Document] = [
    {"ns.coll": "products", "operationType": {"$in": [*WRITTEN, "delete"]}},
    {"ns.coll": "orders", "operationType": "insert"},
    {"ns.coll": "orders", "operationType": "update", **_STATUS_MOVED},
    {"ns.coll": "notifications", "operationType": "insert"},
    {"ns.coll": "announcements", "operationType": "insert"},
    {"ns.coll": "sessions", "operationType": "delete"},
    {"ns.coll": "users", "operationType": "update", "updateDescription.updatedFields.deleted": True},
    {"ns.coll": "users", "operationType": "delete"},
    {"operationType": "invalidate"},
]
NOT_NEEDED = (
    *("fullDocument.password_hash", "clusterTime", "lsid", "txnNumber"),
    *("updateDescription.updatedFields.description", "updateDescription.updatedFields.terms"),
)
PIPELINE: list[Document] = [{"$match": {"$or": WATCHED}}, {"$project": dict.fromkeys(NOT_NEEDED, 0)}]
# fields that decide which lists show a product, and where
MOVING = frozenset({"name", "name_key", "price", "category", "is_active", "deleted", "listed_in", "created_at"})
log = logging.getLogger("shardmart.changes")


@repository
class MongoChanges:
    def __init__(self, mongo: Mongo, *, look_seconds: float = 0.5) -> None:
        """`look_seconds`: how long the server may wait for a change before it says that there is none."""
        self._mongo = mongo
        self._look_ms = int(look_seconds * 1000)
        self._token: Mapping[str, Any] | None = None
        self._since: Position | None = None  # where to begin, before there is a token
        self._last = START
        self._forgotten = False  # the database no longer knows what came after the last token
        self._is_open = False
        self._moved: set[str] = set()  # products, by updates that had nothing else to say

    async def follow(self, *, anew: bool = False, since: Position | None = None) -> AsyncGenerator[Heard, None]:
        if anew:
            self._token, self._since, self._forgotten = None, since, False
        self._is_open = False
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with aclosing(self._read()) as steps:
                    async for heard in steps:
                        pause = FIRST_PAUSE_SECONDS
                        yield heard
            except PyMongoError as error:
                metrics.FEED_REOPENED.inc()
                log.warning("the change stream broke off", extra={"reason": type(error).__name__})
                forgotten = isinstance(error, OperationFailure) and error.code in FORGOTTEN
                if (forgotten or not is_away(error)) and (self._token or self._since):
                    self._token, self._since, self._forgotten = None, None, True
                if self._is_open:
                    self._is_open = False
                    yield Heard(self._last, Interrupted())
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def _read(self) -> AsyncGenerator[Heard, None]:
        """Until the stream ends or breaks."""
        options = {"full_document": "updateLookup", "max_await_time_ms": self._look_ms}
        async with self._mongo.watch(PIPELINE, **self._where(), **options) as stream:
            is_new, events = self._token is None, list[Document]()
            while not events and stream.resume_token is None:
                events = await stream.batch()  # those that came with the opening
            if not events:
                self._token = stream.resume_token
            if is_new:
                yield self._begin(events[0]["_id"] if events else self._token)
            self._is_open = True
            while True:
                asked_at = _now()
                events = events or await stream.batch()
                if stream.has_resumed():
                    yield Heard(self._last, Interrupted())
                said_later = _said_later(events)
                for n, event in enumerate(events):
                    heard = await self._step(event, says=n not in said_later)
                    if heard is not None:
                        yield heard
                    if n % MOST_AT_ONCE == MOST_AT_ONCE - 1:
                        await asyncio.sleep(0)
                self._token = stream.resume_token or self._token
                if not events:
                    if self._token is not None:
                        self._last = max(self._last, Position(_time_of(self._token), 0))
                    yield Heard(self._last, None, asked_at=asked_at)
                    if not stream.alive:
                        return
                elif (early := asked_at + PACE_SECONDS - _now()) > 0:
                    await asyncio.sleep(early)
                events = []

    def _where(self) -> Document:
        """Where the stream begins: after the last token, else at a given moment, else now."""
        if self._token is not None:
            return {"resume_after": self._token}
        if self._since is not None:
            return {"start_at_operation_time": Timestamp(self._since.time >> 32, self._since.time & 0xFFFFFFFF)}
        return {}

    def _begin(self, token: Mapping[str, Any] | None) -> Heard:
        """Said when the stream is open and nothing that comes from `token` on can be missed any more."""
        if self._since is not None:
            self._last = Position(self._since.time, 0)
        elif token is not None:
            self._last = max(self._last, Position(_time_of(token), 0))
        self._since = self._last  # should it break off before it has a token
        missed, self._forgotten = self._forgotten, False
        return Heard(self._last, Missed() if missed else None)

    async def _step(self, event: Document, *, says: bool) -> Heard | None:
        """Every event counts, so that positions are the same everywhere; None for one that has nothing to say."""
        if event["operationType"] == "invalidate":
            raise OperationFailure("the database was dropped")
        self._note_moves(event)
        change = await self._change(event) if says else None
        self._token, position = (
            event["_id"],
            self._next(event),
        )  # not before: what cannot be looked up now comes again
        return Heard(position, change, event.get("wallTime")) if says else None

    def _note_moves(self, event: Document) -> None:
        if event["ns"]["coll"] == "products" and _moves(event):
            self._moved.add(event["documentKey"]["_id"])

    def _next(self, event: Document) -> Position:
        time = _time_of(event["_id"])
        ordinal = self._last.ordinal + EVENTS_PER_CHANGE if time == self._last.time else EVENTS_PER_CHANGE
        self._last = Position(time, ordinal)
        return self._last

    async def _change(self, event: Document) -> Change | None:
        id, document = event["documentKey"]["_id"], event.get("fullDocument")
        collection, kind = event["ns"]["coll"], event["operationType"]
        if collection == "sessions":
            return SessionEnded(id)
        if collection == "users":
            return UserDeleted(id)
        if document is None and kind == "update":
            document = await self._mongo.collection(collection).find_one({"_id": id, "seller_id": seller_of(id)})
        try:
            if collection == "products":
                moves = id in self._moved
                self._moved.discard(id)
                return ProductChanged(id, product_of(document) if document else None, moves)
            return _change_of(collection, document, is_new=kind == "insert")
        except (KeyError, TypeError, ValueError, AttributeError):
            # somebody wrote it by hand, and not in the form the shop gives its documents
            log.warning("a change that cannot be read", extra={"collection": collection})
            return Interrupted() if collection == "products" else None


def _said_later(events: Sequence[Document]) -> set[int]:
    """Which events are updates of a product that is updated once more in the same batch."""
    found: set[int] = set()
    again: set[str] = set()
    for n in range(len(events) - 1, -1, -1):
        event = events[n]
        if event.get("ns", {}).get("coll") != "products":
            continue
        id = event["documentKey"]["_id"]
        if event["operationType"] != "update":
            again.discard(id)
        elif id in again:
            found.add(n)
        else:
            again.add(id)
    return found


def _moves(event: Document) -> bool:
    """Whether lists that do not show the product may change too; an update that does not say what it did may."""
    if event["operationType"] != "update":
        return True
    what = event.get("updateDescription") or {}
    fields = (*what.get("updatedFields", MOVING), *what.get("removedFields", ()))
    return not MOVING.isdisjoint(field.partition(".")[0] for field in fields)


def _change_of(collection: str, document: Document | None, *, is_new: bool) -> Change | None:
    if document is None:
        return None  # an order that was taken out by hand meanwhile
    if collection == "orders":
        return OrderChanged(order_of(document), is_new)
    if collection == "notifications":
        return Noticed(notice_of(document))
    return Announced(document["event"], document["payload"])


def _time_of(token: Mapping[str, Any]) -> int:
    """The cluster time that a resume token begins with, after the byte that says so."""
    return int(token["_data"][2:18], 16)


def _now() -> float:
    return asyncio.get_running_loop().time()
