"""wrk, the load generator: one thread, kept-alive connections."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32
_REQUESTS = re.compile(r"(\d+) requests in ([\d.]+)(ms|s|m)")
_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_BROKEN = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_LATENCY = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m) *$", re.MULTILINE)
_SECONDS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What came back. `failed`: answers that were neither 2xx nor 3xx, and broken connections. p50, p99 in ms."""

    requests: int
    seconds: float
    failed: int
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def run(
    url: str,
    *,
    seconds: float,
    connections: int = CONNECTIONS,
    script: Path | None = None,
    arguments: Sequence[str] = (),
) -> Load:
    """Loads `url` for that long. Raises OSError without wrk, CalledProcessError when it fails."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "--latency"]
    command += ["-s", str(script)] if script else []
    said = subprocess.run([*command, url, "--", *arguments], check=True, capture_output=True, text=True).stdout
    done = _REQUESTS.search(said)
    if done is None:
        raise RuntimeError(f"wrk said something else: {said}")
    failed, broken = _FAILED.search(said), _BROKEN.search(said)
    lost = int(failed[1]) if failed else 0
    lost += sum(int(number) for number in broken.groups()) if broken else 0
    times = {share: float(number) * _SECONDS[unit] * 1e3 for share, number, unit in _LATENCY.findall(said)}
    return Load(int(done[1]), float(done[2]) * _SECONDS[done[3]], lost, times.get("50", 0.0), times.get("99", 0.0))
