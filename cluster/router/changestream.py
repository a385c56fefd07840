"""Change streams over all shards: an ordinary stream on every shard, merged by resume token.

Tokens begin with the cluster time and sort like events. An event may go out once every other shard has
shown that it has nothing older: its `postBatchResumeToken` is its high-water mark. A quiet shard would
hold the others back for up to ten seconds (its no-op interval), so it is made to write a no-op at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

from bson import Int64, Timestamp

from cluster.router.backend import Pool
from cluster.router.catalog import Catalog
from cluster.router.cursors import Cursors
from cluster.router.errors import BAD_VALUE, CommandError, Doc, NetworkError
from cluster.router.shardfeed import Feed

_BATCH = 1000
_DEFAULT_WAIT_MS = 1000


class Streams:
    """What streams need from the router."""

    def __init__(self, catalog: Catalog, pool: Pool) -> None:
        self.catalog = catalog
        self.pool = pool

    async def now(self) -> Timestamp:
        """The newest cluster time of any shard."""
        deadline = time.monotonic() + 5
        shards = (await self.catalog.load_shards()).values()
        await asyncio.gather(*(shard.command("admin", {"ping": 1}, deadline=deadline) for shard in shards))
        if self.pool.clock.now is None:
            raise NetworkError("no shard tells the time", sent=False)
        return self.pool.clock.now


async def open_stream(streams: Streams, cursors: Cursors, session: bytes | None, db: str, body: Doc) -> Doc:
    """Answer an aggregate whose first stage is $changeStream."""
    if body.get("explain"):
        raise CommandError(BAD_VALUE, "the development router does not explain change streams")
    stream = MergedStream(streams, db, body)
    await stream.start()
    batch, position = stream.take(_BATCH)
    cursor_id = cursors.add(stream, session)
    cursor: Doc = {"firstBatch": batch, "id": Int64(cursor_id), "ns": stream.namespace}
    stream.cursor_id = cursor_id
    if position:
        cursor["postBatchResumeToken"] = {"_data": position}
    return {"cursor": cursor, "operationTime": stream.started_at, "ok": 1.0}


class MergedStream:
    """One client's stream; an OpenCursor. It reads ahead by itself, so an abandoned one must not live long; a
    client that was merely slow resumes."""

    idle_seconds = 120.0

    def __init__(self, streams: Streams, db: str, body: Doc) -> None:
        first, *rest = body["pipeline"]
        argument = first["$changeStream"]
        if not isinstance(argument, Mapping):
            raise CommandError(BAD_VALUE, "$changeStream must be an object")
        self._options = dict(argument)
        self._rest = rest
        self._extra: Doc = {name: body[name] for name in ("collation", "comment") if name in body}
        self._streams = streams
        self._db = db
        self._target = body["aggregate"]
        self._feeds: dict[str, Feed] = {}
        self._news = asyncio.Event()
        self._poked: dict[str, str] = {}
        self._pokes: set[asyncio.Task[None]] = set()
        self._position = ""
        self._ended = False
        self.cursor_id = 0
        self.started_at = Timestamp(0, 0)
        self.namespace = f"{db}.{self._target if isinstance(self._target, str) else '$cmd.aggregate'}"

    async def start(self) -> None:
        """Open the stream on every shard, all at the same cluster time."""
        token = self._options.pop("resumeAfter", None)
        token = self._options.pop("startAfter", None) or token
        at = self._options.pop("startAtOperationTime", None)
        if token is not None:
            self._position = _token_data(token)
            at = token_time(self._position)
        elif at is None:
            now = await self._streams.now()
            at = Timestamp(now.time, now.inc + 1)
        if not isinstance(at, Timestamp):
            raise CommandError(BAD_VALUE, "startAtOperationTime must be a timestamp")
        self.started_at = at
        await self._streams.catalog.load_shards()
        feeds = self._add_feeds(at)
        try:
            await asyncio.gather(*(asyncio.wait_for(feed.ready, 15) for feed in feeds))
        except BaseException as error:
            await self.kill()
            if isinstance(error, asyncio.TimeoutError):
                raise NetworkError("a shard does not open the change stream", sent=False) from error
            raise

    def _add_feeds(self, at: Timestamp) -> list[Feed]:
        """Also for shards that joined after the stream began."""
        added = []
        for name, shard in self._streams.catalog.shards.items():
            if name not in self._feeds:
                pipeline: list[Any] = [{"$changeStream": self._options}, *self._rest]
                command: Doc = {"aggregate": self._target, "pipeline": pipeline, "cursor": {}, **self._extra}
                feed = Feed(shard, self._streams.pool, self._db, command, self._news, after=self._position, at=at)
                self._feeds[name] = feed
                added.append(feed)
        return added

    async def more(self, collection: str, options: Doc) -> Doc:
        """Wait up to maxTimeMS for events."""
        wait = float(options.get("maxTimeMS") or _DEFAULT_WAIT_MS) / 1000
        deadline = time.monotonic() + min(wait, 600)
        size = int(options.get("batchSize") or _BATCH)
        batch, position = self.take(size)
        while not batch and not self._ended and time.monotonic() < deadline:
            self._news.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            batch, position = self.take(size)
        cursor: Doc = {
            "nextBatch": batch,
            "id": Int64(0 if self._ended else self.cursor_id),
            "ns": self.namespace,
        }
        if position:
            cursor["postBatchResumeToken"] = {"_data": position}
        return {"cursor": cursor, "ok": 1.0}

    def take(self, size: int) -> tuple[list[Any], str]:
        """The events that may go out now, and the position after them."""
        self._raise_failures()
        if len(self._feeds) < len(self._streams.catalog.shards):
            self._add_feeds(token_time(self._position) if self._position else self.started_at)
        batch: list[Any] = []
        while len(batch) < size and not self._ended:
            event = self._next()
            if event is None:
                break
            batch.append(event)
            self._ended = event.get("operationType") == "invalidate"
        if self._ended:
            self._stop()
        return batch, self._mark()

    def _raise_failures(self) -> None:
        for feed in self._feeds.values():
            if feed.failure is not None:
                self._stop()
                raise feed.failure

    def _next(self) -> Any | None:
        waiting = [feed for feed in self._feeds.values() if feed.events]
        if not waiting:
            return None
        oldest = min(waiting, key=lambda feed: feed.events[0][0])
        token = oldest.events[0][0]
        behind = [name for name, feed in self._feeds.items() if not feed.events and feed.mark < token]
        if behind:
            for name in behind:
                self._poke(name, token)
            return None
        self._position, event = oldest.pop()
        return event

    def _mark(self) -> str:
        """Where a resumed stream may start: the last event, or further if all shards are past it with
        nothing."""
        if not any(feed.events for feed in self._feeds.values()) and self._feeds:
            self._position = max(self._position, min(feed.mark for feed in self._feeds.values()))
        return self._position

    def _poke(self, name: str, token: str) -> None:
        if self._poked.get(name) == token:
            return
        self._poked[name] = token
        self._feeds[name].hurry()
        task = asyncio.ensure_future(self._write_noop(name))
        self._pokes.add(task)
        task.add_done_callback(self._pokes.discard)

    async def _write_noop(self, name: str) -> None:
        command = {"appendOplogNote": 1, "data": {"msg": "router"}}
        try:  # the cluster time that goes with every command moves the shard's clock past the event
            shard = self._streams.catalog.shards[name]
            await shard.command("admin", command, deadline=time.monotonic() + 2)
        except NetworkError:
            self._poked.pop(name, None)

    def _stop(self) -> None:
        self._ended = True
        for feed in self._feeds.values():
            feed.stop()

    async def kill(self) -> None:
        """Close it on every shard."""
        self._stop()
        self._news.set()
        await asyncio.gather(*(feed.closed() for feed in self._feeds.values()))

    def exhausted(self) -> None:
        """An invalidated stream: everything is stopped already."""


def _token_data(token: Any) -> str:
    data = token.get("_data") if isinstance(token, Mapping) else None
    if not isinstance(data, str) or len(data) < 18:
        raise CommandError(BAD_VALUE, "a resume token must be a document {_data: string}")
    token_time(data)
    return data


def token_time(data: str) -> Timestamp:
    """The cluster time at the beginning of a resume token."""
    try:
        return Timestamp(int(data[2:10], 16), int(data[10:18], 16))
    except ValueError as error:
        raise CommandError(BAD_VALUE, "the resume token is damaged") from error
