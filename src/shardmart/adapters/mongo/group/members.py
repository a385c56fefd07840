"""What waits to be committed: a checkout, a cancellation or the edit of a product.

Every member has an id of its own, and its outcome is stored under that id in the transaction that carries it out.
So a member may be run any number of times, by any process, and happens once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Union

from shardmart.domain.edits import Edit
from shardmart.domain.errors import ShardmartError
from shardmart.domain.ids import seller_of
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Outcome, Purchase


@dataclass(slots=True, frozen=True)
class Checkout:
    """`claim`: of the purchase's Idempotency-Key, when it is to be stored with the outcome."""

    purchase: Purchase
    claim: Claim | None = None

    @property
    def id(self) -> str:
        return self.purchase.checkout_id

    @property
    def products(self) -> tuple[str, ...]:
        return tuple([line.product_id for line in self.purchase.lines])

    @property
    def cart(self) -> str | None:
        """The buyer whose cart this empties."""
        return self.purchase.buyer_id if self.purchase.cart_version is not None else None


@dataclass(slots=True, frozen=True)
class Cancellation:
    """`products` are those of the order's lines, which never change."""

    id: str
    order_id: str
    products: tuple[str, ...]
    at: datetime


@dataclass(slots=True, frozen=True)
class ProductEdit:
    id: str
    edit: Edit

    @property
    def products(self) -> tuple[str, ...]:
        return (self.edit.product_id,)


Member = Union[Checkout, Cancellation, ProductEdit]  # noqa: UP007 - evaluated at run time on 3.10
Answer = Union[Outcome, Order, Product, ShardmartError]  # noqa: UP007 - an error is an answer: a final no


def holds(member: Member) -> tuple[str, ...]:
    """What no other batch may touch at the same time: the products, and the cart that is bought."""
    cart = member.cart if isinstance(member, Checkout) else None
    return member.products if cart is None else (*member.products, f"cart {cart}")


def home_of(member: Member) -> str:
    """The seller under whose shard key the member's outcome is stored."""
    return seller_of(member.id)
