"""The routing engine: a mongod that owns no data but has mongos' machinery for reads over several shards
compiled in.

Only reads go there. Writes through it would have to leave the session behind (a `cluster*` write with a
transaction number takes mongod down), and change streams through it crash it when they are idle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from cluster.router.backend import Pool
from cluster.router.catalog import Catalog
from cluster.router.errors import NOT_PRIMARY, Doc, NetworkError, is_stale
from cluster.router.wire import Reply

_AVOID_REFUSING_SECONDS, _AVOID_HANGING_SECONDS = 1.0, 5.0


class Engine:
    """The engine nodes; while none answers, the shards' primaries do the same work."""

    def __init__(self, hosts: list[str], pool: Pool, catalog: Catalog) -> None:
        self._hosts = hosts
        self._pool = pool
        self._catalog = catalog
        self._down_until: dict[str, float] = {}

    async def read(self, db: str, command: Doc, *, deadline: float) -> Reply:
        """Run a `cluster*` read. When its routing table turns out to be stale, the answer says so and it
        is flushed."""
        reply = await self._anywhere(db, command, deadline)
        if is_stale(reply):
            await self.flush(reply.host)
        return reply

    async def flush(self, host: str) -> None:
        """Make an engine forget its routing table: unlike mongos, mongod does not do so by itself."""
        await self._pool.command(host, "admin", {"flushRouterConfig": 1})

    async def flush_all(self) -> None:
        """After DDL: every engine that is up forgets its routing table."""
        for host in self._hosts:
            try:
                await self.flush(host)
            except NetworkError:
                continue

    async def _anywhere(self, db: str, command: Doc, deadline: float) -> Reply:
        while True:
            async for host in self._candidates(deadline):
                try:
                    reply = await self._pool.command(host, db, command)
                except NetworkError as error:
                    pause = _AVOID_HANGING_SECONDS if error.sent else _AVOID_REFUSING_SECONDS
                    self._down_until[host] = time.monotonic() + pause
                    self._lost(host)
                    continue
                if reply.get("code") not in NOT_PRIMARY:
                    return reply
                self._lost(host)
            if time.monotonic() > deadline:
                raise NetworkError("no routing engine is reachable", sent=False)
            await asyncio.sleep(0.1)

    async def _candidates(self, deadline: float) -> AsyncIterator[str]:
        for host in self._hosts:
            if self._down_until.get(host, 0) < time.monotonic():
                yield host
        shards = list((self._catalog.shards or await self._catalog.load_shards()).values())
        for shard in sorted(shards, key=lambda shard: shard.known_primary is None):
            try:
                yield await shard.primary(min(deadline, time.monotonic() + 1))
            except NetworkError:
                continue

    def _lost(self, host: str) -> None:
        for shard in self._catalog.shards.values():
            shard.lost_primary(host)
