"""One shard's part of a change stream: read ahead, and reopened at its own position when the shard's
primary changes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from bson import Int64, Timestamp

from cluster.router.backend import Pool
from cluster.router.errors import (
    CURSOR_NOT_FOUND,
    NOT_PRIMARY,
    RESUMABLE_STREAM,
    CommandError,
    Doc,
    NetworkError,
)
from cluster.router.replicaset import ReplicaSet

_READ_AHEAD = 2000
_POLL_MS, _HURRIED_POLL_MS, _HURRY_SECONDS = 100, 10, 1.0
_GIVE_UP_SECONDS = 60
# the cursor or the primary is gone, but a new stream at the same place will do
_REOPEN = NOT_PRIMARY | {6, 43, 133, 234, 237, 262, 9001, 11601}
_AFTER_EVERYTHING = "Z"


class Feed:
    """Reads in a task of its own. `events` are waiting, `mark` is the token up to which nothing more will
    come."""

    def __init__(
        self,
        shard: ReplicaSet,
        pool: Pool,
        db: str,
        command: Doc,
        news: asyncio.Event,
        *,
        after: str,
        at: Timestamp,
    ) -> None:
        self.events: deque[tuple[str, Any]] = deque()
        self.mark = after
        self.failure: CommandError | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._shard, self._pool, self._db, self._command, self._news = shard, pool, db, command, news
        self._at = at
        self._room = asyncio.Event()
        self._last_success = time.monotonic()
        self._hurried_until = 0.0
        self._cursor: tuple[str, int] | None = None
        self._task = asyncio.ensure_future(self._run())

    def pop(self) -> tuple[str, Any]:
        """Take the oldest event: its token and itself."""
        if len(self.events) <= _READ_AHEAD:
            self._room.set()
        return self.events.popleft()

    def hurry(self) -> None:
        """Others wait for our mark. A poll that finds no event tells it only when its time is up."""
        self._hurried_until = time.monotonic() + _HURRY_SECONDS

    def stop(self) -> None:
        """Stop reading."""
        self._task.cancel()
        if not self.ready.done():
            self.ready.cancel()

    async def closed(self) -> None:
        """Stop reading and close the cursor on the shard."""
        self.stop()
        await asyncio.wait([self._task])
        if self._cursor is not None:
            host, cursor_id = self._cursor
            command = {"killCursors": self._collection(), "cursors": [Int64(cursor_id)]}
            try:
                await self._pool.command(host, self._db, command)
            except NetworkError:
                return

    def _collection(self) -> str:
        name = self._command["aggregate"]
        return name if isinstance(name, str) else "$cmd.aggregate"

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._read()
                    return
                except NetworkError:
                    if time.monotonic() - self._last_success > _GIVE_UP_SECONDS:
                        raise CommandError(
                            CURSOR_NOT_FOUND, "a shard is unreachable", labels=(RESUMABLE_STREAM,)
                        ) from None
                    await asyncio.sleep(0.25)
        except CommandError as error:
            self.failure = error
            self._news.set()
            if not self.ready.done():
                self.ready.set_exception(error)
                self.ready.exception()  # seen: whoever opens the stream may have given up already

    async def _read(self) -> None:
        """Open a cursor and follow it; returns only at an invalidation."""
        host = await self._shard.primary(time.monotonic() + 5)
        try:
            reply = self._checked(await self._pool.command(host, self._db, self._opening()))
            while True:
                self._cursor = (host, reply["cursor"]["id"])
                if self._absorb(reply["cursor"]):
                    return
                while len(self.events) > _READ_AHEAD:
                    self._room.clear()
                    await self._room.wait()
                reply = self._checked(await self._pool.command(host, self._db, self._more(self._cursor[1])))
        except NetworkError:
            self._cursor = None
            self._shard.lost_primary(host)
            raise

    def _opening(self) -> Doc:
        first, *rest = self._command["pipeline"]
        at = Timestamp(int(self.mark[2:10], 16), int(self.mark[10:18], 16)) if self.mark else self._at
        stage = {"$changeStream": {**first["$changeStream"], "startAtOperationTime": at}}
        return {**self._command, "pipeline": [stage, *rest]}

    def _more(self, cursor_id: int) -> Doc:
        hurried = time.monotonic() < self._hurried_until
        wait = {"maxTimeMS": _HURRIED_POLL_MS if hurried else _POLL_MS}
        return {"getMore": Int64(cursor_id), "collection": self._collection(), **wait}

    def _checked(self, reply: Mapping[str, Any]) -> Mapping[str, Any]:
        if not reply.get("ok"):
            if reply.get("code") in _REOPEN:
                raise NetworkError(str(reply.get("errmsg")), sent=True)
            labels = tuple(reply.get("errorLabels") or ())
            raise CommandError(reply.get("code", 8), reply.get("errmsg", "change stream failed"), labels=labels)
        self._last_success = time.monotonic()
        if not self.ready.done():
            self.ready.set_result(None)
        return reply

    def _absorb(self, cursor: Mapping[str, Any]) -> bool:
        """Take a batch in; True when the stream has ended for good."""
        before = self.mark
        for event in cursor.get("firstBatch") or cursor.get("nextBatch") or ():
            token = event["_id"]["_data"]
            if token > before:  # reopening by time brings events of that very moment once more
                self.events.append((token, event))
        position = (cursor.get("postBatchResumeToken") or {}).get("_data", "")
        newest = self.events[-1][0] if self.events else ""
        self.mark = max(self.mark, position, newest)
        self._news.set()
        if cursor["id"]:
            return False
        if not self.events or self.events[-1][1].get("operationType") != "invalidate":
            raise NetworkError("the stream ended", sent=True)
        self.mark = _AFTER_EVERYTHING
        return True
