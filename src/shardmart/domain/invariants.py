"""The stock invariants of the contract's §8, as pure checks of one product, one order, one checkout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from shardmart.domain.ids import log_id, made_at
from shardmart.domain.orders import Order, Status
from shardmart.domain.purchase import Placed
from shardmart.domain.reports import Violation
from shardmart.domain.stock import ChangeType, StockLog

KEY_MARGIN_SECONDS = 60  # a checkout's id is made a moment before its key is stored, and clocks differ
FIRST_VERSION = 1  # every product is stored together with its first log


def check_product(
    product_id: str, stock: int, version: int, logs: Sequence[StockLog], units_sold: int
) -> Iterable[Violation]:
    """Invariants 1 to 3. `logs` by version; `units_sold` in orders that are placed or completed."""
    if stock < 0:
        yield Violation(1, f"product {product_id}: stock is {stock}")
    if not logs:
        yield Violation(2, f"product {product_id}: no log explains its stock of {stock}")
    elif logs[0].version != FIRST_VERSION:
        yield Violation(2, f"product {product_id}: its first log is of version {logs[0].version}")
    before = 0
    for log in logs:
        if log.old_stock != before:
            yield Violation(2, f"product {product_id}: log {log.version} starts at {log.old_stock}, not {before}")
        if log.id != log_id(product_id, log.version):
            yield Violation(2, f"product {product_id}: log {log.id} is not at its version {log.version}")
        before = log.new_stock
    if logs and before != stock:
        yield Violation(2, f"product {product_id}: stock is {stock}, the logs end at {before}")
    if logs and logs[-1].version > version:
        yield Violation(2, f"product {product_id}: version is {version}, the logs end at {logs[-1].version}")
    logged = units_logged(logs)
    if logged != units_sold:
        yield Violation(3, f"product {product_id}: {units_sold} units in orders, {logged} in logs")


def units_logged(logs: Iterable[StockLog]) -> int:
    """Units that the logs say were purchased, less those cancelled."""
    trade = (ChangeType.PURCHASE, ChangeType.CANCELLATION)
    return sum(log.old_stock - log.new_stock for log in logs if log.change_type in trade)


def check_order(order: Order | None, order_id: str, logs: Sequence[StockLog]) -> Iterable[Violation]:
    """Invariant 4: every line has exactly one purchase log, and one cancellation log once it is cancelled."""
    if order is None:
        yield Violation(4, f"order {order_id}: {len(logs)} logs belong to it, but it is not there")
        return
    lines = Counter({(line.product_id, line.quantity): 1 for line in order.product_list})
    if len(lines) != len(order.product_list) or len({line.product_id for line in order.product_list}) != len(lines):
        yield Violation(4, f"order {order_id}: a product stands on two lines")
    expected = {
        ChangeType.PURCHASE: lines,
        ChangeType.CANCELLATION: lines if order.status is Status.CANCELLED else Counter(),
    }
    for kind, wanted in expected.items():
        own = [log for log in logs if log.change_type is kind]
        found = Counter((log.product_id, abs(log.new_stock - log.old_stock)) for log in own)
        if found != wanted:
            yield Violation(4, f"order {order_id}: its lines and its {kind.value} logs do not match")


def check_checkout(placed: Placed, orders: dict[str, Order]) -> Iterable[Violation]:
    """Invariant 4: an acknowledged checkout has all its orders, as they were acknowledged."""
    for promised in placed.orders:
        stored = orders.get(promised.id)
        if stored is None:
            yield Violation(4, f"checkout {placed.checkout_id}: its order {promised.id} is not there")
        elif _acknowledged(stored) != _acknowledged(promised):
            yield Violation(4, f"checkout {placed.checkout_id}: its order {promised.id} was changed")


def check_key(claim_id: str, checkout_ids: Iterable[str], *, kept: float) -> Iterable[Violation]:
    """Invariant 4: one checkout per idempotency key while it is kept (seconds); later it is as good as new."""
    made = sorted(made_at(id) for id in checkout_ids)
    if any(after - before < kept - KEY_MARGIN_SECONDS for before, after in pairwise(made)):
        buyer_id = claim_id.partition("|")[0]
        yield Violation(4, f"an idempotency key of buyer {buyer_id} has {len(made)} checkouts, two while it was kept")


def check_leftover(what: str, since: datetime, *, at: datetime, recovery: timedelta) -> Iterable[Violation]:
    """Invariant 5: what is begun is finished or undone within the recovery interval."""
    if at - since > recovery:
        yield Violation(5, f"{what} is half done for {(at - since).total_seconds():.1f} s")


def _acknowledged(order: Order) -> tuple[object, ...]:
    """What never changes of an order; only its status does."""
    return order.buyer_id, order.seller_id, order.checkout_id, order.product_list, order.total_amount, order.timestamp
