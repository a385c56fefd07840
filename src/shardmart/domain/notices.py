"""What users are told of: made by the change that causes it, stored by that change's own transaction.

Ids are deterministic, so that a change that runs twice tells nobody twice:

    <order>-placed, <order>-completed, <order>-cancelled-buyer, <order>-cancelled-seller
    <product>-<version, 10 digits>-low
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from shardmart.domain.ids import log_id, seller_of
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order, Status
from shardmart.domain.purchase import Placed, Shelf
from shardmart.domain.reservations import Hold, Stand
from shardmart.domain.stock import StockLog

MOST_NAMED = 3  # products that a text names


class Kind(str, Enum):
    ORDER_PLACED = "order_placed"
    ORDER_COMPLETED = "order_completed"
    ORDER_CANCELLED = "order_cancelled"
    LOW_STOCK = "low_stock"


@dataclass(slots=True, frozen=True)
class Notice:
    """Told to `user_id`; lies with `seller_id`, whose order or product (`subject_id`) it is about.

    `details` are what the event of a crossing says of the product: name, stock, low_stock_threshold.
    """

    id: str
    user_id: str
    seller_id: str
    kind: Kind
    text: str
    subject_id: str
    created_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    read: bool = False


def of_checkout(placed: Placed, logs: Iterable[StockLog], shelves: Mapping[str, Shelf]) -> list[Notice]:
    """To each seller: the order, and every product that it brought down to its threshold.

    `logs` are those of the checkout, `shelves` hold at least their products, before or after it.
    """
    told = [
        _of_order(
            order,
            Kind.ORDER_PLACED,
            order.seller_id,
            mark="placed",
            text=f"New order over {order.total_amount:.2f}: {_named(order)}",
            at=order.timestamp,
        )
        for order in placed.orders
    ]
    return told + of_logs(logs, shelves)


def of_status(order: Order, *, at: datetime) -> list[Notice]:
    """Of an order that was completed or cancelled: to the buyer, a cancellation also to the seller."""
    if order.status is Status.COMPLETED:
        text = f"Completed: {_named(order)}"
        return [_of_order(order, Kind.ORDER_COMPLETED, order.buyer_id, mark="completed", text=text, at=at)]
    text = f"Cancelled: {_named(order)}"
    people = {"buyer": order.buyer_id, "seller": order.seller_id}
    return [
        _of_order(order, Kind.ORDER_CANCELLED, user_id, mark=f"cancelled-{role}", text=text, at=at)
        for role, user_id in people.items()
    ]


def of_logs(logs: Iterable[StockLog], shelves: Mapping[str, Shelf]) -> list[Notice]:
    """The crossings among changes that leave the products' thresholds as they are."""
    found = []
    for log in logs:
        shelf = shelves[log.product_id]
        threshold = shelf.low_stock_threshold
        if shelf.for_sale and log.new_stock <= threshold < log.old_stock:
            state = {"name": shelf.name, "stock": log.new_stock, "low_stock_threshold": threshold}
            found.append(_low(log.product_id, log.version, state, at=log.timestamp))
    return found


def of_given_back(hold: Hold, stand: Stand, logs: Iterable[StockLog]) -> list[Notice]:
    """The crossing that a hold caused, when its units are back and the product is low all the same.

    Nobody who sold meanwhile crossed the threshold, since the hold had. `stand` is the product with the holds on it,
    `logs` are those from the taking to the return: if it was above in between, who brought it down again tells.
    """
    shelf, returned = stand.shelf, hold.returned
    if returned is None or not shelf.for_sale or not hold.left_low(shelf.low_stock_threshold):
        return []
    stocks = [(log.version, log.new_stock) for log in logs]
    stocks += [(h.returned.version, h.stock_after) for h in stand.holds if h.returned and h.stock_after is not None]
    if any(s > shelf.low_stock_threshold for version, s in stocks if hold.version < version < returned.version):
        return []
    state = {"name": shelf.name, "stock": hold.stock_after, "low_stock_threshold": shelf.low_stock_threshold}
    return [_low(hold.product_id, returned.version, state, at=returned.at)]


def of_edit(before: Product, after: Product) -> list[Notice]:
    """A crossing by a count, or by a threshold that was raised."""
    if not after.is_active or before.stock <= before.low_stock_threshold or after.stock > after.low_stock_threshold:
        return []
    state = {"name": after.name, "stock": after.stock, "low_stock_threshold": after.low_stock_threshold}
    return [_low(after.id, after.version, state, at=after.updated_at)]


def _low(product_id: str, version: int, state: Mapping[str, Any], *, at: datetime) -> Notice:
    return Notice(
        id=f"{log_id(product_id, version)}-low",
        user_id=seller_of(product_id),
        seller_id=seller_of(product_id),
        kind=Kind.LOW_STOCK,
        text=f"{state['name']}: {state['stock']} left",
        subject_id=product_id,
        created_at=at,
        details=state,
    )


def _of_order(order: Order, kind: Kind, user_id: str, *, mark: str, text: str, at: datetime) -> Notice:
    return Notice(
        id=f"{order.id}-{mark}",
        user_id=user_id,
        seller_id=order.seller_id,
        kind=kind,
        text=text,
        subject_id=order.id,
        created_at=at,
    )


def _named(order: Order) -> str:
    lines = [f"{line.quantity} × {line.name}" for line in order.product_list[:MOST_NAMED]]
    more = len(order.product_list) - len(lines)
    return ", ".join(lines) + (f" and {more} more" if more else "")
