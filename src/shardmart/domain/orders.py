"""Orders: one seller's part of a checkout each, and the statuses they may take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import InvalidTransition, NotFound

MAX_LINES = 50
MAX_QUANTITY = 1_000


class Status(str, Enum):
    PLACED = "placed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(slots=True, frozen=True)
class OrderLine:
    product_id: str
    name: str
    quantity: int
    price: Decimal


@dataclass(slots=True, frozen=True)
class Order:
    id: str
    checkout_id: str
    buyer_id: str
    seller_id: str
    product_list: tuple[OrderLine, ...]
    total_amount: Decimal
    status: Status
    timestamp: datetime


@dataclass(slots=True, frozen=True)
class OrderFilter:
    """Which orders a list shows; `since` is inclusive, `until` exclusive."""

    buyer_id: str | None = None
    seller_id: str | None = None
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None


def may_see(order: Order, actor: Actor) -> bool:
    """An order is seen by its buyer, its seller and admins; to all others it does not exist."""
    return actor.is_admin or actor.id in (order.buyer_id, order.seller_id)


def check_transition(order: Order, to: Status, actor: Actor) -> None:
    """Raises NotFound for those who may not see the order, InvalidTransition for what is not allowed.

    placed -> completed: its seller, admin. placed -> cancelled: its buyer, its seller, admin.
    """
    if not may_see(order, actor):
        raise NotFound
    buyer_completes = to is Status.COMPLETED and actor.role is Role.BUYER
    if order.status is not Status.PLACED or to is Status.PLACED or buyer_completes:
        raise InvalidTransition
