"""Query strings are known, given once and well-formed, or refused by name."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from shardmart.domain.errors import InvalidInput
from shardmart.domain.listings import ListingQuery, Sort
from shardmart.domain.orders import OrderFilter, Status
from shardmart.web import filters
from shardmart.web.filters import LISTING, ORDERS


def wrong(query: str, reader: filters.Query = LISTING) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        reader.read(query)
    return {error.field for error in caught.value.errors}


def test_all_filters_reach_the_domain() -> None:
    values = LISTING.read(
        "q=Black+T%C3%A9a&category=Tea&min_price=1&max_price=9.99&seller_id=x&in_stock=true&sort=price"
    )
    assert filters.listing(values) == ListingQuery(
        sort=Sort.PRICE,
        words=("black", "tea"),
        category="Tea",
        seller_id="x",
        min_price=Decimal("1.00"),
        max_price=Decimal("9.99"),
        in_stock=True,
    )


def test_sorting_is_by_relevance_with_words_and_newest_without() -> None:
    assert filters.listing(LISTING.read("")).sort is Sort.NEWEST  # type: ignore[union-attr]
    assert filters.listing(LISTING.read("q=tea")).sort is Sort.RELEVANCE  # type: ignore[union-attr]
    assert wrong("sort=relevance") == {"sort"}


def test_words_without_a_letter_match_nothing() -> None:
    assert filters.listing(LISTING.read("q=%21%21")) is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=05", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=", "limit"),
        ("limit=5&limit=5", "limit"),
        ("nonsense=1", "nonsense"),
        ("nonsense", "nonsense"),
        ("$where=1", "$where"),
        ("q=", "q"),
        ("q=" + "x" * 201, "q"),
        ("min_price=-1", "min_price"),
        ("min_price=1e3", "min_price"),
        ("min_price=NaN", "min_price"),
        ("min_price=1.001", "min_price"),
        ("max_price=1000000.01", "max_price"),
        ("min_price=2&max_price=1", "max_price"),
        ("in_stock=1", "in_stock"),
        ("in_stock=TRUE", "in_stock"),
        ("sort=stock", "sort"),
        ("category=" + "x" * 61, "category"),
        ("q=a%00b", "q"),
        ("category=%00", "category"),
        ("q=%ED%A0%80", ""),
        ("q=%FF", ""),
        ("&".join(f"a{n}=1" for n in range(50)), ""),
    ],
)
def test_a_wrong_parameter_is_named(query: str, field: str) -> None:
    assert wrong(query) == {field}


def test_all_wrong_parameters_are_named_at_once() -> None:
    assert wrong("limit=0&sort=x&more=1") == {"limit", "sort", "more"}


def test_a_day_stands_for_all_of_it() -> None:
    which = filters.orders(ORDERS.read("from=2026-01-30&to=2026-01-31&status=placed"), buyer_id="b")
    assert which == OrderFilter("b", None, Status.PLACED, datetime(2026, 1, 30), datetime(2026, 2, 1))


def test_a_moment_is_taken_as_it_is() -> None:
    values = ORDERS.read("from=2026-01-30T10:00:00Z&to=2026-01-30T10:00:00.500Z")
    assert (values["from"], values["to"]) == (datetime(2026, 1, 30, 10), datetime(2026, 1, 30, 10, 0, 0, 500_000))


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-01-31&to=2026-01-29",
        "from=2026-02-30",
        "from=2026-01-31T12:00:00",
        "from=2026-01-31T12:00:00%2B01:00",
        "from=today",
        "from=0000-01-01",
        "to=9999-12-31",
        "status=lost",
    ],
)
def test_impossible_periods_are_refused(query: str) -> None:
    assert wrong(query, ORDERS) <= {"from", "to", "status"}


def test_two_strings_for_one_list_have_one_name_whatever_the_page() -> None:
    one, two = LISTING.read("category=Tea&q=x&limit=5"), LISTING.read("q=x&cursor=abc&category=Tea")
    assert one.name == two.name
    assert one.name != LISTING.read("q=x").name


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("", "sort=newest"),
        ("q=tea", "sort=relevance&q=tea"),
        ("", "in_stock=false"),
        ("min_price=5", "min_price=5.00"),
    ],
)
def test_what_is_left_out_and_what_is_spelt_out_are_one_list(query: str, same: str) -> None:
    assert LISTING.read(query).name == LISTING.read(same).name


def test_every_filter_is_in_the_name() -> None:
    given = ["q=tea", "category=Tea", "seller_id=x", "min_price=1", "max_price=1", "in_stock=true", "sort=price"]
    assert len({LISTING.read(query).name for query in ["", *given]}) == len(given) + 1
    given = ["status=placed", "from=2026-01-01", "to=2026-01-01"]
    assert len({ORDERS.read(query).name for query in ["", *given]}) == len(given) + 1
