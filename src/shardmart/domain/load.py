"""A load run of the lab: so many buyers for so many seconds, and what each second brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class LoadRun:
    id: str
    buyers: int
    seconds: int
    strategy: str


@dataclass(slots=True, frozen=True)
class LoadFigures:
    """One second of a run, the `second`-th; latencies are those of placed checkouts, None when there were none.

    `outcomes` counts `placed`, and every other answer by its code. `running` is False in the last one.
    """

    run: LoadRun
    second: int
    checkouts_per_second: int
    p50_ms: float | None
    p99_ms: float | None
    outcomes: Mapping[str, int]
    running: bool


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which `share` of them lie (nearest rank), None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]
