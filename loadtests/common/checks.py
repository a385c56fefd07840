"""The ledger held against what the shop kept. Pure: nothing is read here.

An acknowledged checkout must be stored once, as it was told; a rejected one must not be; an unknown one may be
either, but not twice. Stock is conserved: what a product began with, plus what sellers added, less what is in orders
that were not cancelled, is what is on the shelf.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from loadtests.common.evidence import CANCELLED, Evidence, Order
from loadtests.common.ledger import ACKNOWLEDGED, FAILED, REJECTED, Checkout, Ledger
from loadtests.common.stage import Product

MOST_DETAILS = 50  # of one kind; the rest is a number


@dataclass(frozen=True)
class Violation:
    check: str  # ledger, stock, events, answers, audit, history
    detail: str


@dataclass
class Findings:
    """What the comparison came to. `lost` and `duplicated` count checkouts, `oversold_units` units."""

    lost: int = 0
    duplicated: int = 0
    oversold_units: int = 0
    violations: list[Violation] = field(default_factory=list)


def check(ledger: Ledger, evidence: Evidence, products: Sequence[Product]) -> Findings:
    findings = Findings()
    lost = list(_lost(ledger.checkouts, evidence))
    strays = list(_strays(ledger.checkouts, evidence))
    findings.lost, findings.duplicated = len(lost), len(strays)
    sold = _sold(evidence)
    findings.oversold_units = sum(_oversold(product, evidence, sold[product.id]) for product in products)
    for check, found in (
        ("ledger", lost),
        ("ledger", strays),
        ("ledger", _cancellations(ledger, evidence)),
        ("ledger", _stock_changes(ledger, evidence)),
        ("stock", _shelves(ledger, evidence, products, sold)),
        ("events", _seen(ledger, evidence)),
        ("answers", _answers(ledger)),
    ):
        findings.violations += limited(check, found)
    return findings


def limited(check: str, found: Iterable[str]) -> Iterator[Violation]:
    """As violations, the first ones in full."""
    details = list(found)
    for detail in details[:MOST_DETAILS]:
        yield Violation(check, detail)
    if len(details) > MOST_DETAILS:
        yield Violation(check, f"… and {len(details) - MOST_DETAILS} more of the same kind")


def _lost(checkouts: Iterable[Checkout], evidence: Evidence) -> Iterator[str]:
    for one in checkouts:
        if one.told != ACKNOWLEDGED:
            continue
        missing = [id for id in one.orders if id not in evidence.orders]
        if missing or not one.orders:
            yield f"checkout {one.key} of buyer {one.buyer} was acknowledged, but is not stored: {', '.join(missing)}"
            continue
        stored = Counter[str]()
        for id, lines in one.orders.items():
            stored.update(evidence.orders[id].lines)
            if evidence.orders[id].lines != lines:
                yield f"order {id} is stored with other lines than were acknowledged"
                break
        else:
            if dict(stored) != dict(one.lines):
                yield f"checkout {one.key} asked for {dict(one.lines)}, but {dict(stored)} is stored"


def _strays(checkouts: Iterable[Checkout], evidence: Evidence) -> Iterator[str]:
    """Stored checkouts that nobody was told of and that no unknown one explains."""
    told = {id for one in checkouts for id in one.orders}
    possible: defaultdict[tuple[str, frozenset[tuple[str, int]]], int] = defaultdict(int)
    refused = set()
    for one in checkouts:
        wish = (one.buyer, frozenset(one.lines.items()))
        if one.told == REJECTED:
            refused.add(wish)
        elif one.told != ACKNOWLEDGED:
            possible[wish] += 1
    for checkout, orders in _by_checkout(order for id, order in evidence.orders.items() if id not in told).items():
        lines = Counter[str]()
        for order in orders:
            lines.update(order.lines)
        wish = (orders[0].buyer, frozenset(lines.items()))
        if possible[wish] > 0:
            possible[wish] -= 1
            continue
        what = "was rejected" if wish in refused else "was never acknowledged to its buyer"
        yield f"checkout {checkout} is stored for buyer {orders[0].buyer}, but {what}"


def _by_checkout(orders: Iterable[Order]) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = {}
    for order in orders:
        found.setdefault(order.checkout, []).append(order)
    return found


def _cancellations(ledger: Ledger, evidence: Evidence) -> Iterator[str]:
    attempted = {one.order for one in ledger.cancellations if one.told != REJECTED}
    for one in ledger.cancellations:
        order = evidence.orders.get(one.order)
        if one.told == ACKNOWLEDGED and order is not None and order.status != CANCELLED:
            yield f"order {one.order} was told to be cancelled, but is {order.status}"
    for order in evidence.orders.values():
        if order.status == CANCELLED and order.id not in attempted:
            yield f"order {order.id} is cancelled, and nobody cancelled it"


def _stock_changes(ledger: Ledger, evidence: Evidence) -> Iterator[str]:
    logged = Counter(log.reason for logs in evidence.logs.values() for log in logs if log.reason)
    for one in ledger.stock_changes:
        times = logged[one.token]
        expected = {ACKNOWLEDGED: (1,), REJECTED: (0,)}.get(one.told, (0, 1))
        if times not in expected:
            what = f"a stock change of {one.delta:+} on product {one.product}"
            yield f"{what} was told {one.told}, and logged {times} times"


def _shelves(ledger: Ledger, evidence: Evidence, products: Iterable[Product], sold: Counter[str]) -> Iterator[str]:
    """Conservation, product by product. Changes that nobody of this run made count as unexplained."""
    tokens = {one.token: one.delta for one in ledger.stock_changes}
    for product in products:
        if product.id not in evidence.stock:
            yield f"product {product.id} is gone"
            continue
        added = sum(tokens.get(log.reason, 0) for log in evidence.logs.get(product.id, ()))
        left = evidence.stock[product.id]
        should = product.stock + added - sold[product.id]
        if left < 0:
            yield f"product {product.id} has a stock of {left}"
        if should != left:
            yield (
                f"product {product.id} began with {product.stock}, sellers added {added}, {sold[product.id]} are in "
                f"orders: {should} should be left, {left} are"
            )


def _seen(ledger: Ledger, evidence: Evidence) -> Iterator[str]:
    """What watchers were told must have been so: the stock after the last change up to that version."""
    for one in ledger.seen:
        logs = evidence.logs.get(one.product, ())
        last = bisect_right([log.version for log in logs], one.version) - 1
        if last < 0 or logs[last].new != one.stock:
            yield f"a watcher saw {one.stock} of product {one.product} at version {one.version}, which was never so"


def _oversold(product: Product, evidence: Evidence, sold: int) -> int:
    """Units in orders that the shelf did not give: whoever bought them will wait in vain."""
    put = product.stock + sum(
        log.new - log.old for log in evidence.logs.get(product.id, ()) if log.order is None and log.version > 1
    )
    given = put - evidence.stock.get(product.id, 0)
    return max(0, sold - given)


def _sold(evidence: Evidence) -> Counter[str]:
    """Units in orders that were not cancelled, by product."""
    sold = Counter[str]()
    for order in evidence.orders.values():
        if order.status != CANCELLED:
            sold.update(order.lines)
    return sold


def _answers(ledger: Ledger) -> Iterator[str]:
    """5xx other than 503 are never right; neither are refusals that the contract does not know."""
    for (status, code), times in Counter(
        (one.status, one.code) for one in ledger.operations() if one.told == FAILED
    ).items():
        yield f"{times} answers were {status} {code}".rstrip()
