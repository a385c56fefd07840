"""How long nobody could write. A write is an answered checkout: 201 and 409 are both stored outcomes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence


def longest(times: Iterable[float], begin: float, end: float) -> float:
    """The longest time without a write between `begin` and `end`, both counted as if something was written then."""
    points = [begin, *sorted(time for time in times if begin < time < end), end]
    return max((later - earlier for earlier, later in itertools.pairwise(points)), default=0.0)


def after_each(times: Sequence[float], hits: Sequence[float], end: float) -> list[float]:
    """For each fault, the longest time without a write until the next fault or the end of the run.

    It begins with the fault: the last write before it says nothing about it.
    """
    return [longest(times, begin, until) for begin, until in itertools.pairwise([*hits, end])]
