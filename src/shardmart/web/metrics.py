"""What the web layer counts. `GET /metrics` sums it, and `shardmart.metrics`, over the workers."""

from __future__ import annotations

import os
from collections.abc import Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LABELS = ("route", "method", "status")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Histogram("shardmart_request_seconds", "Time to the answer", _LABELS, buckets=_BUCKETS)
CHECKOUTS = Counter("shardmart_checkouts_total", "Checkouts by what became of them", ("outcome",))


class Meter:
    """Counts the requests of one route. Children are looked up once, not per request."""

    def __init__(self, route: str) -> None:
        self._route = route
        self._children: dict[tuple[str, int], Histogram] = {}

    def observe(self, method: str, status: int, seconds: float) -> None:
        key = (method if method in _METHODS else "other", status // 100)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = REQUESTS.labels(self._route, key[0], f"{key[1]}xx")
        child.observe(seconds)


class _WithTotals:
    """A registry whose request histogram is shown as a counter too.

    Made when it is read: each figure that is kept costs a request two more writes to shared memory.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for family in self._registry.collect():
            yield family
            if family.name == "shardmart_request_seconds":
                totals = CounterMetricFamily("shardmart_requests", "Requests answered", labels=_LABELS)
                for sample in family.samples:
                    if sample.name.endswith("_count"):
                        totals.add_metric([sample.labels[label] for label in _LABELS], sample.value)
                yield totals


def exposition() -> bytes:
    """All figures as Prometheus text, summed over the workers when there are several."""
    return generate_latest(_WithTotals(_registry()))


def committer_figures() -> dict[str, float]:
    """Since the app node started: counts, and means of batches (members) and of times (milliseconds)."""
    samples = (sample for family in _registry().collect() for sample in family.samples)
    found = {sample.name: sample.value for sample in samples if not sample.labels}

    def total(name: str) -> float:
        return found.get(f"shardmart_{name}", 0.0)

    def mean(name: str) -> float:
        return total(f"{name}_sum") / max(1.0, total(f"{name}_count"))

    counts = {name: total(f"group_{name}_total") for name in ("in_doubt", "bisections", "fallbacks")}
    return {
        "batches": total("group_batch_members_count"),
        "members_per_batch": round(mean("group_batch_members"), 1),
        "queue_ms": round(mean("group_queue_seconds") * 1e3, 1),
        "commit_ms": round(mean("group_commit_seconds") * 1e3, 1),
        "conflicts": total("conflicts_total"),
        **counts,
        "changes": total("group_committers_total"),
    }


def _registry() -> CollectorRegistry:
    if not os.environ.get(DIRECTORY):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
