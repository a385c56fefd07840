"""Resident memory of the processes under load, by what they are, and whether it grows."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import psutil

from cluster.control import CONTROL_FILE
from cluster.datadir import DataDir

MEGABYTE = 1024 * 1024
ROLES = {"cluster.router": "router", "multiprocessing.spawn": "workers", "locust": "load"}

Sizes = list[tuple[float, float]]  # seconds, megabytes


class Memory:
    """Of a demo's workers and router and of the load processes: of each kind the mean, whoever dies meanwhile."""

    def __init__(self, data: DataDir, load: int) -> None:
        self._roots = (int((data.read_json(CONTROL_FILE) or {}).get("pid", 0)), load)
        self.sizes: defaultdict[str, Sizes] = defaultdict(list)

    def sample(self, at: float) -> None:
        found: defaultdict[str, list[float]] = defaultdict(list)
        for process in self._processes():
            with contextlib.suppress(psutil.Error):
                if role := _role(process.cmdline()):
                    found[role].append(process.memory_info().rss / MEGABYTE)
        for role, megabytes in found.items():
            self.sizes[role].append((at, sum(megabytes) / len(megabytes)))

    def _processes(self) -> Iterator[psutil.Process]:
        for pid in self._roots:
            with contextlib.suppress(psutil.Error):
                root = psutil.Process(pid)
                yield root
                yield from root.children(recursive=True)


def summary(sizes: Sizes) -> dict[str, float]:
    """The most, and the slope in MB a minute over the last half, by least squares."""
    half = sizes[len(sizes) // 2 :]
    return {"most_mb": round(max(size for _, size in sizes), 1), "mb_per_minute": round(60 * slope(half), 3)}


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares; 0 for fewer than two points."""
    n = len(points)
    if n < 2:
        return 0.0
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def _role(command: Sequence[str]) -> str | None:
    text = " ".join(command)
    return next((role for words, role in ROLES.items() if words in text), None)
