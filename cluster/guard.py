"""Starts every child so that none can outlive this process, and remembers them for the next one.

Four nets, because each has a hole: an orderly stop ends the children; the kernel kills a child whose parent ended
(launch.py), but not the child's children; the guardian kills whole groups, but could itself be killed together with
the supervisor; so the next start on the data directory ends what is recorded here.
"""

import asyncio
import contextlib
import math
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from cluster import guardian, launch, processes
from cluster.datadir import DataDir

RECORD = "processes.json"
ISOLATED_PYTHON = (sys.executable, "-I", "-S")
POLL_SECONDS = 0.05
WATCH_SECONDS = 0.5
LAST_WAIT_SECONDS = 2


class Child:
    """A process of ours that leads a process group of its own."""

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self._popen = popen
        self.pid = popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._popen.poll()

    @property
    def alive(self) -> bool:
        """Whether it runs or is paused."""
        return self.returncode is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a child that ended is left in peace."""
        self._popen.send_signal(number)

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the child and everything it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def kill_group(self) -> None:
        """Kill the child and everything it started."""
        self.signal_group(signal.SIGKILL)

    async def ended(self, seconds: float = math.inf) -> bool:
        """Wait for its end; False if it still runs after that time."""
        return await _becomes_true(lambda: not self.alive, seconds)

    async def group_ended(self, seconds: float) -> bool:
        """Wait until nothing that it started is left either; False if something is after that time."""
        return await _becomes_true(self._group_is_gone, seconds)

    def _group_is_gone(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        return False


async def _becomes_true(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


def end_leftovers(data: DataDir) -> list[int]:
    """End what an earlier supervisor on this directory left behind; returns the process ids."""
    record = data.read_json(RECORD)
    # in a copied directory the record speaks of the original's processes
    if not record or record["dir"] != str(data.path):
        return []
    return processes.end_all(record["run"], [processes.Identity(**known) for known in record["alive"]])


class Guard:
    """The only place that starts processes. Must be used from the main thread: the kernel's parent-death signal
    is bound to the thread that started the child."""

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self._run = secrets.token_hex(16)
        self._children: dict[int, Child] = {}
        self._identities: dict[int, processes.Identity] = {}
        self._guardian, self._pipe = self._start_guardian()
        self.record()

    def spawn(self, command: Sequence[str], *, env: Mapping[str, str], output: "IO[bytes] | int") -> Child:
        """Start a program in a session of its own. Its standard output and error go to `output`."""
        self._revive_guardian()
        popen = subprocess.Popen(
            [*ISOLATED_PYTHON, str(Path(launch.__file__)), str(os.getpid()), *command],
            env={**env, processes.RUN_VARIABLE: self._run},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        self._children[popen.pid] = child = Child(popen)
        self._tell(_born(popen.pid))
        return child

    def record(self) -> None:
        """Write down who lives."""
        for pid in self._children.keys() - self._identities.keys():
            identity = processes.identify(pid)
            # before it executes its program a child still has the launcher's name
            if identity and launch.__file__ not in identity.command:
                self._identities[pid] = identity
        alive = [identity.as_dict() for identity in self._identities.values()]
        self._data.write_json(RECORD, {"run": self._run, "dir": str(self._data.path), "alive": alive})

    async def watch(self) -> None:
        """Record new children as soon as they execute their programs, and see that the guardian lives."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self._revive_guardian()
            if self._children.keys() - self._identities.keys():
                with contextlib.suppress(OSError):  # a full disk is no reason to stop a shop
                    self.record()

    def forget(self, child: Child) -> None:
        """Note that a child and its group are gone."""
        self._children.pop(child.pid, None)
        self._identities.pop(child.pid, None)
        self._tell(f"-{child.pid}\n".encode())

    async def close(self) -> None:
        """End whatever still lives, and the guardian."""
        for child in list(self._children.values()):
            child.kill_group()
            await child.ended()
            await child.group_ended(LAST_WAIT_SECONDS)
            self.forget(child)
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._guardian.wait()
        self._data.remove(RECORD)

    def _start_guardian(self) -> "tuple[subprocess.Popen[bytes], IO[bytes]]":
        """It finds in its pipe who lives: from its first moment on nobody can be left behind."""
        read_end, write_end = os.pipe()  # neither is inherited, so nobody but us holds the writing end
        for pid in self._children:
            os.write(write_end, _born(pid))
        process = subprocess.Popen(
            [*ISOLATED_PYTHON, str(Path(guardian.__file__))],
            env={**os.environ, processes.RUN_VARIABLE: self._run},
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_end)
        return process, os.fdopen(write_end, "wb", buffering=0)

    def _revive_guardian(self) -> None:
        if self._guardian.poll() is None:
            return
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._guardian, self._pipe = self._start_guardian()

    def _tell(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # a dead guardian is revived, and told, at the next start of a child
            self._pipe.write(line)


def _born(pid: int) -> bytes:
    return f"+{pid} {guardian.started_at(pid)}\n".encode()
