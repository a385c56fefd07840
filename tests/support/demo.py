"""Starts `python -m cluster demo` on a free port and a data directory of its own, and ends it without a trace."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from tests.support.clock import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_DEADLINE = 180.0
STOP_DEADLINE = 60.0
TESTING = {"SHARDMART_BCRYPT_ROUNDS": "4", "SHARDMART_LIMITS": "off"}
DEFAULT = "default"  # as the value of a setting: leave the setting to the demo


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**settings: str) -> dict[str, str]:
    """Ours without any SHARDMART_* of the developer's shell, plus the given settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHARDMART_")}
    return inherited | {name: value for name, value in settings.items() if value != DEFAULT}


class Demo:
    def __init__(
        self,
        *,
        topology: str,
        driver: str,
        workers: int = 2,
        nodes: int | None = None,
        apps: int = 1,
        **settings: str,
    ) -> None:
        self.topology = topology
        self.nodes = nodes  # members of each set; None: what the topology has by default
        self.port = free_port()
        self.workers = workers
        self.apps = apps
        self.url = f"http://127.0.0.1:{self.port}"
        # short: paths of Unix sockets inside end at 108 bytes
        self.home = Path(tempfile.mkdtemp(prefix="smt-"))
        self.data_dir = self.home / "data"
        self.log_path = self.home / "demo.log"
        self.environment = clean_environment(**(TESTING | {"SHARDMART_MONGO_DRIVER": driver} | settings))
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._uri: str | None = None
        self.outlived: list[str] = []
        self._ever_seen: dict[int, psutil.Process] = {}

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the demo was not started"
        return self._process

    def start(self) -> Demo:
        self._uri = None
        self._close_output()
        command = [sys.executable, "-m", "cluster", "demo", "--topology", self.topology]
        command += ["--port", str(self.port), "--data-dir", str(self.data_dir), "--workers", str(self.workers)]
        command += ["--nodes", str(self.nodes)] if self.nodes else []
        command += ["--apps", str(self.apps)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        self.note_processes()
        return self

    def _await_ready(self) -> None:
        ready = threading.Event()
        lines: list[str] = []

        def read() -> None:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                lines.append(line.rstrip("\n"))
                if line.startswith("READY "):
                    ready.set()

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + START_DEADLINE
        while not ready.wait(0.1):
            ended = self.process.poll()
            assert ended is None, f"the demo ended with {ended} before it was ready:\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"no READY in {START_DEADLINE:.0f} s:\n{self.log_tail()}"
        assert lines == [f"READY {self.url}"], f"standard output carries more than its one line: {lines}"

    def log_tail(self, characters: int = 4000) -> str:
        return self.log_path.read_text(errors="replace")[-characters:] if self.log_path.exists() else ""

    # --- the processes of it -------------------------------------------------------------------------

    def note_processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.process.pid).children(recursive=True):
                self._ever_seen[process.pid] = process
        return self.leftovers()

    def leftovers(self) -> list[psutil.Process]:
        """Processes seen below this demo that still run."""
        return [process for process in self._ever_seen.values() if _alive(process)]

    def signing_key(self) -> str:
        """The demo makes one for itself; the processes of the shop are told it by their environment."""
        for process in self.note_processes():
            with contextlib.suppress(psutil.Error):
                if found := process.environ().get("SHARDMART_SECRET_KEY"):
                    return found
        raise AssertionError("no process of the demo knows a signing key")

    def worker_serving(self, local_port: int) -> int | None:
        """The process that holds the other end of our connection.

        Both ports count: the kernel gives one local port to several connections that go to different places, and a
        database node may have a client with ours.
        """
        for process in self.note_processes():
            with contextlib.suppress(psutil.Error):
                for connection in process.net_connections(kind="tcp"):
                    if connection.raddr and (connection.laddr.port, connection.raddr.port) == (self.port, local_port):
                        return int(process.pid)
        return None

    def worker_pids(self, attempts: int = 60) -> set[int]:
        """The workers, told by who answers: connections are opened until all of them were met."""
        pids: set[int] = set()
        for _ in range(attempts):
            pid = self._met_worker()
            pids |= {pid} if pid else set()
            if len(pids) >= self.workers:
                break
        return pids

    def _met_worker(self) -> int | None:
        """Who answers a new connection; nobody while workers start."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe,
        ):
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            if probe.recv(12).startswith(b"HTTP/1.1 200"):
                return self.worker_serving(probe.getsockname()[1])
        return None

    # --- the nodes under it --------------------------------------------------------------------------

    def cluster(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cluster", *arguments, "--data-dir", str(self.data_dir)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def node(self, action: str, name: str) -> None:
        done = self.cluster(action, name)
        assert done.returncode == 0, f"cluster {action} {name}: {done.returncode}\n{done.stdout}{done.stderr}"

    def status(self) -> dict[str, Any]:
        done = self.cluster("status", "--json")
        assert done.returncode == 0, f"cluster status: {done.returncode}\n{done.stdout}{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @property
    def uri(self) -> str:
        """Asked once: the ports of a running demo stay as they are."""
        if self._uri is None:
            self._uri = str(self.status()["uri"])
        return self._uri

    def shardmart(self, *arguments: str, timeout: float = 90, **settings: str) -> subprocess.CompletedProcess[str]:
        """The shop's own command line, on the database of this demo."""
        environment = clean_environment(**({"SHARDMART_MONGO_URI": self.uri} | settings))
        return subprocess.run(
            [str(Path(sys.executable).parent / "shardmart"), *arguments],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    # --- the end -------------------------------------------------------------------------------------

    def stop(self) -> int | None:
        """SIGTERM and its exit code; what outlives it is killed one by one, so that no test leaves processes."""
        self.note_processes()
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_DEADLINE)
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait(10)
        self.outlived = [str(process) for process in self.leftovers()]
        for process in self.leftovers():
            with contextlib.suppress(psutil.Error):
                process.kill()
        wait_until(lambda: not self.leftovers(), "the demo's processes end", within=10)
        self._close_output()
        shutil.rmtree(self.home, ignore_errors=True)
        return code

    def _close_output(self) -> None:
        if self._reader is not None and self._process is not None and self._process.stdout is not None:
            self._reader.join(10)
            self._process.stdout.close()


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
