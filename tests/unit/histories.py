"""Valid pasts of a shop, made by what the shop can do and nothing else: the ground on which an audit is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import strategies as st

from shardmart.domain.ids import owned_id
from shardmart.domain.invariants import check_checkout, check_order, check_product
from shardmart.domain.orders import Order, Status
from shardmart.domain.purchase import Line, Placed, Purchase, Shelf, cancellation_logs, decide, purchase_logs
from shardmart.domain.reports import Violation
from shardmart.domain.stock import ChangeType, StockLog, kind_of_manual_change, stock_log
from tests.unit.builders import AT, SELLERS, a_purchase, a_shelf


@dataclass
class History:
    shelves: dict[str, Shelf] = field(default_factory=dict)
    logs: list[StockLog] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    placed: list[tuple[Purchase, Placed]] = field(default_factory=list)

    def offer(self, seller_id: str, stock: int) -> None:
        shelf = a_shelf(owned_id(seller_id), stock=stock, price=Decimal("2.50"))
        self.shelves[shelf.product_id] = shelf
        self._log(shelf.product_id, 1, 0, stock, ChangeType.RESTOCK)

    def move(self, product_id: str, delta: int) -> None:
        """A seller's own change: nothing happens when it changes nothing or goes below 0."""
        shelf = self.shelves[product_id]
        if not delta or shelf.stock + delta < 0:
            return
        self._log(product_id, shelf.version + 1, shelf.stock, shelf.stock + delta, kind_of_manual_change(delta))
        self._put(product_id, stock=shelf.stock + delta)

    def edit(self, product_id: str) -> None:
        self._put(product_id, price=self.shelves[product_id].price + 1)

    def switch(self, product_id: str) -> None:
        """Disabled, enabled, or deleted: for stock it is the same."""
        self._put(product_id, for_sale=not self.shelves[product_id].for_sale)

    def buy(self, wanted: list[Line]) -> None:
        purchase = a_purchase(*wanted)
        outcome = decide(purchase, self.shelves, at=AT)
        if isinstance(outcome, Placed):
            self.placed.append((purchase, outcome))
            self.orders |= {order.id: order for order in outcome.orders}
            self._apply(purchase_logs(outcome, self.shelves, at=AT))

    def finish(self, order_id: str, status: Status) -> None:
        order = self.orders[order_id]
        if order.status is not Status.PLACED:
            return
        self.orders[order_id] = replace(order, status=status)
        if status is Status.CANCELLED:
            self._apply(cancellation_logs(order, self.shelves, at=AT))

    def chain(self, product_id: str) -> list[StockLog]:
        return sorted((log for log in self.logs if log.product_id == product_id), key=lambda log: log.id)

    def units_sold(self, product_id: str) -> int:
        sold = (order for order in self.orders.values() if order.status is not Status.CANCELLED)
        return sum(line.quantity for order in sold for line in order.product_list if line.product_id == product_id)

    def violations(self) -> Iterator[Violation]:
        """Everything that an audit looks at."""
        for id, shelf in self.shelves.items():
            yield from check_product(id, shelf.stock, shelf.version, self.chain(id), self.units_sold(id))
        for id in {*self.orders, *(log.order_id for log in self.logs if log.order_id)}:
            yield from check_order(self.orders.get(id), id, [log for log in self.logs if log.order_id == id])
        for _, outcome in self.placed:
            yield from check_checkout(outcome, self.orders)

    def broken(self) -> set[int]:
        return {violation.invariant for violation in self.violations()}

    def _log(self, product_id: str, version: int, old: int, new: int, kind: ChangeType) -> None:
        seller_id = product_id[:24]
        self.logs.append(
            stock_log(
                seller_id=seller_id,
                product_id=product_id,
                version=version,
                change_type=kind,
                old_stock=old,
                new_stock=new,
                at=AT,
            )
        )

    def _apply(self, logs: list[StockLog]) -> None:
        self.logs += logs
        for log in logs:
            self.shelves[log.product_id] = replace(
                self.shelves[log.product_id], stock=log.new_stock, version=log.version
            )

    def _put(self, product_id: str, **fields: object) -> None:
        shelf = self.shelves[product_id]
        self.shelves[product_id] = replace(shelf, version=shelf.version + 1, **fields)  # type: ignore[arg-type]


@st.composite
def histories(draw: st.DrawFn, *, trade: bool = False) -> History:
    """Any valid history; with `trade` one that has a placed, a completed and a cancelled order at least."""
    history = History()
    for seller_id in draw(st.lists(st.sampled_from(SELLERS), min_size=1, max_size=4)):
        history.offer(seller_id, draw(st.integers(3 if trade else 0, 30)))
    ids = list(history.shelves)
    some = st.sampled_from(ids)
    if trade:
        for status in (None, Status.COMPLETED, Status.CANCELLED):
            history.buy([Line(draw(some), 1)])
            if status:
                history.finish(list(history.orders)[-1], status)
    for verb in draw(
        st.lists(st.sampled_from(["move", "edit", "switch", "buy", "buy", "finish", "finish"]), max_size=12)
    ):
        if verb == "move":
            history.move(draw(some), draw(st.integers(-10, 10)))
        elif verb == "buy":
            history.buy(draw(st.lists(st.builds(Line, some, st.integers(1, 5)), min_size=1, max_size=4)))
        elif verb == "finish" and history.orders:
            history.finish(draw(st.sampled_from(sorted(history.orders))), draw(st.sampled_from(list(Status)[1:])))
        elif verb == "edit":
            history.edit(draw(some))
        elif verb == "switch":
            history.switch(draw(some))
    return history
