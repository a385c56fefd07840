from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.domain import clock
from shardmart.domain.money import exact
from tests.unit.builders import moments, prices


@given(prices)
def test_exact_keeps_the_value_and_has_two_places(price: Decimal) -> None:
    assert exact(price) == price
    assert exact(price).as_tuple().exponent == -2
    assert exact(price.normalize()).as_tuple() == exact(price).as_tuple()


@given(st.integers(0, 10**12))
def test_whole_numbers_are_amounts(number: int) -> None:
    assert exact(number) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5))
def test_more_than_two_places_are_refused_unless_they_are_zeros(amount: Decimal) -> None:
    if amount.adjusted() > 15 or amount != amount.quantize(Decimal("0.01")):
        with pytest.raises(ValueError, match=r"decimals|large"):
            exact(amount)
    else:
        assert exact(amount) == amount


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+16", "1E+999999", "0.001", "1E-99999"])
def test_what_is_no_amount_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a number|is too large|has more than two decimals"):
        exact(Decimal(text))


@given(moments)
def test_milliseconds_and_back_is_the_same_moment(moment: datetime) -> None:
    assert clock.from_ms(clock.to_ms(moment)) == moment


@given(st.integers(-(10**20), 10**20))
def test_any_number_of_milliseconds_is_a_date_or_an_overflow(ms: int) -> None:
    try:
        moment = clock.from_ms(ms)
    except OverflowError:
        return
    assert clock.to_ms(moment) == ms


def test_now_is_naive_utc_in_whole_milliseconds() -> None:
    now = clock.now()
    assert now.tzinfo is None
    assert now.microsecond % 1000 == 0
    assert abs(now - datetime.now(timezone.utc).replace(tzinfo=None)) < timedelta(seconds=5)
