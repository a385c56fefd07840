"""Checkouts and cancellations that mark what they have changed before anybody is answered.

In the worker that answers, and not where it was committed: a committer that dies after its commit has marked nothing,
but then the worker asks again, and marks. Product edits do it themselves (`adapters.mongo.product_edits`).
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from shardmart.domain.cache_ports import Marks
from shardmart.domain.orders import Order, OrderFilter
from shardmart.domain.paging import Page, Position
from shardmart.domain.ports import Checkout, Claim, ClaimingCheckout, Orders, Outcomes
from shardmart.domain.purchase import Outcome, Placed, Purchase, Rejected


class MarkedCheckout:
    """A strategy. `rejections`: it changes products for a checkout that it rejects, and changes them back."""

    def __init__(self, strategy: Checkout, marks: Marks, *, rejections: bool = False) -> None:
        self._strategy, self._marks, self._rejections = strategy, marks, rejections

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        deciding = self._strategy.place(purchase, deadline=deadline)
        return await _marked(self._marks, purchase, deciding, rejections=self._rejections)


class MarkedClaiming:
    """A strategy that stores claims itself."""

    def __init__(self, strategy: ClaimingCheckout, marks: Marks) -> None:
        self._strategy, self._marks = strategy, marks

    async def claim_and_place(self, claim: Claim, *, deadline: float) -> Outcome:
        deciding = self._strategy.claim_and_place(claim, deadline=deadline)
        return await _marked(self._marks, claim.purchase, deciding)


class MarkedOutcomes:
    """A stored answer may be that of a worker which died before it could mark."""

    def __init__(self, outcomes: Outcomes, marks: Marks) -> None:
        self._outcomes, self._marks = outcomes, marks

    async def get(self, checkout_id: str) -> Outcome | None:
        outcome = await self._outcomes.get(checkout_id)
        if isinstance(outcome, Placed):
            self._marks.change(_products(outcome.orders), moves=False)
        return outcome


class MarkedOrders:
    def __init__(self, orders: Orders, marks: Marks) -> None:
        self._orders, self._marks = orders, marks
        self.get, self.complete = orders.get, orders.complete  # neither moves stock

    async def page(self, which: OrderFilter, *, after: Position | None, limit: int) -> Page[Order]:
        return await self._orders.page(which, after=after, limit=limit)

    async def cancel(self, *, seller_id: str, id: str, at: datetime) -> Order:
        order = await self._orders.cancel(seller_id=seller_id, id=id, at=at)
        self._marks.change(_products([order]), moves=False)
        return order


async def _marked(
    marks: Marks, purchase: Purchase, deciding: Awaitable[Outcome], *, rejections: bool = False
) -> Outcome:
    outcome: Outcome | None = None
    try:
        outcome = await deciding
        return outcome
    finally:  # also when the outcome is unknown
        if rejections or not isinstance(outcome, Rejected):
            marks.change([line.product_id for line in purchase.lines], moves=False)


def _products(orders: list[Order] | tuple[Order, ...]) -> list[str]:
    return [line.product_id for order in orders for line in order.product_list]
