"""Starts every process of a benchmark, each in a group of its own, and sees to it that none is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 15
Process = subprocess.Popen[str]


class Processes:
    """Runs Python modules. What still lives when this process ends, the keeper ends (keeper.py)."""

    def __init__(self, data_dir: Path) -> None:
        command = [sys.executable, "-m", "bench.keeper", str(data_dir)]
        self._keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True)

    @contextlib.contextmanager
    def start(
        self, module: Sequence[str], env: Mapping[str, str], *, output: IO[str] | int = sys.stderr
    ) -> Iterator[Process]:
        """`python -m module …`, until the end of the block; its standard output goes to `output`."""
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            text=True,
            start_new_session=True,
        )
        self._tell(f"+{process.pid}")
        try:
            yield process
        finally:
            _end(process)
            self._tell(f"-{process.pid}")

    def run(self, module: Sequence[str], env: Mapping[str, str]) -> str:
        """The standard output of a module that ends by itself. Raises subprocess.CalledProcessError."""
        with self.start(module, env, output=subprocess.PIPE) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, ["python", "-m", *module])
        return output

    def close(self) -> None:
        """Lets the keeper end what is left, the cluster first of all, and waits for it."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait()

    def _tell(self, line: str) -> None:
        if self._keeper.stdin:
            self._keeper.stdin.write(line + "\n")
            self._keeper.stdin.flush()


def _end(process: Process) -> None:
    """Asks once, then kills the group: workers must not outlive their manager."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
