"""What the handlers share: the router's parts, and one client request as they see it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bson import Timestamp

from cluster.router.backend import Pool
from cluster.router.catalog import Catalog, Placement
from cluster.router.changestream import Streams
from cluster.router.clock import ClusterClock
from cluster.router.cursors import Cursors
from cluster.router.engine import Engine
from cluster.router.errors import INVALID_NAMESPACE, TYPE_MISMATCH, CommandError, Doc, NetworkError, is_stale
from cluster.router.replicaset import ReplicaSet
from cluster.router.sessions import PrivateSessions, session_document
from cluster.router.transactions import Transactions
from cluster.router.wire import decode_sequence

CONFIG_DATABASES = frozenset({"config", "admin"})
_LONGEST_NAME = 255
_CLOCK_SECONDS = 1.0
_CLOCK_PATIENCE_SECONDS = 0.2


@dataclass
class Request:
    """A checked command: `body` has the client's own fields, first the command's; sessions and the like
    are apart."""

    name: str
    db: str
    body: Doc
    deadline: float
    session: bytes | None = None
    txn_number: int | None = None
    read_concern: Doc | None = None
    write_concern: Doc | None = None
    read_preference: Doc | None = None
    sequences: dict[str, bytes] = field(default_factory=dict)

    @property
    def collection(self) -> str:
        """The collection's name, checked."""
        name = next(iter(self.body.values()))
        if not isinstance(name, str):
            raise CommandError(TYPE_MISMATCH, f"collection name has invalid type {type(name).__name__}")
        if not name or "\0" in name or name.startswith(".") or len(name) > _LONGEST_NAME:
            raise CommandError(INVALID_NAMESPACE, f"Invalid namespace specified '{self.db}.{name}'")
        return name

    @property
    def namespace(self) -> str:
        """`database.collection`."""
        return f"{self.db}.{self.collection}"

    @property
    def lsid(self) -> Doc:
        """The session field to forward, if the client sent one."""
        return {"lsid": session_document(self.session)} if self.session else {}

    def concerns(self) -> Doc:
        """The read and write concern to forward."""
        pairs = {"readConcern": self.read_concern, "writeConcern": self.write_concern}
        return {name: value for name, value in pairs.items() if value is not None}

    def pick(self, *names: str) -> Doc:
        """Some fields of the body, those that are there."""
        return {name: self.body[name] for name in names if name in self.body}

    def statements(self, name: str) -> list[Any]:
        """Documents, updates or deletes, from the body or from a document sequence."""
        if name in self.sequences:
            return list(decode_sequence(self.sequences[name]))
        found = self.body.get(name)
        if not isinstance(found, list) or not found:
            raise CommandError(9, f"'{self.name}.{name}' must be a non-empty array")
        return found


class Router:
    """One router process: its connections, its routing table, and the state that clients left here."""

    def __init__(self, config_hosts: list[str], engine_hosts: list[str], *, wait_seconds: float = 6.0) -> None:
        self.wait_seconds = wait_seconds
        self.clock = ClusterClock()
        self.pool = Pool(self.clock)
        self.catalog = Catalog(ReplicaSet("config", config_hosts, self.pool), self.pool, wait_seconds=wait_seconds)
        self.engine = Engine(engine_hosts, self.pool, self.catalog)
        self.private_sessions = PrivateSessions()
        self.cursors = Cursors()
        self.streams = Streams(self.catalog, self.pool)
        self.transactions = Transactions()
        self.started = time.time()
        self.commands: Counter[str] = Counter()
        self.connections = 0
        self._clock_refreshed = -_CLOCK_SECONDS
        self.connection_ids = itertools.count(1)

    async def shard(self, name: str) -> ReplicaSet:
        """A shard by its name."""
        return await self.catalog.shard(name)

    async def settled(
        self,
        namespace: str,
        deadline: float,
        attempt: Callable[[Placement | None], Awaitable[Doc]],
        *,
        create: bool = False,
    ) -> Doc:
        """Call `attempt` with the collection's placement, again with a fresh one while shards say it was
        stale."""
        pause = 0.01
        while True:
            reply = await attempt(await self.catalog.placement(namespace, create=create))
            if not is_stale(reply):
                return reply
            self.catalog.forget(namespace)
            if time.monotonic() > deadline:
                return reply
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.2)

    async def snapshot_time(self, after: Timestamp | None = None) -> Timestamp:
        """One cluster time for a snapshot over all shards. Ours may be old when nothing was asked for a
        while."""
        if time.monotonic() - self._clock_refreshed > _CLOCK_SECONDS or self.clock.now is None:
            await self._refresh_clock()
        known = [moment for moment in (self.clock.now, after) if moment is not None]
        if not known:
            raise NetworkError("no shard tells the time", sent=False)
        return max(known)

    async def _refresh_clock(self) -> None:
        """Ask the shards. One that is away must not hold up the transactions that it has no part in."""
        deadline = time.monotonic() + self.wait_seconds
        shards = (self.catalog.shards or await self.catalog.load_shards()).values()
        if not shards:
            return
        pings = [asyncio.ensure_future(shard.command("admin", {"ping": 1}, deadline=deadline)) for shard in shards]
        try:
            await asyncio.wait(pings, timeout=_CLOCK_PATIENCE_SECONDS)
            if self.clock.now is None:
                await asyncio.wait(pings, timeout=self.wait_seconds, return_when=asyncio.FIRST_COMPLETED)
            self._clock_refreshed = time.monotonic()
        finally:
            for ping in pings:
                ping.cancel()
            await asyncio.gather(*pings, return_exceptions=True)

    async def forget_routing(self, namespace: str | None = None) -> None:
        """After DDL: forget what is cached here and in the engine."""
        self.catalog.forget(namespace)
        await self.engine.flush_all()

    async def housekeeping(self) -> None:
        """Drop what clients left behind and learn of new shards; runs until cancelled."""
        while True:
            await asyncio.sleep(10)
            self.transactions.expire()
            await self.cursors.expire()
            with contextlib.suppress(CommandError, NetworkError):  # the config servers are away: next time
                await self.catalog.load_shards()
