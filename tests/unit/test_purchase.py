from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.domain.errors import InsufficientStock, InvalidInput, PriceChanged, ProductUnavailable
from shardmart.domain.ids import digits_of
from shardmart.domain.orders import Status
from shardmart.domain.purchase import (
    Line,
    Placed,
    Rejected,
    Shelf,
    cancellation_logs,
    decide,
    merge_lines,
    new_checkout_id,
    purchase_logs,
)
from shardmart.domain.stock import ChangeType
from shardmart.service.checkout import _fingerprint
from tests.unit.builders import AT, PRODUCTS, SELLERS, a_purchase, a_shelf, lines

shelves = st.fixed_dictionaries(
    {
        id: st.builds(
            a_shelf,
            st.just(id),
            stock=st.integers(0, 60),
            price=st.integers(1, 10**6).map(lambda cents: Decimal(cents).scaleb(-2)),
            version=st.integers(1, 99),
            for_sale=st.sampled_from([True, True, True, False]),
        )
        for id in PRODUCTS
    }
)


@given(lines)
def test_merging_sums_per_product_and_sorts(wanted: list[Line]) -> None:
    merged = merge_lines(wanted)
    assert [line.product_id for line in merged] == sorted({line.product_id for line in wanted})
    for line in merged:
        assert line.quantity == sum(w.quantity for w in wanted if w.product_id == line.product_id)
    assert merge_lines(merged) == merged


@given(lines, st.randoms())
def test_the_order_of_lines_matters_neither_for_the_sum_nor_for_the_fingerprint(
    wanted: list[Line], dice: random.Random
) -> None:
    other = dice.sample(wanted, len(wanted))
    assert merge_lines(other) == merge_lines(wanted)
    assert _fingerprint(other, None) == _fingerprint(wanted, None)


@given(lines, lines)
def test_only_the_same_lines_have_the_same_fingerprint(one: list[Line], other: list[Line]) -> None:
    assert (_fingerprint(one, None) == _fingerprint(other, None)) == (merge_lines(one) == merge_lines(other))


def test_the_total_and_buying_the_cart_are_part_of_the_fingerprint() -> None:
    wanted = [Line(PRODUCTS[0], 1)]
    prints = [_fingerprint(which, total) for which in (wanted, None) for total in (None, Decimal("1.00"), Decimal(2))]
    assert len(set(prints)) == len(prints)


def test_an_amount_written_with_other_zeros_is_the_same_body() -> None:
    assert (
        _fingerprint(None, Decimal("10"))
        == _fingerprint(None, Decimal("10.00"))
        == _fingerprint(None, Decimal("1E1"))
    )


def test_a_sum_beyond_the_bound_of_a_line_is_refused() -> None:
    assert merge_lines([Line(PRODUCTS[0], 500), Line(PRODUCTS[0], 500)])[0].quantity == 1000
    with pytest.raises(InvalidInput):
        merge_lines([Line(PRODUCTS[0], 500), Line(PRODUCTS[0], 501)])


@given(lines)
def test_a_checkout_is_at_home_with_the_first_of_its_sellers(wanted: list[Line]) -> None:
    assert new_checkout_id(wanted)[:24] == min(line.product_id[:24] for line in wanted)


@given(lines, shelves)
def test_all_lines_or_none(wanted: list[Line], on: dict[str, Shelf]) -> None:
    purchase = a_purchase(*wanted)
    outcome = decide(purchase, on, at=AT)
    possible = all(
        on[line.product_id].for_sale and on[line.product_id].stock >= line.quantity for line in purchase.lines
    )
    assert isinstance(outcome, Placed) == possible
    assert outcome.checkout_id == purchase.checkout_id


