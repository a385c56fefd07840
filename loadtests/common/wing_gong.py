"""The checker of Wing and Gong for one product: is there any order at all that explains what everybody was told?

It knows no log and no version, only calls and answers, and tries all orders that respect them: exponential, so for
histories of up to 20 operations. It cross-checks history.py, which knows the order and only verifies it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

MOST_OPERATIONS = 20
DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"


@dataclass(frozen=True)
class Operation:
    """`units` from the shelf (negative: onto it). An unknown one may have taken effect, later too, or never."""

    asked: float
    answered: float
    units: int
    result: str


def linearizable(operations: Sequence[Operation], stock: int) -> bool:
    """Whether some order explains all results, beginning with `stock`. Raises ValueError for too many operations."""
    if len(operations) > MOST_OPERATIONS:
        raise ValueError(f"{len(operations)} operations are too many to try all orders")
    ends = [inf if one.result == UNKNOWN else one.answered for one in operations]
    everything = (1 << len(operations)) - 1
    needed = sum(1 << n for n, one in enumerate(operations) if one.result != UNKNOWN)
    seen: set[tuple[int, int]] = set()
    open_ = [(everything, stock)]  # which operations are still to be placed, and the stock so far
    while open_:
        left, level = open_.pop()
        if not left & needed:
            return True
        if (left, level) in seen:
            continue
        seen.add((left, level))
        # an operation may come next if no other one had been answered before it was asked for
        until = min(ends[n] for n in range(len(operations)) if left >> n & 1)
        for n, one in enumerate(operations):
            if left >> n & 1 and one.asked <= until:
                open_ += [(left & ~(1 << n), after) for after in _after(one, level)]
    return False


def _after(one: Operation, level: int) -> list[int]:
    """The stock after an operation that takes effect now; nothing if it cannot have been told what it was told."""
    fits = level >= one.units
    if one.result == REFUSED:
        return [] if fits else [level]
    return [level - one.units] if fits else []
