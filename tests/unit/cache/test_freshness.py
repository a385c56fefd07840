"""When everything that was written some moments ago is certain to have been heard."""

from __future__ import annotations

import pytest

from shardmart.cache.freshness import BOUND_SECONDS, Freshness
from shardmart.domain.changes import Frontier


def frontier(time: int, reign: str = "first") -> Frontier:
    return Frontier(time, reign)


@pytest.fixture
def fresh() -> Freshness:
    return Freshness()


def test_nothing_is_certain_at_first_nor_from_one_side_alone(fresh: Freshness) -> None:
    assert not fresh.holds(0.0)
    fresh.sample(1.0, frontier(10))
    assert not fresh.holds(1.0)
    fresh = Freshness()
    fresh.reach(10)
    assert not fresh.holds(1.0)


def test_it_holds_for_a_quarter_of_a_second_from_the_question_that_was_reached(fresh: Freshness) -> None:
    fresh.reach(10)
    fresh.sample(1.0, frontier(10))
    assert fresh.holds(1.0 + BOUND_SECONDS) and not fresh.holds(1.01 + BOUND_SECONDS)
    fresh.sample(1.2, frontier(12))
    fresh.sample(1.3, frontier(14))
    fresh.reach(11)
    assert fresh.certain_at == 1.0
    fresh.reach(13)
    assert fresh.certain_at == 1.2
    fresh.reach(12)
    assert fresh.certain_at == 1.2
    fresh.reach(14)
    assert fresh.certain_at == 1.3


def test_after_an_interruption_questions_from_before_count_no_more(fresh: Freshness) -> None:
    fresh.reach(10)
    fresh.sample(1.0, frontier(11))
    fresh.interrupt()
    fresh.reach(20)
    assert not fresh.holds(1.0)
    fresh.sample(2.0, frontier(20))
    assert fresh.holds(2.0)


def test_another_reign_begins_anew_and_is_told(fresh: Freshness) -> None:
    fresh.reach(10)
    assert fresh.sample(1.0, frontier(10))
    assert not fresh.sample(1.1, frontier(11, "second"))
    assert not fresh.holds(1.1)
    fresh.reach(11)
    assert fresh.holds(1.1)
    assert fresh.sample(1.2, frontier(11, "second"))


def test_a_feed_that_stands_still_costs_no_memory(fresh: Freshness) -> None:
    fresh.reach(1)
    for n in range(10_000):
        fresh.sample(float(n), frontier(n + 2))
    assert len(fresh._waiting) < 100