@given(lines, shelves)
def test_a_placed_checkout_has_one_order_per_seller_that_add_up(wanted: list[Line], on: dict[str, Shelf]) -> None:
    purchase = a_purchase(*wanted)
    outcome = decide(purchase, on, at=AT)
    if not isinstance(outcome, Placed):
        return
    assert [order.seller_id for order in outcome.orders] == sorted({line.seller_id for line in purchase.lines})
    assert len({order.id for order in outcome.orders}) == len(outcome.orders)
    assert {digits_of(order.id) for order in outcome.orders} == {digits_of(purchase.checkout_id)}
    bought = [(line.product_id, line.quantity) for order in outcome.orders for line in order.product_list]
    assert bought == [(line.product_id, line.quantity) for line in purchase.lines]
    for order in outcome.orders:
        assert order.total_amount == sum(line.price * line.quantity for line in order.product_list)
        assert all(line.product_id[:24] == order.seller_id for line in order.product_list)
        assert all(line.price == on[line.product_id].price for line in order.product_list)
        assert (order.status, order.timestamp, order.buyer_id) == (Status.PLACED, AT, purchase.buyer_id)
    assert outcome.total_amount == sum(order.total_amount for order in outcome.orders)


@given(lines, shelves)
def test_a_rejection_names_exactly_what_falls_short(wanted: list[Line], on: dict[str, Shelf]) -> None:
    purchase = a_purchase(*wanted)
    outcome = decide(purchase, on, at=AT)
    if not isinstance(outcome, Rejected):
        return
    gone = [line for line in purchase.lines if not on[line.product_id].for_sale]
    short = [line for line in purchase.lines if on[line.product_id].stock < line.quantity]
    expected = gone or short
    assert outcome.code == ("product_unavailable" if gone else "insufficient_stock")
    assert [(item.product_id, item.requested) for item in outcome.items] == [
        (x.product_id, x.quantity) for x in expected
    ]
    assert all(item.available == (0 if gone else on[item.product_id].stock) for item in outcome.items)


def test_a_product_without_a_shelf_is_not_for_sale() -> None:
    outcome = decide(a_purchase(Line(PRODUCTS[0], 3)), {}, at=AT)
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.items[0].available) == ("product_unavailable", 0)


@pytest.mark.parametrize(("expected", "placed"), [("19.80", True), ("19.8", True), ("19.79", False), ("0.01", False)])
def test_the_expected_total_must_be_exact(expected: str, placed: bool) -> None:
    purchase = a_purchase(Line(PRODUCTS[0], 2), expected_total=Decimal(expected))
    outcome = decide(purchase, {PRODUCTS[0]: a_shelf()}, at=AT)
    assert isinstance(outcome, Placed) == placed
    if isinstance(outcome, Rejected):
        assert isinstance(outcome.as_error(), PriceChanged)


def test_missing_stock_is_told_before_a_changed_price() -> None:
    purchase = a_purchase(Line(PRODUCTS[0], 11), expected_total=Decimal("0.01"))
    outcome = decide(purchase, {PRODUCTS[0]: a_shelf()}, at=AT)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "insufficient_stock"


@pytest.mark.parametrize("kind", [InsufficientStock, ProductUnavailable, PriceChanged])
def test_a_stored_rejection_raises_the_error_it_was(kind: type[InsufficientStock]) -> None:
    assert type(Rejected("x", kind.code).as_error()) is kind


@given(lines, shelves)
def test_logs_take_what_was_bought_and_cancellation_puts_it_back(wanted: list[Line], on: dict[str, Shelf]) -> None:
    outcome = decide(a_purchase(*wanted), on, at=AT)
    if not isinstance(outcome, Placed):
        return
    logs = purchase_logs(outcome, on, at=AT)
    assert len(logs) == sum(len(order.product_list) for order in outcome.orders)
    after = {log.product_id: a_shelf(log.product_id, stock=log.new_stock, version=log.version) for log in logs}
    back = [log for order in outcome.orders for log in cancellation_logs(order, after, at=AT)]
    for log, undone in zip(logs, back, strict=True):
        shelf = on[log.product_id]
        assert (log.old_stock, log.version) == (shelf.stock, shelf.version + 1)
        assert 0 <= log.new_stock < log.old_stock
        assert (undone.old_stock, undone.new_stock) == (log.new_stock, log.old_stock)
        assert undone.version == log.version + 1
        assert (log.change_type, undone.change_type) == (ChangeType.PURCHASE, ChangeType.CANCELLATION)
        assert log.order_id == undone.order_id
        assert (log.seller_id, log.checkout_id) == (log.product_id[:24], outcome.checkout_id)
    assert {log.seller_id for log in logs} <= set(SELLERS)
