"""A demo of the run's own: `python -m cluster demo`, with a data directory that goes with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from cluster import ports
from loadtests.console import log
from loadtests.errors import CouldNotRun, Interrupted
from loadtests.options import Options

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS, STOP_SECONDS = 300, 90
POLL_SECONDS = 0.1
RELAXED = {"SHARDMART_BCRYPT_ROUNDS": "4", "SHARDMART_LIMITS": "off"}
"""A load run logs a thousand people in from one address; its report names these settings."""


class Demo:
    """`settings` are all that the shop is told beside its database and address; `network`: one for each member."""

    def __init__(self, options: Options, stop: threading.Event, *, network: bool = False) -> None:
        self._options, self._stop, self._network = options, stop, network
        self.port = options.port or ports.choose(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self._home = Path(tempfile.mkdtemp(prefix="sml-"))  # short: the path of a Unix socket ends at 108 bytes
        self.data_dir = self._home / "data"
        self._log = options.out / "demo.log"
        self.settings = settings(options)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Returns when the shop can serve. Raises CouldNotRun with the demo's own words, Interrupted."""
        options = self._options
        command = [sys.executable, "-m", "cluster", "demo", "--topology", options.topology, "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir)]
        command += ["--nodes", str(options.nodes)] if options.nodes else []
        command += ["--workers", str(options.workers)] if options.workers else []
        command += ["--network"] if self._network else []
        log(f"starting a {options.topology} demo on port {self.port}")
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self.settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                start_new_session=True,  # a Ctrl-C is ours to answer: the ledger is read before the shop goes
            )
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process, ready), daemon=True)
        self._reader.start()
        waited = 0.0
        while not ready.wait(POLL_SECONDS):
            waited += POLL_SECONDS
            if self._stop.is_set():
                raise Interrupted
            if self._process.poll() is not None:
                raise CouldNotRun(f"the demo did not come up: {self._last_words()}")
            if waited > START_SECONDS:
                raise CouldNotRun(f"the demo was not ready after {START_SECONDS} s: see {self._log}")

    def stop(self) -> None:
        """Ends it and takes its data away."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                log("the demo does not stop: killing it")
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            if self._reader is not None and self._process.stdout is not None:
                self._reader.join()
                self._process.stdout.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        with contextlib.suppress(ValueError):
            for line in process.stdout or ():
                if line.startswith("READY "):
                    ready.set()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].removeprefix("cluster: ") if lines else f"see {self._log}"


def settings(options: Options) -> dict[str, str]:
    """What the shop is told of a run's options."""
    chosen = {
        **RELAXED,
        "SHARDMART_CHECKOUT": options.strategy,
        "SHARDMART_CATALOGUE_READS": options.read_preference,
    }
    if options.write_concern != "majority":
        chosen["SHARDMART_WRITE_CONCERN"] = options.write_concern
    if options.strategy == "naive" or options.write_concern != "majority":
        chosen["SHARDMART_LAB"] = "1"
    return chosen
