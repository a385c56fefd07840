"""What happened second by second, for the charts. Times are seconds since the load began."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadtests.common.ledger import ACKNOWLEDGED, REJECTED, Ledger, Second

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """Per second: requests, latency in milliseconds, outcomes of checkouts; the hot item's stock now and then."""

    requests: Points = field(default_factory=list)
    latency: dict[str, Points] = field(default_factory=dict)
    outcomes: dict[str, Points] = field(default_factory=dict)
    stock: Points = field(default_factory=list)


def build(ledger: Ledger, stock: Iterable[tuple[float, int]], *, began: float, ended: float) -> Series:
    last = max(1, int(ended - began))
    return Series(
        requests=_summed(ledger.seconds, began, last),
        latency={share: _worst(ledger.seconds, share, began, last) for share in ("p50", "p95", "p99")},
        outcomes=_outcomes(ledger, began, last),
        stock=[(at - began, float(units)) for at, units in stock if at >= began],
    )


def _summed(seconds: Iterable[Second], began: float, last: int) -> Points:
    counted = Counter[int]()
    for one in seconds:
        counted[int(one.at - began)] += one.requests
    return [(second, counted[second]) for second in range(last)]


def _worst(seconds: Iterable[Second], share: str, began: float, last: int) -> Points:
    """With several load processes the slowest one's: percentiles cannot be added. Nothing where nobody asked."""
    found: defaultdict[int, float] = defaultdict(float)
    for one in seconds:
        if one.requests:
            second = int(one.at - began)
            found[second] = max(found[second], getattr(one, share))
    return [(second, found[second]) for second in range(last) if second in found]


def _outcomes(ledger: Ledger, began: float, last: int) -> dict[str, Points]:
    counted: dict[str, Counter[int]] = {name: Counter() for name in (ACKNOWLEDGED, REJECTED, "unanswered", "503")}
    for one in ledger.checkouts:
        name = one.told if one.told in (ACKNOWLEDGED, REJECTED) else "unanswered"
        counted[name][int(one.answered - began)] += 1
        counted["503"][int(one.answered - began)] += one.unavailable
    return {
        name: [(second, seconds[second]) for second in range(last)]
        for name, seconds in counted.items()
        if sum(seconds.values()) or name == ACKNOWLEDGED
    }
