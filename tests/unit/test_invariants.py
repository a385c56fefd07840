"""Each check stays silent on every valid history and fires on every kind of corruption, with the right number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shardmart.domain.ids import log_id
from shardmart.domain.invariants import check_key
from shardmart.domain.orders import Order, Status
from shardmart.domain.stock import ChangeType, StockLog
from tests.unit.builders import AT, BUYER, SELLERS, a_log
from tests.unit.histories import History, histories

Corruption = Callable[[History, st.DataObject], None]
BUYERS_LOGS = (ChangeType.PURCHASE, ChangeType.CANCELLATION)


@given(histories())
def test_a_valid_history_breaks_no_invariant(history: History) -> None:
    assert list(history.violations()) == []


def _product(history: History, data: st.DataObject) -> str:
    return data.draw(st.sampled_from(sorted(history.shelves)), label="product")


def _log(history: History, data: st.DataObject, *kinds: ChangeType) -> StockLog:
    found = [log for log in history.logs if log.change_type in (kinds or ChangeType)]
    assume(found)
    return data.draw(st.sampled_from(found), label="log")


def _order(history: History, data: st.DataObject, *statuses: Status) -> Order:
    found = [order for order in history.orders.values() if order.status in (statuses or Status)]
    assume(found)
    return data.draw(st.sampled_from(found), label="order")


def _swap(history: History, old: StockLog, new: StockLog) -> None:
    history.logs[history.logs.index(old)] = new


def stock_below_zero(history: History, data: st.DataObject) -> None:
    history._put(_product(history, data), stock=-data.draw(st.integers(1, 99)))


def stock_is_another(history: History, data: st.DataObject) -> None:
    id = _product(history, data)
    history._put(id, stock=history.shelves[id].stock + data.draw(st.integers(1, 99)))


def all_logs_lost(history: History, data: st.DataObject) -> None:
    id = _product(history, data)
    history.logs = [log for log in history.logs if log.product_id != id]


def first_log_lost(history: History, data: st.DataObject) -> None:
    history.logs.remove(history.chain(_product(history, data))[0])


def a_log_lost(history: History, data: st.DataObject) -> None:
    log = _log(history, data)
    assume(log.old_stock != log.new_stock)
    history.logs.remove(log)


def a_log_ends_elsewhere(history: History, data: st.DataObject) -> None:
    log = _log(history, data)
    _swap(history, log, replace(log, new_stock=log.new_stock + data.draw(st.integers(1, 9))))


def a_log_starts_elsewhere(history: History, data: st.DataObject) -> None:
    log = _log(history, data)
    _swap(history, log, replace(log, old_stock=log.old_stock + data.draw(st.integers(1, 9))))


def a_log_at_another_version(history: History, data: st.DataObject) -> None:
    log = _log(history, data)
    _swap(history, log, replace(log, version=log.version + 1))


def a_log_beyond_the_version(history: History, data: st.DataObject) -> None:
    id = _product(history, data)
    shelf = history.shelves[id]
    version = shelf.version + 1
    history.logs.append(a_log(version, shelf.stock, shelf.stock, product_id=id))


def a_purchase_log_twice(history: History, data: st.DataObject) -> None:
    log = _log(history, data, ChangeType.PURCHASE)
    version = history.shelves[log.product_id].version + 1
    history.logs.append(replace(log, id=log_id(log.product_id, version), version=version))


def a_purchase_called_adjustment(history: History, data: st.DataObject) -> None:
    log = _log(history, data, *BUYERS_LOGS)
    _swap(history, log, replace(log, change_type=ChangeType.ADJUSTMENT))


def a_purchase_without_order(history: History, data: st.DataObject) -> None:
    log = _log(history, data, *BUYERS_LOGS)
    _swap(history, log, replace(log, order_id=None))


def an_order_lost(history: History, data: st.DataObject) -> None:
    del history.orders[_order(history, data, Status.PLACED, Status.COMPLETED).id]


def a_cancelled_order_lost(history: History, data: st.DataObject) -> None:
    del history.orders[_order(history, data, Status.CANCELLED).id]


def an_order_of_more(history: History, data: st.DataObject) -> None:
    order = _order(history, data, Status.PLACED, Status.COMPLETED)
    first, *rest = order.product_list
    more = replace(first, quantity=first.quantity + 1)
    history.orders[order.id] = replace(order, product_list=(more, *rest))


def an_order_at_another_price(history: History, data: st.DataObject) -> None:
    order = _order(history, data)
    first, *rest = order.product_list
    history.orders[order.id] = replace(order, product_list=(replace(first, price=first.price + 1), *rest))


def an_order_of_another_total(history: History, data: st.DataObject) -> None:
    order = _order(history, data)
    history.orders[order.id] = replace(order, total_amount=order.total_amount + 1)


def an_order_of_another_buyer(history: History, data: st.DataObject) -> None:
    order = _order(history, data)
    history.orders[order.id] = replace(order, buyer_id="f" * 24)


def a_line_twice(history: History, data: st.DataObject) -> None:
    order = _order(history, data, Status.PLACED, Status.COMPLETED)
    history.orders[order.id] = replace(order, product_list=(*order.product_list, order.product_list[0]))


def an_order_out_of_nothing(history: History, data: st.DataObject) -> None:
    order = _order(history, data, Status.PLACED, Status.COMPLETED)
    id = order.id[:25] + "f" * 24
    history.orders[id] = replace(order, id=id)


def cancelled_without_putting_back(history: History, data: st.DataObject) -> None:
    order = _order(history, data, Status.PLACED, Status.COMPLETED)
    history.orders[order.id] = replace(order, status=Status.CANCELLED)


def cancelled_made_completed(history: History, data: st.DataObject) -> None:
    order = _order(history, data, Status.CANCELLED)
    history.orders[order.id] = replace(order, status=Status.COMPLETED)


def put_back_twice(history: History, data: st.DataObject) -> None:
    order = _order(history, data, Status.CANCELLED)
    history.orders[order.id] = replace(order, status=Status.PLACED)
    history.finish(order.id, Status.CANCELLED)


def oversold(history: History, data: st.DataObject) -> None:
    """What the naive checkout does: two orders, one change of stock."""
    order = _order(history, data, Status.PLACED)
    line = order.product_list[0]
    id = order.id[:25] + "e" * 24
    history.orders[id] = replace(order, id=id, product_list=(line,), timestamp=AT)


@pytest.mark.parametrize(
    ("corruption", "invariants"),
    [
        (stock_below_zero, {1, 2}),
        (stock_is_another, {2}),
        (all_logs_lost, {2}),
        (first_log_lost, {2}),
        (a_log_lost, {2}),
        (a_log_ends_elsewhere, {2}),
        (a_log_starts_elsewhere, {2}),
        (a_log_at_another_version, {2}),
        (a_log_beyond_the_version, {2}),
        (a_purchase_log_twice, {2, 3, 4}),
        (a_purchase_called_adjustment, {3, 4}),
        (a_purchase_without_order, {4}),
        (an_order_lost, {3, 4}),
        (a_cancelled_order_lost, {4}),
        (an_order_of_more, {3, 4}),
        (an_order_at_another_price, {4}),
        (an_order_of_another_total, {4}),
        (an_order_of_another_buyer, {4}),
        (a_line_twice, {3, 4}),
        (an_order_out_of_nothing, {3, 4}),
        (cancelled_without_putting_back, {3, 4}),
        (cancelled_made_completed, {3, 4}),
        (put_back_twice, {3, 4}),
        (oversold, {3, 4}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
@settings(max_examples=30)
@given(histories(trade=True), st.data())
def test_every_corruption_is_found_under_its_number(
    corruption: Corruption, invariants: set[int], history: History, data: st.DataObject
) -> None:
    corruption(history, data)
    assert history.broken() >= invariants


def test_a_first_log_that_changed_nothing_is_missed_too() -> None:
    history = History()
    history.offer(SELLERS[0], 0)
    history.move(next(iter(history.shelves)), 5)
    assert history.broken() == set()
    del history.logs[0]
    assert history.broken() == {2}


@pytest.mark.parametrize(
    ("ages", "wrong"),
    [
        ([0], False),
        ([0, 1], True),
        ([0, 3600 * 24 - 120], True),
        ([0, 3600 * 24], False),
        ([0, 3600 * 24, 3600 * 48], False),
        ([3600 * 24 + 5, 0, 3600 * 24], True),
    ],
)
def test_a_key_has_one_checkout_while_it_is_kept(ages: list[int], wrong: bool) -> None:
    ids = [f"{SELLERS[0]}-{1_760_000_000 + age:08x}{age % 7:016x}" for age in ages]
    found = list(check_key(f"{BUYER}|k", ids, kept=3600 * 24))
    assert [violation.invariant for violation in found] == ([4] if wrong else [])
    assert all(BUYER in violation.detail and "|k" not in violation.detail for violation in found)
