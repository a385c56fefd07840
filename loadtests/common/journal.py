"""Writes a load process's part of the ledger (ledger.py), a second at a time.

Where the lines go is the locustfile's business: into a file on this machine, or from a Locust worker to its master.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any


class Journal:
    """Lines wait here until they are taken; figures of the current second are folded into one line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._times: list[float] = []
        self._failures = 0

    def write(self, what: str, **fields: Any) -> None:
        self._lines.append(json.dumps({"what": what, **fields}, separators=(",", ":")) + "\n")

    def request(self, milliseconds: float, *, failed: bool) -> None:
        self._times.append(milliseconds)
        self._failures += failed

    def close_second(self, users: int) -> None:
        """To be called once a second."""
        times, self._times = sorted(self._times), []
        failures, self._failures = self._failures, 0
        percentiles = {f"p{share}": round(percentile(times, share), 1) for share in (50, 95, 99)}
        self.write("second", at=time.monotonic(), requests=len(times), failures=failures, users=users, **percentiles)

    def take(self) -> str:
        """All lines since the last time."""
        lines, self._lines = self._lines, []
        return "".join(lines)


def percentile(ordered: list[float], share: float) -> float:
    """The value below which `share` percent of an ordered list lie; 0 of an empty one."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


def told(
    asked: float, told: str, *, status: int = 0, code: str = "", tries: int = 1, unavailable: int = 0
) -> Mapping[str, Any]:
    """The fields that every operation has, answered now."""
    return {
        "asked": asked,
        "answered": time.monotonic(),
        "told": told,
        "status": status,
        "code": code,
        "tries": tries,
        "unavailable": unavailable,
    }
