"""A server under measurement: whether it is ready, and what its worker processes cost."""

from __future__ import annotations

import time

import httpx
import psutil

from bench.processes import Process

READY_SECONDS, POLL_SECONDS = 60, 0.1


class NotReady(Exception):
    """A server did not start; its own messages stand above."""


class Server:
    def __init__(self, process: Process, port: int, workers: int) -> None:
        self._process, self._workers = process, workers
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_ready(self) -> None:
        """Returns when every worker serves. Raises NotReady."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise NotReady(f"it ended with exit code {self._process.returncode}")
            if len(self.workers()) == self._workers and self._answers():
                return
            time.sleep(POLL_SECONDS)
        raise NotReady(f"{self.url} does not answer after {READY_SECONDS} s")

    def workers(self) -> list[psutil.Process]:
        """The processes that handle requests: of all that were started, those that have worked most."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        return sorted(children, key=_cpu_seconds)[-self._workers :]

    def cpu_seconds(self) -> float:
        """What the workers have used so far, user and system."""
        return sum(_cpu_seconds(worker) for worker in self.workers())

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code < 500  # yardsticks know no such page
        except httpx.TransportError:
            return False


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
