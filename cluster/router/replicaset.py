"""A replica set as the router sees it: its members, its primary, and what may be repeated when the primary
dies."""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId

from cluster.router.backend import Pool
from cluster.router.errors import NEVER_RAN, NOT_PRIMARY, NetworkError
from cluster.router.wire import Reply

_HELLO_SECONDS = 1.5
_NO_ELECTION = ObjectId("0" * 24)


class Repeat(enum.Enum):
    """When a command may be sent again to the next primary."""

    ALWAYS = "always"  # reads, and writes with a transaction number
    IF_NOT_RUN = "if not run"  # plain writes: only when nothing can have happened
    NEVER = "never"  # statements of a transaction: they belong to one primary


class ReplicaSet:
    """One shard, or the config servers."""

    def __init__(self, name: str, hosts: Iterable[str], pool: Pool) -> None:
        self.name = name
        self.hosts = list(hosts)
        self.known_primary: str | None = None
        self._pool = pool
        self._election = _NO_ELECTION
        self._search: asyncio.Future[None] | None = None

    async def primary(self, deadline: float) -> str:
        """The primary's address; waits for an election until the deadline."""
        while self.known_primary is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NetworkError(f"no primary for {self.name}", sent=False)
            if self._search is None or self._search.done():  # one search for all who wait
                self._search = asyncio.ensure_future(self._discover())
            await asyncio.wait([self._search], timeout=left)
            if self.known_primary is None:
                await asyncio.sleep(0.1)
        return self.known_primary

    def lost_primary(self, host: str) -> None:
        """The host did not answer, or said that it is no primary."""
        if self.known_primary == host:
            self.known_primary = None

    def learn(self, hosts: Iterable[str]) -> None:
        """Add members."""
        self.hosts += [host for host in hosts if host not in self.hosts]

    async def _discover(self) -> None:
        # the first that calls itself primary wins: a member that hangs must not hold the others' answers up
        asking = [asyncio.ensure_future(self._hello(host)) for host in self.hosts]
        try:
            for answer in asyncio.as_completed(asking):
                host, hello = await answer
                self.learn(hello.get("hosts") or ())
                election = hello.get("electionId") or _NO_ELECTION
                if hello.get("isWritablePrimary") and election >= self._election:
                    self._election, self.known_primary = election, host
                    return
        finally:
            for task in asking:
                task.cancel()

    async def _hello(self, host: str) -> tuple[str, Mapping[str, Any]]:
        try:
            return host, await asyncio.wait_for(self._pool.command(host, "admin", {"hello": 1}), _HELLO_SECONDS)
        except (NetworkError, asyncio.TimeoutError):
            return host, {}

    async def command(
        self, db: str, command: Mapping[str, Any], *, deadline: float, repeat: Repeat = Repeat.ALWAYS
    ) -> Reply:
        """Run a command on the primary, on the next one when it dies (as far as `repeat` allows)."""
        while True:
            host = await self.primary(deadline)
            try:
                reply = await self._pool.command(host, db, command)
            except NetworkError as error:
                self.lost_primary(host)
                if not may_repeat(repeat, ran=error.sent) or time.monotonic() > deadline:
                    raise
                continue
            code = error_code(reply)
            if code not in NOT_PRIMARY:
                return reply
            self.lost_primary(host)
            if not may_repeat(repeat, ran=code not in NEVER_RAN) or time.monotonic() > deadline:
                return reply
            await asyncio.sleep(0.05)


def may_repeat(repeat: Repeat, *, ran: bool) -> bool:
    """May a command be sent again, knowing whether it may have run?"""
    return repeat is Repeat.ALWAYS or (repeat is Repeat.IF_NOT_RUN and not ran)


def error_code(reply: Mapping[str, Any]) -> int:
    """The code of the command's error or of its write concern's, 0 if all is well."""
    concern = reply.get("writeConcernError") or {}
    return int(reply.get("code") or concern.get("code") or 0)
