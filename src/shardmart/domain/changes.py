"""What a worker hears of the database: every change that somebody may have to be told of, in one order.

The order is the database's own, the same for every worker and app node, so a position names one event everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Union

from shardmart.domain.listings import Product
from shardmart.domain.notices import Notice
from shardmart.domain.orders import Order

_EVENT_ID = re.compile(r"([0-9a-f]{16})-(\d{1,9})(?:-[0-9a-z]{1,20})?")
EVENTS_PER_CHANGE = 2  # a crossing is a notification and a low_stock


@dataclass(slots=True, frozen=True, order=True)
class Position:
    """`time` is the database's cluster time, seconds and a counter; `ordinal` counts events at that time."""

    time: int
    ordinal: int

    @property
    def seconds(self) -> int:
        """Since 1970."""
        return self.time >> 32

    def event_id(self, mark: str = "") -> str:
        """`mark` tells apart what has no place of its own in the order, like news of the topology."""
        return f"{self.time:016x}-{self.ordinal}" + (f"-{mark}" if mark else "")


START = Position(0, 0)


def position_of(event_id: str) -> Position | None:
    """None for what is no event id."""
    found = _EVENT_ID.fullmatch(event_id)
    return Position(int(found[1], 16), int(found[2])) if found else None


@dataclass(slots=True, frozen=True)
class ProductChanged:
    """`product` is the state at the change or a later one; None: it is gone, which no verb of the shop does.

    `moves`: lists that do not show it may change too; not so when only its stock, text or photo did.
    """

    product_id: str
    product: Product | None
    moves: bool = True


@dataclass(slots=True, frozen=True)
class OrderChanged:
    """`is_new`: it was placed; otherwise its status moved."""

    order: Order
    is_new: bool


@dataclass(slots=True, frozen=True)
class Noticed:
    notice: Notice


@dataclass(slots=True, frozen=True)
class SessionEnded:
    session_id: str


@dataclass(slots=True, frozen=True)
class UserDeleted:
    user_id: str


@dataclass(slots=True, frozen=True)
class Announced:
    """News for admins that no document of the shop holds."""

    event: str
    payload: dict[str, Any]


@dataclass(slots=True, frozen=True)
class Missed:
    """The database no longer knows what happened since the last change: everything may have changed."""


@dataclass(slots=True, frozen=True)
class Interrupted:
    """The feed broke off, or brought something that cannot be read: nothing is lost, but what follows may be late."""


Change = Union[  # noqa: UP007 - evaluated at run time on 3.10
    ProductChanged, OrderChanged, Noticed, SessionEnded, UserDeleted, Announced, Missed, Interrupted
]


@dataclass(slots=True, frozen=True)
class Heard:
    """One step of the feed: a change, or the news that up to `position` there is no more.

    `committed_at`: when the change was committed, by the database's clock. `asked_at`, in the loop's time, comes
    without a change: everything that was committed before it has been heard.
    """

    position: Position
    change: Change | None
    committed_at: datetime | None = None
    asked_at: float | None = None


@dataclass(slots=True, frozen=True)
class Frontier:
    """How far the database has been written: the cluster time of the last write, and who took it.

    `reign` changes with an election; what the primary before had taken may then be undone.
    """

    time: int
    reign: str
