"""Two real workers: killed ones come back, stopping finishes what runs, signals do no harm."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import httpx
import psutil
import pytest

RUNNING = 3.0  # seconds that a request of the served shop takes
PATIENCE = 60


class Server:
    """The server in a session of its own, so that signals to its group reach nobody else."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environ = {**os.environ, "PORT": str(self.port), "WAIT": str(RUNNING)}
        command = [sys.executable, "-m", "tests.unit.web.workers"]
        self.process = subprocess.Popen(command, env=environ, start_new_session=True, stderr=subprocess.PIPE)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20, verify=False)
        self.family: set[psutil.Process] = set()

    def ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/readyz").status_code == 200
        return False

    def workers(self) -> set[int]:
        """The processes that listen, without the main one."""
        self.family |= set(psutil.Process(self.process.pid).children(recursive=True))
        mine = self.survivors()
        return {child.pid for child in mine if _listens(child)}

    def asks(self, path: str) -> socket.socket:
        """A connection on which a request was just sent."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return line

    def listens(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def survivors(self) -> list[psutil.Process]:
        return [one for one in self.family if _lives(one)]


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):  # it ends while it is looked at
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _listens(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(c.status == psutil.CONN_LISTEN for c in process.net_connections("tcp"))
    return False


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    for process in [psutil.Process(server.process.pid)] if server.process.poll() is None else []:
        for one in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    server.process.communicate()
    server.http.close()


def test_a_killed_worker_comes_back_and_readiness_waits_for_it(server: Server) -> None:
    eventually(server.ready)
    eventually(lambda: len(server.workers()) == 2)
    before = server.workers()
    os.kill(min(before), signal.SIGKILL)
    eventually(lambda: len(server.workers()) == 2 and server.workers() != before)
    eventually(server.ready)
    figures = server.http.get("/metrics").text
    assert 'route="/readyz",status="2xx"' in figures, "what the dead worker counted is still there"


@pytest.mark.parametrize("group_wide", [False, True], ids=["to the main process", "to the whole group"])
def test_a_stop_finishes_running_requests_and_refuses_new_ones(server: Server, group_wide: bool) -> None:
    eventually(server.ready)
    server.workers()
    send = os.killpg if group_wide else os.kill
    running = [server.asks("/api/products/") for _ in range(4)]
    time.sleep(RUNNING / 3)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        send(server.process.pid, number)
        time.sleep(0.05)
    for line in running:
        assert line.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        line.close()
    eventually(lambda: not server.listens())
    assert server.process.wait(PATIENCE) == 0
    eventually(lambda: server.survivors() == [])


@pytest.mark.parametrize("seconds", [0.2, 0.8, 1.4])
def test_a_stop_while_workers_start_is_a_clean_stop(server: Server, seconds: float) -> None:
    time.sleep(seconds)
    server.workers()
    os.killpg(server.process.pid, signal.SIGTERM)
    code = server.process.wait(PATIENCE)
    assert code in (0, -signal.SIGTERM), "ends, and within its first moment as any program does"
    eventually(lambda: server.survivors() == [])


def test_nothing_outlives_a_killed_main_process(server: Server) -> None:
    eventually(server.ready)
    server.workers()
    server.process.kill()
    eventually(lambda: server.survivors() == [])
