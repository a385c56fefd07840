"""Locust, in processes of its own: gevent changes a process too deeply to share one with it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from cluster import ports
from cluster.topology import HOST
from loadtests.common import ledger, playing
from loadtests.common.needs import SCENARIOS
from loadtests.demo import ROOT
from loadtests.errors import CouldNotRun
from loadtests.options import Options

LAST_TASKS_SECONDS = 20  # how long users may finish what they are at when time is up
END_SECONDS = LAST_TASKS_SECONDS + 25


def check_locust() -> None:
    """Raises CouldNotRun when Locust is not installed."""
    if importlib.util.find_spec("locust") is None:
        raise CouldNotRun("Locust is not installed: pip install -e '.[load]', or make setup")


def _several(processes: int) -> list[str]:
    """A port of its own: on Locust's own the workers of two runs would come to one master."""
    port = ports.choose(1)[0]
    master = f"--master-bind-host {HOST} --master-bind-port {port} --master-host {HOST} --master-port {port}"
    return ["--processes", str(processes), *master.split()]


class Generator:
    """Users on a stage. `directory`: where ledgers and statistics come to lie, empty before."""

    def __init__(self, options: Options, url: str, *, stage_file: Path, directory: Path, log_file: Path) -> None:
        self._options = options
        self._directory = directory
        self._log_file = log_file
        environment = {
            **os.environ,
            playing.STAGE_VARIABLE: str(stage_file),
            playing.DIRECTORY_VARIABLE: str(directory),
            playing.PROCESSES_VARIABLE: str(options.processes),
        }
        command = [sys.executable, "-m", "locust", "-f", str(ROOT / "loadtests" / "locustfile.py"), "--headless"]
        command += ["--host", url, "--users", str(options.users), "--spawn-rate", str(options.users)]
        command += ["--stop-timeout", str(LAST_TASKS_SECONDS)]  # the locustfile sees to the time
        command += ["--only-summary", "--exit-code-on-error", "0", "--loglevel", "WARNING"]
        command += _several(options.processes) if options.processes > 1 else []
        with log_file.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, SCENARIOS[options.scenario].user],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Asks it to end, lets users finish what they are at, and kills what is left."""
        if self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def statistics(self) -> dict[str, dict[str, Any]]:
        """Latency and counts by request name; empty when Locust was cut off. Raises CouldNotRun if it failed."""
        path = self._directory / ledger.STATISTICS
        if path.exists():
            found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
            return found
        if self._process.returncode not in (0, None) and self._process.returncode > 0:
            raise CouldNotRun(f"Locust ended with {self._process.returncode}: {self.last_words()}")
        return {}

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self._log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"see {self._log_file}"
