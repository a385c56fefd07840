from __future__ import annotations

import itertools

import pytest

from loadtests.common.arrivals import SHAPE, moment, rate


def test_everybody_arrives_and_in_the_time_of_the_run() -> None:
    assert sum(share for _, share in SHAPE) == pytest.approx(1)
    moments = [moment(n / 1000) for n in range(1000)]
    assert moments == sorted(moments) and moments[0] >= 0 and moments[-1] < 1


def test_arrivals_follow_the_shape() -> None:
    moments = [moment((n + 0.5) / 10_000) for n in range(10_000)]
    for (begin, _), (until, share) in itertools.pairwise([(0.0, 0.0), *SHAPE]):
        assert sum(begin <= at < until for at in moments) == pytest.approx(share * 10_000, abs=2)


def test_the_rate_is_the_shapes() -> None:
    assert rate(0.1, 1000, 20) == pytest.approx(600 / (0.13 * 20))
    assert rate(0.95, 1000, 20) == 0
