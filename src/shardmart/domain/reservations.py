"""Units held for a checkout that is not decided yet, and what becomes of them. Pure.

A hold is a change of stock like any other: it moves the product to its next version. Only its log has to wait,
because it is not known yet what the change will have been: a purchase, or nothing that lasted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum

from shardmart.domain.ids import seller_of
from shardmart.domain.purchase import Outcome, Placed, Purchase, Shelf, purchase_logs
from shardmart.domain.stock import ChangeType, StockLog, stock_log


@dataclass(slots=True, frozen=True)
class Move:
    """A change of a product's stock, from `old_stock`, which brought it to `version`."""

    version: int
    old_stock: int
    at: datetime


@dataclass(slots=True, frozen=True)
class Hold:
    """Units taken off a shelf for an attempt at a checkout; with `returned` they are back on it."""

    product_id: str
    checkout_id: str
    attempt: str
    quantity: int
    name: str
    price: Decimal
    taken: Move
    returned: Move | None = None

    @property
    def version(self) -> int:
        """One version of a product is one hold, so this tells it from all others of the product."""
        return self.taken.version

    @property
    def stock_after(self) -> int | None:
        """The stock once the units were back; None while they are not."""
        return None if self.returned is None else self.returned.old_stock + self.quantity

    def left_low(self, threshold: int) -> bool:
        """Whether it brought the stock down to `threshold`, and its return did not bring it up again."""
        crossed = self.taken.old_stock - self.quantity <= threshold < self.taken.old_stock
        return crossed and self.stock_after is not None and self.stock_after <= threshold

    def shelf(self) -> Shelf:
        """The shelf from which the units were taken, as it was."""
        return Shelf(
            product_id=self.product_id,
            seller_id=seller_of(self.product_id),
            name=self.name,
            price=self.price,
            stock=self.taken.old_stock,
            version=self.version - 1,
            for_sale=True,
        )

    def belongs_to(self, checkout_id: str, attempt: str) -> bool:
        return (self.checkout_id, self.attempt) == (checkout_id, attempt)


class State(str, Enum):
    """Of a checkout by reservation. PENDING -> PLACED or REJECTED is its commit; UNDOING ends as if never begun."""

    PENDING = "pending"
    UNDOING = "undoing"
    PLACED = "placed"
    REJECTED = "rejected"


@dataclass(slots=True, frozen=True)
class Intent:
    """A checkout on its way. `attempt` names this beginning of it: a checkout that was undone may begin again.

    `settled`: decided, and nothing remains to be done; of such a one `purchase` may name no lines. `holds`: what a
    placed one bought.
    """

    purchase: Purchase
    state: State
    attempt: str
    since: datetime
    outcome: Outcome | None = None
    holds: tuple[Hold, ...] = ()
    settled: bool = False

    @property
    def checkout_id(self) -> str:
        return self.purchase.checkout_id

    def is_pending(self, attempt: str) -> bool:
        return (self.attempt, self.state) == (attempt, State.PENDING)

    def keeps(self, hold: Hold) -> bool:
        """Whether the units were bought."""
        return self.state is State.PLACED and any(
            (kept.product_id, kept.version) == (hold.product_id, hold.version) for kept in self.holds
        )


def may_yet_buy(intent: Intent | None, attempt: str) -> bool:
    """Whether the checkout, as it is now, may still empty the cart that this attempt at it has marked."""
    if intent is None or intent.attempt != attempt or intent.settled:
        return False
    return intent.state in (State.PENDING, State.PLACED)


@dataclass(slots=True, frozen=True)
class Stand:
    """A product as a reservation sees it: its shelf, and the holds on it that are not settled."""

    shelf: Shelf
    holds: tuple[Hold, ...]

    def held_for(self, checkout_id: str, attempt: str) -> Hold | None:
        mine = (hold for hold in self.holds if hold.belongs_to(checkout_id, attempt) and hold.returned is None)
        return next(mine, None)

    def may_yet_give(self, quantity: int, *, checkout_id: str, attempt: str) -> bool:
        """Whether it is too little now, and enough if what others hold came back; earlier attempts are others."""
        others = (h.quantity for h in self.holds if h.returned is None and not h.belongs_to(checkout_id, attempt))
        return self.shelf.for_sale and self.shelf.stock < quantity <= self.shelf.stock + sum(others)


def sold_logs(placed: Placed, holds: Iterable[Hold]) -> list[StockLog]:
    """The logs of what was held and then bought; the same whoever makes them."""
    at = placed.orders[0].timestamp
    return purchase_logs(placed, {hold.product_id: hold.shelf() for hold in holds}, at=at)


def moves_of(hold: Hold) -> list[StockLog]:
    """The logs of units that were held, and put back if they were: changes of stock, and nobody's purchase."""
    logs = [_log(hold, hold.taken, -hold.quantity, "reservation")]
    if hold.returned is not None:
        logs.append(_log(hold, hold.returned, hold.quantity, "reservation given back"))
    return logs


def _log(hold: Hold, move: Move, units: int, reason: str) -> StockLog:
    return stock_log(
        seller_id=seller_of(hold.product_id),
        product_id=hold.product_id,
        version=move.version,
        change_type=ChangeType.ADJUSTMENT,
        old_stock=move.old_stock,
        new_stock=move.old_stock + units,
        checkout_id=hold.checkout_id,
        at=move.at,
        reason=reason,
    )


def chain_with(logs: Sequence[StockLog], holds: Sequence[Hold]) -> list[StockLog]:
    """A product's chain as it is while checkouts are on their way: what they moved stands in it without a purpose."""
    unsettled = {hold.checkout_id for hold in holds}
    chain = [_aimless(log) if log.checkout_id in unsettled else log for log in logs]
    written = {log.id for log in logs}
    for hold in holds:
        chain += [log for log in moves_of(hold) if log.id not in written]
    return sorted(chain, key=lambda log: log.id)


def _aimless(log: StockLog) -> StockLog:
    return replace(log, change_type=ChangeType.ADJUSTMENT)
