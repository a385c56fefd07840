"""Runs `python -m cluster ...` for tests and sees that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil

from cluster import commands
from cluster.datadir import DataDir

ROOT = Path(__file__).resolve().parents[2]
STANDIN = Path(__file__).with_name("standin.py")
MARK = "CLUSTER_TEST_HOME"
START_SECONDS = 60.0
Value = TypeVar("Value")


def until(probe: Callable[[], Value], what: str, within: float = 30) -> Value:
    """The first true value of a probe."""
    deadline = time.monotonic() + within
    while not (value := probe()):
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.05)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    """A directory in which clusters run, and everything that was started for it."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.data = home / "data"
        self.port = free_port()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHARDMART_")}
        standin = {"SHARDMART_CLUSTER_APP": f"{sys.executable} {STANDIN}"}
        self.environment = inherited | standin | {MARK: str(home)} | settings
        self.supervisor: subprocess.Popen[bytes] | None = None

    # --- commands that end -------------------------------------------------------------------------

    def run(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A command on this place's data directory."""
        command = [sys.executable, "-m", "cluster", *arguments, "--data-dir", str(self.data)]
        # a file and not a pipe: what `up` leaves running would keep a pipe open
        with (self.home / "out").open("w+") as out, (self.home / "err").open("w+") as err:
            code = subprocess.run(
                command, cwd=ROOT, env=self.environment, stdout=out, stderr=err, timeout=timeout, check=False
            ).returncode
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.returncode} {done.stderr}"
        return done.stdout.strip()

    def refused(self, *arguments: str) -> str:
        """The one line with which a command that cannot be done ends."""
        done = self.run(*arguments)
        assert done.returncode == 2, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1, done.stderr
        return done.stderr

    def status(self) -> dict[str, Any]:
        """What the command prints, without the time that it takes to start Python."""
        with warnings.catch_warnings():
            # PyMongo's asynchronous client leaves a socket to the collector when it is closed while connecting
            warnings.simplefilter("ignore", ResourceWarning)
            answer = commands.status(DataDir(self.data))
            gc.collect()
        return answer

    def node(self, name: str) -> dict[str, Any]:
        return next(node for node in self.status()["nodes"] if node["node"] == name)

    def in_state(self, state: str) -> list[str]:
        return [node["node"] for node in self.status()["nodes"] if node["state"] == state]

    def primary(self) -> str:
        return until(lambda: self.in_state("PRIMARY"), "a primary")[0]

    def whole(self) -> bool:
        return len(self.in_state("PRIMARY")) == 1 and not self.in_state("DOWN")

    # --- the control endpoint ----------------------------------------------------------------------

    def control(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "control.json").read_text())
        return found

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        control = self.control()
        connection = http.client.HTTPConnection(urlsplit(control["url"]).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, headers={"Authorization": f"Bearer {control['token']}"} | headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    # --- a demo ------------------------------------------------------------------------------------

    def demo_command(self, *arguments: str) -> list[str]:
        demo = [sys.executable, "-m", "cluster", "demo", "--port", str(self.port), "--data-dir", str(self.data)]
        return [*demo, *arguments]

    def begin(self, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start a demo without waiting; with a prefix it is started by that program."""
        if self.supervisor:
            self.supervisor.wait(10)
        with (self.home / "demo.out").open("wb") as out, (self.home / "demo.err").open("ab") as err:
            self.supervisor = subprocess.Popen(
                [*prefix, *self.demo_command(*arguments)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                # whoever runs the tests under nohup ignores SIGHUP, and what ignores it means to outlive its parent
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
            )
        return self.supervisor

    def start(self, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        supervisor = self.begin(*arguments, prefix=prefix)
        self.await_ready()
        return supervisor

    def await_ready(self) -> None:
        until(lambda: self.said() or (self.supervisor and self.supervisor.poll() is not None), "READY", START_SECONDS)
        assert self.said() == f"READY http://127.0.0.1:{self.port}\n", self.errors()

    def said(self) -> str:
        return (self.home / "demo.out").read_text()

    def errors(self) -> str:
        return (self.home / "demo.err").read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.supervisor
        self.supervisor.send_signal(number)
        return self.supervisor.wait(40)

    # --- what is left ------------------------------------------------------------------------------

    def processes(self, *words: str) -> list[psutil.Process]:
        """All live processes that were started for this place, those whose command line has all the words."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.environ().get(MARK) != str(self.home):
                    continue
                command = " ".join(process.cmdline())
                if all(word in command for word in words):
                    found.append(process)
        return found

    def nothing_left(self, within: float = 5) -> bool:
        return until(lambda: not self.processes(), f"all processes end: {self.processes()}", within)

    def clean_up(self) -> None:
        """End whatever a failed test left."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self.supervisor:
            self.supervisor.wait(10)


@contextlib.contextmanager
def up(home: Path, *arguments: str) -> Iterator[Place]:
    """Nodes in the background, without a shop; nothing may be left of them afterwards."""
    place = Place(home)
    place.ok("up", *arguments)
    yield place
    place.ok("down")
    left = place.processes()
    place.clean_up()
    assert not left
