from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shardmart.domain import notices
from shardmart.domain.notices import Kind
from shardmart.domain.orders import Status
from shardmart.domain.purchase import Line, Placed, Purchase, decide, merge_lines, new_checkout_id, purchase_logs
from shardmart.domain.reservations import Hold, Move, Stand
from tests.unit.builders import AT, a_log, a_product, a_shelf

SELLER, BUYER = "a" * 24, "b" * 24
TEA = f"{SELLER}-{'1' * 24}"


def a_hold(product_id: str, quantity: int, *, taken: Move, returned: Move) -> Hold:
    return Hold(product_id, f"{SELLER}-{taken.version:024x}", "one", quantity, "Tea", Decimal(1), taken, returned)


def sold(stock: int, quantity: int, threshold: int, *, version: int = 4) -> list[notices.Notice]:
    shelves = {TEA: replace(a_shelf(TEA, stock=stock, version=version), low_stock_threshold=threshold)}
    lines = merge_lines([Line(TEA, quantity)])
    placed = decide(Purchase(new_checkout_id(lines), BUYER, lines), shelves, at=AT)
    assert isinstance(placed, Placed)
    return notices.of_checkout(placed, purchase_logs(placed, shelves, at=AT), shelves)


@pytest.mark.parametrize(
    ("stock", "quantity", "threshold", "crosses"),
    [(10, 5, 5, True), (10, 4, 5, False), (5, 1, 5, False), (6, 6, 5, True), (1, 1, 0, True), (3, 1, 0, False)],
)
def test_a_sale_that_reaches_the_threshold_is_told_once(
    stock: int, quantity: int, threshold: int, crosses: bool
) -> None:
    told = sold(stock, quantity, threshold)
    assert [n.kind for n in told] == [Kind.ORDER_PLACED] + [Kind.LOW_STOCK] * crosses
    if crosses:
        assert told[1].id == f"{TEA}-0000000005-low"
        assert told[1].details["stock"] == stock - quantity


@pytest.mark.parametrize(
    ("meanwhile", "told"),
    [
        ([], None),  # 6 → 3 → 6: nothing lasted
        ([-1], 5),  # 6 → 3 → 2 → 5: the sale found it low already
        ([+1], None),
        ([+4, -5], None),  # 6 → 3 → 7 → 2 → 5: the sale that crossed has told
        ([-3], 3),
        ([-1, +1, -2], 4),
    ],
)
def test_a_crossing_by_a_hold_that_was_given_back_is_told_when_it_lasts(
    meanwhile: list[int], told: int | None
) -> None:
    stock, logs = 3, []
    for version, units in enumerate(meanwhile, start=6):
        logs.append(a_log(version, stock, stock + units, product_id=TEA))
        stock += units
    hold = a_hold(TEA, 3, taken=Move(5, 6, AT), returned=Move(6 + len(meanwhile), stock, AT))
    shelf = replace(a_shelf(TEA, stock=stock + 3, version=6 + len(meanwhile)), low_stock_threshold=5)
    found = notices.of_given_back(hold, Stand(shelf, (hold,)), logs)
    assert [notice.details["stock"] for notice in found] == ([] if told is None else [told])
    assert notices.of_given_back(hold, Stand(replace(shelf, for_sale=False), (hold,)), logs) == []


def test_a_crossing_by_a_hold_is_not_told_when_another_that_came_back_was_above_in_between() -> None:
    first = a_hold(TEA, 3, taken=Move(5, 6, AT), returned=Move(9, 2, AT))
    other = a_hold(TEA, 4, taken=Move(4, 10, AT), returned=Move(6, 3, AT))  # 10 → 6 → 3 → 7 → … → 2 → 5
    shelf = replace(a_shelf(TEA, stock=5, version=9), low_stock_threshold=5)
    sold_since = [a_log(7, 7, 3, product_id=TEA), a_log(8, 3, 2, product_id=TEA)]
    assert notices.of_given_back(first, Stand(shelf, (other, first)), sold_since) == []
    assert len(notices.of_given_back(first, Stand(shelf, (first,)), sold_since)) == 1


@pytest.mark.parametrize("taken", [Move(4, 10, AT), Move(4, 5, AT)])
def test_a_hold_that_crossed_nothing_tells_nothing_when_it_comes_back(taken: Move) -> None:
    hold = a_hold(TEA, 2, taken=taken, returned=Move(6, 1, AT))
    shelf = replace(a_shelf(TEA, stock=3, version=6), low_stock_threshold=5)
    assert notices.of_given_back(hold, Stand(shelf, (hold,)), []) == []


def test_a_status_is_told_to_the_buyer_and_a_cancellation_to_the_seller_too() -> None:
    lines = merge_lines([Line(TEA, 1)])
    placed = decide(Purchase(new_checkout_id(lines), BUYER, lines), {TEA: a_shelf(TEA, stock=3)}, at=AT)
    assert isinstance(placed, Placed)
    order = placed.orders[0]
    completed = notices.of_status(replace(order, status=Status.COMPLETED), at=AT)
    cancelled = notices.of_status(replace(order, status=Status.CANCELLED), at=AT)
    assert [n.user_id for n in completed] == [BUYER]
    assert [n.user_id for n in cancelled] == [BUYER, SELLER]
    assert len({n.id for n in completed + cancelled}) == 3
    assert all(n.seller_id == SELLER for n in completed + cancelled), "they lie with the seller"


@pytest.mark.parametrize(
    ("change", "crosses"),
    [
        ({"stock": 3}, True),
        ({"stock": 6}, False),
        ({"low_stock_threshold": 10}, True),
        ({"stock": 3, "low_stock_threshold": 2}, False),
        ({"stock": 3, "is_active": False}, False),
        ({"name": "Other"}, False),
    ],
)
def test_an_edit_tells_of_a_crossing_by_the_count_or_by_the_threshold(
    change: dict[str, object], crosses: bool
) -> None:
    before = a_product(stock=10, low_stock_threshold=5)
    assert bool(notices.of_edit(before, replace(before, version=2, **change))) == crosses


def test_what_was_low_already_is_not_told_again() -> None:
    before = a_product(stock=4, low_stock_threshold=5)
    assert notices.of_edit(before, replace(before, stock=2)) == []
