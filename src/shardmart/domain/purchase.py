"""A checkout from its lines to its answer. Pure: strategies differ in how they store what is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Union

from shardmart.domain.errors import (
    Conflict,
    FieldError,
    InsufficientStock,
    InvalidInput,
    PriceChanged,
    ProductUnavailable,
    Shortfall,
)
from shardmart.domain.ids import digits_of, new_id, owned_id, seller_of
from shardmart.domain.listings import DEFAULT_LOW_STOCK_THRESHOLD, Product
from shardmart.domain.orders import MAX_QUANTITY, Order, OrderLine, Status
from shardmart.domain.stock import ChangeType, StockLog, stock_log


@dataclass(slots=True, frozen=True)
class Line:
    product_id: str
    quantity: int

    @property
    def seller_id(self) -> str:
        return seller_of(self.product_id)


@dataclass(slots=True, frozen=True)
class Purchase:
    """What a buyer wants to buy, decided once and never changed: a retry runs the very same purchase."""

    checkout_id: str
    buyer_id: str
    lines: tuple[Line, ...]  # one per product, sorted by product id
    expected_total: Decimal | None = None
    claim_id: str | None = None  # buyer and Idempotency-Key, when there was one
    cart_version: int | None = None  # set when the cart was bought

    @property
    def home_seller(self) -> str:
        return seller_of(self.checkout_id)


@dataclass(slots=True, frozen=True)
class Placed:
    checkout_id: str
    total_amount: Decimal
    orders: tuple[Order, ...]


@dataclass(slots=True, frozen=True)
class Rejected:
    """A final no. `code` is one of insufficient_stock, product_unavailable, price_changed."""

    checkout_id: str
    code: str
    items: tuple[Shortfall, ...] = ()

    def as_error(self) -> Conflict:
        """The error that tells the client, the same for the first answer and every replay."""
        if self.code == InsufficientStock.code:
            return InsufficientStock(self.items)
        if self.code == ProductUnavailable.code:
            return ProductUnavailable(self.items)
        return PriceChanged()


Outcome = Union[Placed, Rejected]  # noqa: UP007 - evaluated at run time on 3.10


def merge_lines(lines: Iterable[Line]) -> tuple[Line, ...]:
    """One line per product, in the order in which every strategy touches them.

    Raises InvalidInput when a sum passes the bound of a line.
    """
    total: dict[str, int] = {}
    for line in lines:
        total[line.product_id] = total.get(line.product_id, 0) + line.quantity
    if any(quantity > MAX_QUANTITY for quantity in total.values()):
        raise InvalidInput([FieldError("items", f"no more than {MAX_QUANTITY} of one product")])
    return tuple(Line(product_id, total[product_id]) for product_id in sorted(total))


def new_checkout_id(lines: Sequence[Line]) -> str:
    """A fresh checkout id, at home with the first of the sellers in order."""
    return owned_id(min(line.seller_id for line in lines), new_id())


@dataclass(slots=True, frozen=True)
class Shelf:
    """What a decision needs to know of a product, read together with the version it was true for."""

    product_id: str
    seller_id: str
    name: str
    price: Decimal
    stock: int
    version: int
    for_sale: bool
    low_stock_threshold: int = DEFAULT_LOW_STOCK_THRESHOLD

    @classmethod
    def of(cls, product: Product) -> Shelf:
        return cls(
            product_id=product.id,
            seller_id=product.seller_id,
            name=product.name,
            price=product.price,
            stock=product.stock,
            version=product.version,
            for_sale=product.is_active,
            low_stock_threshold=product.low_stock_threshold,
        )


def decide(purchase: Purchase, shelves: Mapping[str, Shelf], *, at: datetime) -> Outcome:
    """All lines or none, from the shelves as they are. A product without a shelf is not for sale."""
    gone, short = [], []
    for line in purchase.lines:
        shelf = shelves.get(line.product_id)
        if shelf is None or not shelf.for_sale:
            gone.append(Shortfall(line.product_id, line.quantity, 0))
        elif shelf.stock < line.quantity:
            short.append(Shortfall(line.product_id, line.quantity, shelf.stock))
    if gone:
        return Rejected(purchase.checkout_id, ProductUnavailable.code, tuple(gone))
    if short:
        return Rejected(purchase.checkout_id, InsufficientStock.code, tuple(short))
    orders = _orders(purchase, shelves, at)
    total = sum((order.total_amount for order in orders), Decimal(0))
    if purchase.expected_total is not None and purchase.expected_total != total:
        return Rejected(purchase.checkout_id, PriceChanged.code)
    return Placed(purchase.checkout_id, total, orders)


def _orders(purchase: Purchase, shelves: Mapping[str, Shelf], at: datetime) -> tuple[Order, ...]:
    """One order per seller; its id is the seller's and the checkout's, so making it twice is a duplicate key."""
    orders = []
    for seller_id, lines in groupby(purchase.lines, key=lambda line: line.seller_id):
        product_list = tuple(
            OrderLine(
                product_id=line.product_id,
                name=shelves[line.product_id].name,
                quantity=line.quantity,
                price=shelves[line.product_id].price,
            )
            for line in lines
        )
        orders.append(
            Order(
                id=owned_id(seller_id, digits_of(purchase.checkout_id)),
                checkout_id=purchase.checkout_id,
                buyer_id=purchase.buyer_id,
                seller_id=seller_id,
                product_list=product_list,
                total_amount=sum((line.price * line.quantity for line in product_list), Decimal(0)),
                status=Status.PLACED,
                timestamp=at,
            )
        )
    return tuple(orders)


def purchase_logs(placed: Placed, shelves: Mapping[str, Shelf], *, at: datetime) -> list[StockLog]:
    """The logs of a checkout that takes its units from the shelves as they were read."""
    return [
        stock_log(
            seller_id=order.seller_id,
            product_id=line.product_id,
            version=shelves[line.product_id].version + 1,
            change_type=ChangeType.PURCHASE,
            old_stock=shelves[line.product_id].stock,
            new_stock=shelves[line.product_id].stock - line.quantity,
            order_id=order.id,
            checkout_id=order.checkout_id,
            at=at,
        )
        for order in placed.orders
        for line in order.product_list
    ]


def cancellation_logs(order: Order, shelves: Mapping[str, Shelf], *, at: datetime) -> list[StockLog]:
    """The logs that put an order's units back on the shelves as they were read."""
    return [
        stock_log(
            seller_id=order.seller_id,
            product_id=line.product_id,
            version=shelves[line.product_id].version + 1,
            change_type=ChangeType.CANCELLATION,
            old_stock=shelves[line.product_id].stock,
            new_stock=shelves[line.product_id].stock + line.quantity,
            order_id=order.id,
            checkout_id=order.checkout_id,
            at=at,
        )
        for line in order.product_list
    ]
