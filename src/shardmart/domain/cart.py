"""A buyer's cart: what was put in, and how it looks against the shelves now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shardmart.domain.purchase import Line


@dataclass(slots=True, frozen=True)
class Cart:
    """What is stored; `version` grows with every change, so a checkout clears only the cart that it bought."""

    buyer_id: str
    lines: tuple[Line, ...]
    version: int


@dataclass(slots=True, frozen=True)
class CartItem:
    """`available`: units that can be bought now, 0 for what is not for sale."""

    product_id: str
    name: str
    price: Decimal
    quantity: int
    available: int


@dataclass(slots=True, frozen=True)
class CartView:
    items: tuple[CartItem, ...]
    total_amount: Decimal
