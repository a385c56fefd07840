"""A program of the shop that answers HTTP: started, started again when it dies, killed and paused on request."""

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence
from typing import IO

from cluster import processes
from cluster.console import log
from cluster.errors import ActionRefused, AppFailed
from cluster.guard import Child, Guard
from cluster.topology import HOST

POLL_SECONDS = 0.05
READY_SECONDS = 180
STOP_SECONDS, STOP_UNREADY_SECONDS = 12, 2
START_SECONDS, GROUP_SECONDS = 10, 2
FIRST_DELAY, LONGEST_DELAY, STABLE_SECONDS = 0.5, 10.0, 30


class Service:
    """One program with all that it starts; ready when its GET /readyz answers 200.

    After `kill` it stays down; when it ends for any other reason, `watch()` starts it again.
    """

    def __init__(
        self,
        name: str,
        *,
        port: int,
        command: Sequence[str],
        environment: Mapping[str, str],
        output: "IO[bytes] | int",
        guard: Guard,
    ) -> None:
        self.name, self.port = name, port
        self._command, self._environment, self._output = command, environment, output
        self._guard = guard
        self._child: Child | None = None
        self._ready = self._killed = False

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://{HOST}:{self.port}"

    def record(self) -> dict[str, object]:
        """What the control endpoint tells of it."""
        process = self._process
        pid = self._child.pid if self._child and process in ("running", "paused") else None
        state = "DOWN" if pid is None or process == "paused" else "READY" if self._ready else "STARTING"
        return {"node": self.name, "host": f"{HOST}:{self.port}", "state": state, "process": process, "pid": pid}

    async def start(self) -> None:
        """Start it and return once it is ready; raises AppFailed if it refuses to start."""
        child = self._spawn(self._command)
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await self._answers():
            if not child.alive:
                raise AppFailed(f"{self.name} ended before it was ready ({ending(child)}); its messages stand above")
            if asyncio.get_running_loop().time() > deadline:
                raise AppFailed(
                    f"{self.name} was not ready after {READY_SECONDS} s: GET {self.url}/readyz is not 200"
                )
            await asyncio.sleep(POLL_SECONDS)
        self._ready = True

    async def act(self, action: str) -> dict[str, object]:
        """Do what a user asks for; raises ActionRefused if that makes no sense now."""
        if action == "stepdown":
            raise ActionRefused(f"{self.name} is no member of a replica set")
        await getattr(self, f"_{action}")()
        return self.record()

    async def watch(self) -> None:
        """Start it again whenever it ends by itself, later and later if it keeps ending."""
        delay = FIRST_DELAY
        while child := self._child:
            lived = await self._until_end(child)
            self._ready = False
            self._bury(child)  # what it started may live on and hold the port
            if not self._killed:
                delay = FIRST_DELAY if lived > STABLE_SECONDS else min(delay * 2, LONGEST_DELAY)
                log(f"{self.name} ended by itself ({ending(child)}); starting it again in {delay:g} s")
                await asyncio.sleep(delay)
            while self._killed:  # noqa: ASYNC110 (nobody sets an event)
                await asyncio.sleep(POLL_SECONDS)
            await child.group_ended(GROUP_SECONDS)
            with contextlib.suppress(OSError):  # out of memory: once more, later
                self._spawn(self._command)

    async def stop(self) -> None:
        """Let running requests finish, then end everything that belongs to it."""
        child = self._child
        if child is None:
            return
        child.send(signal.SIGTERM)
        child.signal_group(signal.SIGCONT)
        # Sanic hangs when it is told to stop before all of its workers are up
        if not await child.ended(STOP_SECONDS if self._ready else STOP_UNREADY_SECONDS) and self._ready:
            log(f"{self.name} does not stop: killing it")
        self._bury(child)
        await child.ended(STOP_SECONDS)
        await child.group_ended(GROUP_SECONDS)

    @property
    def _process(self) -> str:
        """running, paused, killed (on purpose) or crashed."""
        if self._child is None or not self._child.alive:
            return "killed" if self._killed else "crashed"
        return "paused" if processes.is_paused(self._child.pid) else "running"

    async def _kill(self) -> None:
        child = self._require("running", "paused", "crashed")
        self._killed, self._ready = True, False
        child.kill_group()
        await child.ended(STOP_SECONDS)

    async def _start(self) -> None:
        if self._process in ("running", "paused"):
            raise ActionRefused(f"{self.name} is {self._process} already")
        self._killed = False
        await self._becomes("running")

    async def _pause(self) -> None:
        self._require("running").signal_group(signal.SIGSTOP)
        await self._becomes("paused")

    async def _resume(self) -> None:
        self._require("paused").signal_group(signal.SIGCONT)
        await self._becomes("running")

    async def _becomes(self, process: str) -> None:
        """Wait a moment for what was asked for: it is done by `watch()`, or by the kernel."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while self._process != process and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)

    def _require(self, *states: str) -> Child:
        if self._child is None or self._process not in states:
            raise ActionRefused(f"{self.name} is {self._process}")
        return self._child

    async def _until_end(self, child: Child) -> float:
        """Wait for the child's end, noting when it becomes ready; returns how long it was watched."""
        clock = asyncio.get_running_loop().time
        started = clock()
        while child.alive:
            self._ready = self._ready or await self._answers()
            await asyncio.sleep(POLL_SECONDS)
        return clock() - started

    def _spawn(self, command: Sequence[str]) -> Child:
        self._child = self._guard.spawn(command, env=self._environment, output=self._output)
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
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nConnection: close\r\n\r\n".encode())
            return (await reader.readline()).split()[1:2] == [b"200"]
        finally:
            writer.close()


def ending(child: Child) -> str:
    """How a child ended."""
    code = child.returncode or 0
    return f"signal {-code}" if code < 0 else f"exit code {code}"
