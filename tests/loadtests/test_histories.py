"""The history check and the checker of Wing and Gong, on histories that are right and on spoilt ones."""

from __future__ import annotations

import random
from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import Story

from loadtests.common import history
from loadtests.common.history import Interval
from loadtests.common.ledger import REJECTED
from loadtests.common.wing_gong import DONE, MOST_OPERATIONS, REFUSED, UNKNOWN, Operation, linearizable

STOCK = 6
Histories = tuple[list[Operation], list[Operation]]  # as they were told; those that changed the stock, in log order


@st.composite
def right_ones(draw: st.DrawFn) -> Histories:
    """Operations that take effect one after the other, each somewhere inside its interval."""
    told, logged, level = [], [], STOCK
    for n in range(draw(st.integers(0, 14))):
        at = float(n)
        asked, answered = at - draw(st.floats(0, 4)), at + draw(st.floats(0, 4))
        units = draw(st.integers(-3, 5).filter(bool))
        fits = level >= units
        result = draw(st.sampled_from((DONE, DONE, DONE, UNKNOWN))) if fits else REFUSED
        one = Operation(asked, answered, units, result)
        told.append(one)
        if fits:
            level -= units
            logged.append(one)
    return told, logged


def wrong(told: list[Operation], logged: list[Operation]) -> list[str]:
    """What the history check says."""
    intervals = [Interval(o.asked, inf if o.result == UNKNOWN else o.answered, o.units, str(o)) for o in logged]
    levels, level = [STOCK], STOCK
    for one in logged:
        level -= one.units
        levels.append(level)
    refused = [Interval(o.asked, o.answered, o.units, str(o)) for o in told if o.result == REFUSED]
    placed = [history.ANY_TIME, *intervals]  # the product's first log
    found = [*history.order(placed), *history.rejections(refused, placed, levels)]
    return found + ["below 0"] * (min(levels) < 0)


@given(right_ones())
def test_a_right_history_passes_both(story: Histories) -> None:
    told, logged = story
    assert wrong(told, logged) == []
    assert linearizable(told, STOCK)


@given(right_ones(), st.randoms(use_true_random=False))
def test_what_passes_the_history_check_is_linearizable(story: Histories, dice: random.Random) -> None:
    """Spoilt at random: the log in another order, moments moved, results exchanged."""
    told, logged = story
    if logged and dice.random() < 0.5:
        dice.shuffle(logged)
    for n, one in enumerate(told):
        if dice.random() < 0.2:
            spoilt = replace(one, asked=one.asked + dice.uniform(0, 6), answered=one.answered + dice.uniform(6, 8))
            told[n] = spoilt
            logged[:] = [spoilt if other is one else other for other in logged]
    if not wrong(told, logged):
        assert linearizable(told, STOCK)


def op(asked: float, answered: float, units: int, result: str = DONE) -> Operation:
    return Operation(asked, answered, units, result)


@pytest.mark.parametrize(
    "told",
    [
        [op(0, 1, 4), op(2, 3, 4)],  # sold twice
        [op(0, 1, 7)],  # more than there was
        [op(0, 1, 4), op(2, 3, 2, REFUSED)],  # refused though there were two
        [op(0, 1, 6), op(2, 3, 1, REFUSED), op(4, 5, 1)],  # sold after it was gone
        [op(0, 1, 1, REFUSED), op(2, 3, 6)],  # refused before anybody had bought
        [op(0, 1, 6), op(0, 1, -1), op(2, 3, 1, REFUSED)],  # refused though one had come back
    ],
)
def test_no_order_explains_a_wrong_history(told: list[Operation]) -> None:
    assert not linearizable(told, STOCK)


@pytest.mark.parametrize(
    "told",
    [
        [],
        [op(0, 2, 4), op(1, 3, 2), op(1, 4, 1, REFUSED)],
        [op(0, 9, 6), op(1, 2, 1, REFUSED), op(3, 4, -1), op(5, 6, 1)],
        [op(0, 1, 6, UNKNOWN), op(2, 3, 6)],  # the unknown one never happened
        [op(0, 1, 6, UNKNOWN), op(2, 3, 6, REFUSED)],  # the unknown one did
        [op(0, 1, 6, UNKNOWN), op(2, 3, 5), op(4, 5, 1)],  # or would have come later than all others
    ],
)
def test_some_order_explains_a_right_history(told: list[Operation]) -> None:
    assert linearizable(told, STOCK)


def test_too_many_operations_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        linearizable([op(0, 1, 1)] * (MOST_OPERATIONS + 1), STOCK)


def test_twenty_operations_at_once_are_decided() -> None:
    told = [op(0, 9, 1) for _ in range(STOCK)] + [op(0, 9, 1, REFUSED) for _ in range(20 - STOCK)]
    assert linearizable(told, STOCK)
    assert not linearizable([*told[:-1], op(0, 9, 1)], STOCK)


def seen(story: Story) -> list[str]:
    return history.check("product0", story.ledger, story.evidence, history.by_log(story.ledger))


def test_a_right_story_has_a_right_history() -> None:
    story = Story(STOCK)
    kept = story.buys({"product0": 4})
    story.buys({"product0": 3}, told=REJECTED, stored=False)
    story.cancels(kept)
    story.restocks("product0", 2)
    story.buys({"product0": 8})
    assert seen(story) == []


def test_a_log_in_the_wrong_order_is_seen() -> None:
    story = Story(STOCK)
    story.buys({"product0": 1}, asked=20, answered=21)
    story.buys({"product0": 1}, asked=10, answered=11)
    (found,) = seen(story)
    assert "checkout key2 was answered before checkout key1 was asked for" in found


def test_a_refusal_that_was_never_right_is_seen() -> None:
    story = Story(STOCK)
    story.buys({"product0": 4})
    story.buys({"product0": 2}, told=REJECTED, stored=False)
    (found,) = seen(story)
    assert "key2 was refused 2 units, but at least 2 were there" in found


def test_a_broken_chain_and_a_level_below_zero_are_seen() -> None:
    story = Story(STOCK)
    story.buys({"product0": 7})
    story.logs["product0"].append(replace(story.logs["product0"][-1], version=3, old=4, new=3))
    found = " ".join(seen(story))
    assert "log 2 goes below 0" in found and "begins with 4 after log 2 ended with -1" in found
