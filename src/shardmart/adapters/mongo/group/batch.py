"""From members and what was read to answers and changes. Pure, and the whole truth about a batch.

Members are decided one after the other, first come, first served, each on the shelves as the one before left them:
the batch ends where the members, run one by one, would have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shardmart.adapters.mongo.group.members import Answer, Cancellation, Checkout, Member, ProductEdit
from shardmart.domain import notices
from shardmart.domain.cart import Cart
from shardmart.domain.edits import edit_log, edited
from shardmart.domain.errors import EmptyCart, InvalidTransition, KeyTaken, NotFound, ShardmartError, Unavailable
from shardmart.domain.listings import Product
from shardmart.domain.notices import Notice
from shardmart.domain.orders import Order, Status
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Outcome, Placed, Purchase, Shelf, cancellation_logs, decide, purchase_logs
from shardmart.domain.stock import StockLog


@dataclass(slots=True)
class Books:
    """What was read in the transaction's snapshot; it moves on as members are decided."""

    shelves: dict[str, Shelf]
    products: dict[str, Product] = field(default_factory=dict)  # whole, of those that are edited
    removed: set[str] = field(default_factory=set)  # of `products`, those that left the shop
    orders: dict[str, Order] = field(default_factory=dict)  # those to be cancelled
    carts: dict[str, Cart] = field(default_factory=dict)  # by buyer, those that are bought
    outcomes: dict[str, Outcome | None] = field(default_factory=dict)  # of earlier runs; None: a change was made
    claims: set[str] = field(default_factory=set)  # keys that are taken, of those that are asked for
    unsettled: set[str] = field(default_factory=set)  # checkouts that strategy `reservation` has begun
    being_bought: set[str] = field(default_factory=set)  # carts, by buyer, that such a one may yet empty


@dataclass(slots=True)
class Changes:
    """What the batch writes. `before` holds each changed product's shelf as it was read."""

    outcomes: list[tuple[Purchase, Outcome]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    markers: list[Member] = field(default_factory=list)  # changes made, so that none is made twice
    logs: list[StockLog] = field(default_factory=list)
    cancelled: list[Order] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    emptied: list[Cart] = field(default_factory=list)  # as they were read
    before: dict[str, Shelf] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Batch:
    """Decides members against `books`. Use once: `books` are changed on the way."""

    books: Books
    at: datetime
    changes: Changes = field(default_factory=Changes)

    def decide(self, members: Sequence[Member]) -> list[Answer]:
        """One answer per member, in order. Business errors are answers; anything else raised is poison."""
        return [self._answer(member) for member in members]

    def _answer(self, member: Member) -> Answer:
        try:
            if isinstance(member, Checkout):
                return self._checkout(member.purchase, member.claim)
            answer = self._cancel(member) if isinstance(member, Cancellation) else self._edit(member)
        except ShardmartError as error:
            return error
        if member.id not in self.books.outcomes:
            self.books.outcomes[member.id] = None
            self.changes.markers.append(member)
        return answer

    def _checkout(self, purchase: Purchase, claim: Claim | None) -> Outcome:
        known = self.books.outcomes.get(purchase.checkout_id)
        if known is not None:
            return known
        if purchase.checkout_id in self.books.unsettled:
            raise Unavailable  # the sweeper settles it, or whoever asks again by then
        if claim is not None and claim.id in self.books.claims:
            raise KeyTaken
        outcome = decide(purchase, self.books.shelves, at=self.at)
        if isinstance(outcome, Placed):
            self._empty_cart(purchase)
            logs = purchase_logs(outcome, self.books.shelves, at=self.at)
            self.changes.notices += notices.of_checkout(outcome, logs, self.books.shelves)
            self._move(logs)
        self.books.outcomes[purchase.checkout_id] = outcome
        self.changes.outcomes.append((purchase, outcome))
        if claim is not None:
            self.books.claims.add(claim.id)
            self.changes.claims.append(claim)
        return outcome

    def _empty_cart(self, purchase: Purchase) -> None:
        """Unless it was filled further meanwhile. Raises EmptyCart when somebody bought it before.

        Raises Unavailable while a checkout by reservation has marked it: that one may be placed or undone.
        """
        if purchase.cart_version is None:
            return
        cart = self.books.carts.get(purchase.buyer_id)
        if cart is None or not cart.lines:
            raise EmptyCart
        if cart.version == purchase.cart_version:
            if purchase.buyer_id in self.books.being_bought:
                raise Unavailable
            self.changes.emptied.append(cart)
            self.books.carts[purchase.buyer_id] = replace(cart, lines=(), version=cart.version + 1)

    def _cancel(self, member: Cancellation) -> Order:
        order = self.books.orders.get(member.order_id)
        if order is None:
            raise NotFound
        if member.id in self.books.outcomes:
            return order
        if order.status is not Status.PLACED:
            raise InvalidTransition
        self._move(cancellation_logs(order, self.books.shelves, at=member.at))
        order = self.books.orders[order.id] = replace(order, status=Status.CANCELLED)
        self.changes.cancelled.append(order)
        self.changes.notices += notices.of_status(order, at=member.at)
        return order

    def _edit(self, member: ProductEdit) -> Product:
        id = member.edit.product_id
        product = self.books.products.get(id)
        if product is None:
            raise NotFound
        shelf = self.books.shelves[id]
        before = replace(product, stock=shelf.stock, version=shelf.version)
        if member.id in self.books.outcomes:
            return before
        if id in self.books.removed:
            raise NotFound
        after = edited(before, member.edit)
        if after is not before:
            self._apply(member, before, after)
        return after

    def _apply(self, member: ProductEdit, before: Product, after: Product) -> None:
        self.changes.before.setdefault(after.id, self.books.shelves[after.id])
        if log := edit_log(before, after, member.edit.reason):
            self.changes.logs.append(log)
        self.changes.notices += notices.of_edit(before, after)
        if member.edit.removes:
            self.books.removed.add(after.id)
        self.changes.edited.add(after.id)
        self.books.products[after.id] = after
        self.books.shelves[after.id] = Shelf.of(after)

    def _move(self, logs: list[StockLog]) -> None:
        """The shelves as the logs leave them, one version further each."""
        shelves = self.books.shelves
        for log in logs:
            shelf = shelves[log.product_id]
            self.changes.before.setdefault(log.product_id, shelf)
            shelves[log.product_id] = replace(shelf, stock=log.new_stock, version=log.version)
        self.changes.logs += logs
