"""Whether a product's history is linearizable, in the order that its log tells.

The log says in which order the shop made its changes. Every change must have taken effect between the moment at which
its client asked and the moment at which it was answered: in the log's order, nothing may stand after something that
was asked for only after it had been answered. A rejection changes nothing and is right if there was a moment in its
interval at which the stock did not suffice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf

from loadtests.common.evidence import Evidence, Log
from loadtests.common.ledger import ACKNOWLEDGED, REJECTED, Ledger, Told


@dataclass(frozen=True)
class Interval:
    """An operation between its call and its answer; `units` it wanted to take from the shelf (negative: to put)."""

    asked: float
    answered: float
    units: int = 0
    name: str = ""


ANY_TIME = Interval(-inf, inf)


def check(product: str, ledger: Ledger, evidence: Evidence, changes: Mapping[str, Interval]) -> list[str]:
    """What is wrong with one product's history; `changes` as `by_log` gives them."""
    logs = list(evidence.logs.get(product, ()))
    placed = [changes.get(_name(log), ANY_TIME) for log in logs]
    levels = [log.new for log in logs]
    refused = [
        Interval(one.asked, one.answered, one.lines[product], one.key)
        for one in ledger.checkouts
        if one.told == REJECTED and set(one.lines) == {product}
    ]
    return [*chain(logs), *order(placed), *rejections(refused, placed, levels)]


def chain(logs: Sequence[Log]) -> Iterator[str]:
    """The stock goes from each entry to the next, and never below 0."""
    for before, after in pairwise(logs):
        if before.new != after.old:
            yield f"log {after.version} begins with {after.old} after log {before.version} ended with {before.new}"
    for log in logs:
        if min(log.old, log.new) < 0:
            yield f"log {log.version} goes below 0"


def order(placed: Sequence[Interval]) -> Iterator[str]:
    """Nothing stands after something that was asked for only after it had been answered."""
    latest = ANY_TIME
    for one in placed:
        if one.answered < latest.asked:
            yield f"{one.name} was answered before {latest.name} was asked for, but stands after it in the log"
        if one.asked > latest.asked:
            latest = one


def rejections(refused: Iterable[Interval], placed: Sequence[Interval], levels: Sequence[int]) -> Iterator[str]:
    """`levels`: the stock after each entry of the log.

    While a refusal was under way, every level was there that lies between the last change answered before it and the
    first one asked for after it. Running extremes make both a search: the earliest answer from each entry on, the
    latest question up to it.
    """
    latest_asked = list(accumulate((one.asked for one in placed), max))
    earliest_answered = list(accumulate((one.answered for one in reversed(placed)), min))[::-1]
    for one in refused:
        # the last entry that was surely made before: some entry from there on was answered before this was asked for
        first = max(0, bisect_left(earliest_answered, one.asked) - 1)
        last = max(first, bisect_left(latest_asked, one.answered) - 1)
        seen = levels[first : last + 1]
        if seen and min(seen) >= one.units:
            yield f"{one.name} was refused {one.units} units, but at least {min(seen)} were there all the time"


def by_log(ledger: Ledger) -> Mapping[str, Interval]:
    """The intervals of everything that may stand in a log, by what the log calls it."""
    found: dict[str, Interval] = {}
    for checkout in ledger.checkouts:
        for order_id in checkout.orders:
            found[f"purchase {order_id}"] = _interval(checkout, f"checkout {checkout.key}")
    for cancellation in ledger.cancellations:
        name = f"cancellation {cancellation.order}"
        found[name] = _interval(cancellation, name)
    for change in ledger.stock_changes:
        found[change.token] = _interval(change, f"stock change {change.token}")
    return found


def _interval(one: Told, name: str) -> Interval:
    """What was not answered may take effect at any later time."""
    return Interval(one.asked, one.answered if one.told == ACKNOWLEDGED else inf, name=name)


def _name(log: Log) -> str:
    if log.order is None:
        return log.reason
    return f"{log.change} {log.order}"
