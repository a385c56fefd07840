"""When the customers of a flash sale arrive: the shape of an open workload."""

from __future__ import annotations

SHAPE = ((0.02, 0.05), (0.15, 0.60), (0.40, 0.25), (0.80, 0.10))
"""Steps of (until this part of the run's time, this part of all customers): some wait at the door, most come in the
first seconds, then it ebbs away; the last fifth is left for answers."""


def moment(draw: float) -> float:
    """The part of the run's time at which somebody arrives whose draw is in [0, 1): the inverse of the shape."""
    begin, passed = 0.0, 0.0
    for until, share in SHAPE:
        if draw < passed + share:
            return begin + (until - begin) * (draw - passed) / share
        begin, passed = until, passed + share
    return begin


def rate(part: float, customers: int, seconds: float) -> float:
    """Arrivals a second at a part of the run's time."""
    begin = 0.0
    for until, share in SHAPE:
        if part < until:
            return share * customers / ((until - begin) * seconds)
        begin = until
    return 0.0
