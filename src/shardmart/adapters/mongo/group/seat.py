"""A worker's seat at its app node: it leads, or follows whoever does, or commits alone while there is nobody.

All three are the same to its callers and equally correct, for every member carries its own id: one that was sent to
a committer which then died is simply sent again, and happens once. They differ in speed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from shardmart import metrics
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group import lock as locks
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.link import HUNG_SECONDS, Link, LinkLost
from shardmart.adapters.mongo.group.lock import Lock
from shardmart.adapters.mongo.group.members import Answer, Member
from shardmart.adapters.mongo.group.server import Server
from shardmart.adapters.mongo.group.sessions import kill_sessions

CHECK_SECONDS, RETRY_SECONDS, KILL_SECONDS = 0.25, 0.05, 1.0
GRACE_SECONDS = 0.3  # how long a member whose committer was lost waits for the next one before it goes alone
log = logging.getLogger("shardmart.group")


class Seat:
    def __init__(self, mongo: Mongo, runtime_dir: Path | None, *, committer: Committer | None = None) -> None:
        self._mongo = mongo
        self._own = committer or Committer(mongo)
        self._directory = runtime_dir or Path()
        self._lock_path, self._socket_path = self._directory / "committer.lock", self._directory / "committer.sock"
        self._is_alone = runtime_dir is None
        self._link: Link | None = None
        self._settled = asyncio.Event()  # set while this worker leads or follows
        self._unreachable_since: float | None = None  # a lock is held and nobody opens
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Takes part in elections. Before it, and without a runtime directory, members are committed alone."""
        if not self._is_alone:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Hands over to another worker: what was taken is answered first."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._own.close()

    @property
    def leads(self) -> bool:
        return self._settled.is_set() and self._link is None

    def state(self) -> dict[str, Any]:
        """This worker's part in the app node, and the process that leads it."""
        part = "leads" if self.leads else "follows" if self._settled.is_set() else "alone"
        return {"state": part, "pid": None if part == "alone" else locks.holder_of(self._lock_path)}

    async def submit(self, member: Member, *, deadline: float) -> Answer:
        """The member's answer. Raises Unavailable when too many wait, or at the deadline: it is unknown then."""
        for _ in range(2):  # a committer that dies is replaced; if that one dies too, alone
            await self._election()
            if self._link is None:
                break
            with suppress(LinkLost):
                return await self._link.submit(member, deadline=deadline)
        if self._task is not None and not self.leads:
            metrics.FALLBACKS.inc()
        return await self._own.submit(member, deadline=deadline)

    async def _election(self) -> None:
        """Waits a moment for its end when there is one."""
        if self._task is not None and not self._settled.is_set():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._settled.wait(), GRACE_SECONDS)

    async def _run(self) -> None:
        while True:
            try:
                locks.prepare(self._directory)
                lock = Lock.acquire(self._lock_path)
                await (self._lead(lock) if lock is not None else self._follow())
            except OSError as error:
                log.error("no committer can be elected, every worker commits alone", exc_info=error)
                await asyncio.sleep(1.0)
            await asyncio.sleep(RETRY_SECONDS)

    async def _lead(self, lock: Lock) -> None:
        server = Server(self._own, self._socket_path)
        try:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(kill_sessions(self._mongo, lock.predecessor), KILL_SECONDS)
            lock.write(self._own.sessions.ids)
            self._own.sessions.announce = lock.write
            await server.open()
            metrics.COMMITTERS.inc()
            self._settled.set()
            await self._until(lambda: not (lock.is_current() and server.is_reachable()))
            log.warning("the committer's lock or socket was taken away: a new election")
        finally:
            self._settled.clear()
            self._own.sessions.announce = lambda ids: None
            try:
                await server.close()
            finally:
                lock.release()

    async def _until(self, over: Callable[[], bool]) -> None:
        """Files tell nobody when they change: they are looked at now and then."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if over():
                return

    async def _follow(self) -> None:
        held = locks.inode(self._lock_path)
        try:
            link = await Link.connect(self._socket_path)
        except (OSError, asyncio.TimeoutError):
            now = asyncio.get_running_loop().time()
            self._unreachable_since = self._unreachable_since or now
            if now - self._unreachable_since >= HUNG_SECONDS:
                await self._depose(held)
            return
        self._link, self._unreachable_since = link, None
        self._settled.set()
        try:
            hung = await link.serve()
        finally:
            self._link = None
            self._settled.clear()
        if hung:
            await self._depose(held)

    async def _depose(self, held: int | None) -> None:
        """The holder of the lock hangs: what it has open is ended, and its lock taken away."""
        log.warning("the committer does not answer: a new election")
        self._unreachable_since = None
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(kill_sessions(self._mongo, locks.sessions_of(self._lock_path)), KILL_SECONDS)
        locks.depose(self._lock_path, held)
