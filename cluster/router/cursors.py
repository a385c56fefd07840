"""Open cursors: one of a shard, one of the engine, or a merged change stream, all behind the same three
methods."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Protocol

from bson import Int64

from cluster.router.backend import Pool
from cluster.router.catalog import Catalog
from cluster.router.errors import CURSOR_NOT_FOUND, RESUMABLE_STREAM, CommandError, Doc, NetworkError
from cluster.router.sessions import PrivateSessions, session_document

IDLE_SECONDS = 600.0


class OpenCursor(Protocol):
    """A cursor that a client may ask for more. Unasked for `idle_seconds` it is killed."""

    idle_seconds: float

    async def more(self, collection: str, options: Doc) -> Doc:
        """The next batch, as the answer to getMore. `options`: batchSize, maxTimeMS and the client's lsid."""

    async def kill(self) -> None:
        """Free what it holds on the servers."""

    def exhausted(self) -> None:
        """It came to its end by itself."""


class ShardCursor:
    """A cursor on one shard (or on the config servers), in the client's own session."""

    idle_seconds = IDLE_SECONDS

    def __init__(self, pool: Pool, host: str, db: str, collection: str, cursor_id: int) -> None:
        self._pool, self._host, self._db, self._collection, self._id = pool, host, db, collection, cursor_id

    async def more(self, collection: str, options: Doc) -> Doc:
        """getMore on the same host."""
        command = {"getMore": Int64(self._id), "collection": collection, **options}
        return await _continued(self._pool, self._host, self._db, command)

    async def kill(self) -> None:
        """killCursors on the same host."""
        command = {"killCursors": self._collection, "cursors": [Int64(self._id)]}
        await self._pool.command(self._host, self._db, command)

    def exhausted(self) -> None:
        """Nothing to free."""


class EngineCursor:
    """A merged cursor on the engine, in a private session."""

    idle_seconds = IDLE_SECONDS

    def __init__(
        self,
        pool: Pool,
        catalog: Catalog,
        sessions: PrivateSessions,
        *,
        host: str,
        db: str,
        cursor_id: int,
        session: bytes,
    ) -> None:
        self._pool, self._catalog, self._sessions = pool, catalog, sessions
        self._host, self._db, self._id, self._session = host, db, cursor_id, session
        self._collection = ""

    async def more(self, collection: str, options: Doc) -> Doc:
        """clusterGetMore on the same engine with the same private session."""
        self._collection = collection
        private = {**options, "lsid": session_document(self._session)}
        command = {"clusterGetMore": Int64(self._id), "collection": collection, **private}
        return await _continued(self._pool, self._host, self._db, command)

    async def kill(self) -> None:
        """mongod has no way to kill the engine's half: kill the session on the shards, then a getMore runs
        into that and makes the engine drop its half by itself."""
        lsid = session_document(self._session)
        deadline = time.monotonic() + 2
        kills = [
            shard.command("admin", {"killSessions": [lsid]}, deadline=deadline)
            for shard in self._catalog.shards.values()
        ]
        await asyncio.gather(*kills, return_exceptions=True)
        command = {"clusterGetMore": Int64(self._id), "collection": self._collection or "x", "lsid": lsid}
        await self._pool.command(self._host, self._db, command)
        self._sessions.release(self._session)

    def exhausted(self) -> None:
        """The private session is free again."""
        self._sessions.release(self._session)


async def _continued(pool: Pool, host: str, db: str, command: Doc) -> Doc:
    try:
        return await pool.command(host, db, command)
    except NetworkError as error:
        raise CommandError(
            CURSOR_NOT_FOUND, f"the cursor's node is lost: {error}", labels=(RESUMABLE_STREAM,)
        ) from error


class Cursors:
    """All open cursors by their ids, with the client session that opened each."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[OpenCursor, bytes | None, float]] = {}
        self._killing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, cursor: OpenCursor, session: bytes | None, cursor_id: int | None = None) -> int:
        """Remember a cursor; without an id of its own it gets one."""
        identifier = cursor_id or random.getrandbits(62) | 1
        self._open[identifier] = (cursor, session, time.monotonic())
        return identifier

    async def more(self, cursor_id: int, collection: str, options: Doc) -> Doc:
        """Answer a getMore."""
        cursor = self._find(cursor_id)
        session = self._open[cursor_id][1]
        try:
            reply = await cursor.more(collection, options)
        except CommandError:
            self._open.pop(cursor_id, None)
            raise
        if cursor_id in self._open:
            if not reply.get("ok") or not reply["cursor"]["id"]:
                del self._open[cursor_id]
                cursor.exhausted()
            else:
                self._open[cursor_id] = (cursor, session, time.monotonic())
        return reply

    def _find(self, cursor_id: int) -> OpenCursor:
        try:
            return self._open[cursor_id][0]
        except KeyError:
            raise CommandError(CURSOR_NOT_FOUND, f"cursor id {cursor_id} not found") from None

    def kill(self, cursor_id: int) -> bool:
        """Forget a cursor and free it in the background; False if there is none."""
        found = self._open.pop(cursor_id, None)
        if found is None:
            return False
        task = asyncio.ensure_future(_kill_quietly(found[0]))
        self._killing.add(task)  # asyncio itself keeps only weak references
        task.add_done_callback(self._killing.discard)
        return True

    def kill_of_sessions(self, sessions: set[bytes]) -> None:
        """Kill all cursors that these client sessions opened."""
        for cursor_id, (_, session, _) in list(self._open.items()):
            if session in sessions:
                self.kill(cursor_id)

    async def expire(self) -> None:
        """Kill what nobody asked for in a long time."""
        now = time.monotonic()
        for cursor_id, (cursor, _, touched) in list(self._open.items()):
            if now - touched > cursor.idle_seconds:
                self.kill(cursor_id)

    async def close(self) -> None:
        """Kill everything; waits for it a moment."""
        for cursor_id in list(self._open):
            self.kill(cursor_id)
        if self._killing:
            await asyncio.wait(self._killing, timeout=1)


async def _kill_quietly(cursor: OpenCursor) -> None:
    try:
        await asyncio.wait_for(cursor.kill(), 5)
    except (NetworkError, asyncio.TimeoutError):
        return  # the node is gone and the cursor with it
