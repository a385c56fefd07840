"""Small runs, told by hand: a product, who bought it, and what the shop kept."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from loadtests.common.evidence import Evidence, Log, Order
from loadtests.common.ledger import ACKNOWLEDGED, Cancellation, Checkout, Ledger, StockChange
from loadtests.common.stage import Product


class Story:
    """Everything goes well unless it is told otherwise: every purchase is stored, logged and taken from the stock."""

    def __init__(self, *stocks: int) -> None:
        self.products = [Product(f"product{n}", 0, stock, 10.0) for n, stock in enumerate(stocks)]
        self.ledger = Ledger()
        self.orders: dict[str, Order] = {}
        self.stock = {product.id: product.stock for product in self.products}
        self.logs = {p.id: [Log(p.id, 1, None, "restock", 0, p.stock, "")] for p in self.products}
        self._numbers = itertools.count(1)

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.orders, self.stock, self.logs)

    def buys(self, lines: Mapping[str, int], *, told: str = ACKNOWLEDGED, stored: bool = True, **more: Any) -> str:
        """One checkout of one seller; its order's id."""
        number = next(self._numbers)
        order, buyer = f"order{number}", more.pop("buyer", f"buyer{number}")
        asked = more.pop("asked", float(number))
        answered = more.pop("answered", asked + 0.5)
        orders = {order: dict(lines)} if told == ACKNOWLEDGED else {}
        key = f"key{number}"
        self.ledger.checkouts.append(
            Checkout(asked, answered, told, key=key, buyer=buyer, lines=dict(lines), orders=orders, **more)
        )
        if stored:
            self.orders[order] = Order(order, f"checkout{number}", buyer, dict(lines), "placed")
            for product, quantity in lines.items():
                self.moves(product, -quantity, "purchase", order=order)
        return order

    def cancels(self, order: str, *, told: str = ACKNOWLEDGED, stored: bool = True) -> None:
        at = float(next(self._numbers))
        self.ledger.cancellations.append(Cancellation(at, at + 0.5, told, order=order))
        if stored:
            kept = self.orders[order]
            self.orders[order] = Order(kept.id, kept.checkout, kept.buyer, kept.lines, "cancelled")
            for product, quantity in kept.lines.items():
                self.moves(product, quantity, "cancellation", order=order)

    def restocks(self, product: str, delta: int, *, told: str = ACKNOWLEDGED, stored: bool = True) -> None:
        at, token = float(next(self._numbers)), f"token{next(self._numbers)}"
        self.ledger.stock_changes.append(StockChange(at, at + 0.5, told, token=token, product=product, delta=delta))
        if stored:
            self.moves(product, delta, "restock", reason=token)

    def moves(self, product: str, delta: int, change: str, *, order: str | None = None, reason: str = "") -> None:
        """A change of the stock with its log."""
        logs, old = self.logs[product], self.stock[product]
        self.stock[product] = old + delta
        logs.append(Log(product, len(logs) + 1, order, change, old, old + delta, reason))
