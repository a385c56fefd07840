"""The processes of a cluster: started, restarted when they crash, killed and paused on request."""

import asyncio
import os
import signal
from collections.abc import Sequence

from cluster import mongod, processes, replica
from cluster.console import log
from cluster.datadir import DataDir
from cluster.errors import ActionRefused
from cluster.guard import Child, Guard
from cluster.topology import NodeSpec

WATCH_SECONDS = 0.1
FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
STABLE_SECONDS = 10
STOP_SECONDS = 20


class Node:
    """One process. After `kill()` it stays down; when it ends for any other reason, `watch()` starts it again."""

    def __init__(self, spec: NodeSpec, *, data: DataDir, guard: Guard, command: Sequence[str]) -> None:
        self.spec = spec
        self.failures = 0
        """How often in a row it ended soon after its start."""
        self._data, self._guard, self._command = data, guard, command
        self._child: Child | None = None
        self._killed = False
        self._started = 0.0
        self._action = asyncio.Lock()

    @property
    def state(self) -> str:
        """running, paused, killed (on purpose) or crashed."""
        if self._child is None or not self._child.alive:
            return "killed" if self._killed else "crashed"
        return "paused" if processes.is_paused(self._child.pid) else "running"

    def record(self) -> dict[str, object]:
        """What the control endpoint tells of it."""
        state = self.state
        pid = self._child.pid if self._child and state in ("running", "paused") else None
        spec = self.spec
        about = {"node": spec.name, "host": spec.host, "role": spec.role, "set": spec.replica_set}
        return {**about, "process": state, "pid": pid}

    def spawn(self) -> None:
        """Start the process without waiting for it."""
        if self._child:
            self._guard.forget(self._child)
        self._killed = False
        self._started = asyncio.get_running_loop().time()
        with self._data.log_path(self.spec.name).open("ab") as output:
            self._child = self._guard.spawn(self._command, env=os.environ, output=output.fileno())

    async def act(self, action: str) -> dict[str, object]:
        """Do what a user asks for; raises ActionRefused if that makes no sense now."""
        async with self._action:
            await getattr(self, f"_{action}")()
            return self.record()

    async def watch(self) -> None:
        """Start the process again whenever it ended by itself, later and later if it keeps ending."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if self._killed or (self._child and self._child.alive):
                continue
            lived = asyncio.get_running_loop().time() - self._started
            self.failures = self.failures + 1 if lived < STABLE_SECONDS else 1
            delay = min(FIRST_DELAY * 2 ** (self.failures - 1), LONGEST_DELAY)
            log(f"{self.spec.name} ended by itself ({self._ending()}); starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            if self.state == "crashed":
                self._try_to_spawn()

    def _try_to_spawn(self) -> None:
        try:
            self.spawn()
        except OSError as error:  # out of memory or disk: once more, later
            log(f"{self.spec.name} cannot be started: {error}")

    async def stop(self) -> None:
        """End the process in an orderly way, by force if that takes too long."""
        self._killed = True
        if self._child is None:
            return
        self._child.send(signal.SIGTERM)
        self._child.send(signal.SIGCONT)
        if not await self._child.ended(STOP_SECONDS):
            log(f"{self.spec.name} does not stop: killing it")
            self._child.kill_group()
            await self._child.ended(STOP_SECONDS)
        self._guard.forget(self._child)

    async def _start(self) -> None:
        if self.state in ("running", "paused"):
            raise ActionRefused(f"{self.spec.name} is {self.state} already")
        self.spawn()

    async def _kill(self) -> None:
        child = self._require("running", "paused", "crashed")
        self._killed = True
        child.send(signal.SIGKILL)
        await child.ended(STOP_SECONDS)

    async def _pause(self) -> None:
        await self._switch(self._require("running"), signal.SIGSTOP, "paused")

    async def _resume(self) -> None:
        await self._switch(self._require("paused"), signal.SIGCONT, "running")

    async def _stepdown(self) -> None:
        self._require("running")
        if self.spec.replica_set is None:
            raise ActionRefused(f"{self.spec.name} is no member of a replica set")
        try:
            await replica.step_down(self.spec.host)
        except ActionRefused as refusal:
            raise ActionRefused(f"{self.spec.name}: {refusal}") from None

    async def _switch(self, child: Child, number: signal.Signals, state: str) -> None:
        child.send(number)
        for _ in range(20):  # the kernel delivers it a moment later
            if self.state == state:
                return
            await asyncio.sleep(0.05)

    def _require(self, *states: str) -> Child:
        if self._child is None or self.state not in states:
            raise ActionRefused(f"{self.spec.name} is {self.state}")
        return self._child

    def _ending(self) -> str:
        code = self._child.returncode if self._child else None
        if code is None or code < 0:
            return f"signal {-code}" if code else "never started"
        return f"exit code {code}: {mongod.last_words(self._data.log_path(self.spec.name))}"
