"""The shop on top of the database: seeded once, served, and started again if it dies."""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Mapping

from cluster.console import log
from cluster.datadir import DataDir
from cluster.errors import AppFailed
from cluster.guard import Child, Guard
from cluster.topology import HOST

COMMAND_VARIABLE = "SHARDMART_CLUSTER_APP"
"""Replaces `python -m shardmart` (tests of this package)."""

SEEDED = "seeded"
STANDARD_ERROR = 2  # standard output carries the READY line alone
POLL_SECONDS = 0.05
READY_SECONDS = 180
STOP_SECONDS, STOP_UNREADY_SECONDS = 12, 2
FIRST_DELAY, LONGEST_DELAY, STABLE_SECONDS = 0.5, 10.0, 30


class App:
    """The processes of the shop; `environment` is what it is told about its database and address."""

    def __init__(self, port: int, *, environment: Mapping[str, str], data: DataDir, guard: Guard) -> None:
        self._port = port
        self._environment = {**os.environ, **environment}
        self._data, self._guard = data, guard
        self._child: Child | None = None
        self._ready = False

    @property
    def url(self) -> str:
        """Where the shop is served."""
        return f"http://{HOST}:{self._port}"

    async def seed(self) -> None:
        """Fill an empty shop, once per data directory; raises AppFailed if that fails."""
        if self._data.has(SEEDED) or os.environ.get("SHARDMART_SEED") == "off":
            return
        log("seeding")
        child = self._spawn("seed")
        await child.ended()
        self._bury(child)
        if child.returncode != 0:
            raise AppFailed(f"seeding the shop failed ({_ending(child)}); its messages stand above")
        self._data.write_json(SEEDED, True)

    async def serve(self) -> None:
        """Start the shop and return once it is ready; raises AppFailed if it refuses to start."""
        child = self._spawn("serve")
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await self._answers():
            if not child.alive:
                raise AppFailed(f"the shop ended before it was ready ({_ending(child)}); its messages stand above")
            if asyncio.get_running_loop().time() > deadline:
                raise AppFailed(f"the shop was not ready after {READY_SECONDS} s: GET {self.url}/readyz is not 200")
            await asyncio.sleep(POLL_SECONDS)
        self._ready = True

    async def watch(self) -> None:
        """Start the shop again whenever it ends by itself, later and later if it keeps ending."""
        delay = FIRST_DELAY
        while child := self._child:
            lived = await self._until_end(child)
            delay = FIRST_DELAY if lived > STABLE_SECONDS else min(delay * 2, LONGEST_DELAY)
            log(f"the shop ended by itself ({_ending(child)}); starting it again in {delay:g} s")
            self._ready = False
            self._bury(child)  # its workers may live on and hold the port
            await asyncio.sleep(delay)
            await child.group_ended(2)
            with contextlib.suppress(OSError):  # out of memory: once more, later
                self._spawn("serve")

    async def _until_end(self, child: Child) -> float:
        """Wait for the child's end, noting when it becomes ready; returns how long it was watched."""
        clock = asyncio.get_running_loop().time
        started = clock()
        while child.alive:
            self._ready = self._ready or await self._answers()
            await asyncio.sleep(POLL_SECONDS)
        return clock() - started

    async def stop(self) -> None:
        """Let running requests finish, then end everything that belongs to the shop."""
        child = self._child
        if child is None:
            return
        child.send(signal.SIGTERM)
        child.send(signal.SIGCONT)
        # Sanic hangs when it is told to stop before all of its workers are up
        if not await child.ended(STOP_SECONDS if self._ready else STOP_UNREADY_SECONDS) and self._ready:
            log("the shop does not stop: killing it")
        self._bury(child)
        await child.ended(STOP_SECONDS)
        await child.group_ended(2)

    def _spawn(self, verb: str) -> Child:
        command = shlex.split(os.environ.get(COMMAND_VARIABLE, "")) or [sys.executable, "-m", "shardmart"]
        self._child = self._guard.spawn([*command, verb], env=self._environment, output=STANDARD_ERROR)
        return self._child

    def _bury(self, child: Child) -> None:
        child.kill_group()
        self._guard.forget(child)

    async def _answers(self) -> bool:
        """Whether GET /readyz answers 200."""
        try:
            return await asyncio.wait_for(self._ask(), 2)
        except (OSError, asyncio.TimeoutError):
            return False

    async def _ask(self) -> bool:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {HOST}:{self._port}\r\nConnection: close\r\n\r\n".encode())
            return (await reader.readline()).split()[1:2] == [b"200"]
        finally:
            writer.close()


def _ending(child: Child) -> str:
    code = child.returncode or 0
    return f"signal {-code}" if code < 0 else f"exit code {code}"
