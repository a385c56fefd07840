"""The judgement: what was broken is mended, the shop settles, and then ledger, audit and history have their say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

from loadtests.common import history, ledger, stage
from loadtests.common.checks import check, limited
from loadtests.common.evidence import from_database, from_shop
from loadtests.common.ledger import ACKNOWLEDGED, REJECTED, Told
from loadtests.common.stage import Product
from loadtests.common.wing_gong import DONE, MOST_OPERATIONS, REFUSED, UNKNOWN, Operation, linearizable
from loadtests.console import log
from loadtests.errors import CouldNotRun
from loadtests.faults.breaker import heal
from loadtests.observed import Observed
from loadtests.options import Options
from loadtests.target import Target

SETTLE_SECONDS = 11.0  # the recovery interval of the contract, and a bit
READY_SECONDS = 90.0


def judge_again(directory: Path, target: Target) -> Observed:
    """Holds ledgers that are there, of a run or of Locust's own page, against what the shop keeps now."""
    try:
        set_stage = stage.load((directory / stage.FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, LookupError, TypeError):
        raise CouldNotRun(f"{directory} does not hold the ledgers of a load run") from None
    observed = Observed(Options(set_stage.scenario, "", directory), set_stage, complete=True)
    observed.ledger = ledger.read(directory)
    judge(observed, target)
    return observed


def judge(observed: Observed, target: Target) -> None:
    """Fills in evidence, audit and findings. Raises CouldNotRun when the shop does not come back."""
    if target.data and observed.hits:
        log("mending what was broken")
        if not heal(target.data):
            raise CouldNotRun("the nodes that were broken did not come back: nothing can be judged")
    if not target.await_ready(READY_SECONDS):
        raise CouldNotRun("the shop does not come back after the load: nothing can be judged")
    if any(one.told not in (ACKNOWLEDGED, REJECTED) for one in observed.ledger.operations()):
        log("some answers are unknown: waiting for the recovery interval")
        time.sleep(SETTLE_SECONDS)
    log("auditing")
    observed.audit = target.audit()
    uri = target.uri()
    observed.evidence = from_database(uri, observed.stage) if uri else from_shop(target.url, observed.stage)
    findings = observed.findings = check(observed.ledger, observed.evidence, observed.stage.products)
    found = (f"invariant {one['invariant']}: {one['detail']}" for one in observed.audit["violations"])
    findings.violations += limited("audit", found)
    findings.violations += limited("history", _histories(observed))


def _histories(observed: Observed) -> Iterator[str]:
    """Every product's history by its log; one that is short enough by trying all orders too."""
    changes = history.by_log(observed.ledger)
    observed.history = {"products": 0, "changes": 0, "all_orders_tried": 0}
    for product in observed.stage.products:
        yield from history.check(product.id, observed.ledger, observed.evidence, changes)
        observed.history["products"] += 1
        observed.history["changes"] += len(observed.evidence.logs.get(product.id, ()))
        operations = _operations(product, observed)
        if operations is not None:
            observed.history["all_orders_tried"] += 1
            if not linearizable(operations, product.stock):
                yield f"no order explains what the {len(operations)} clients of product {product.id} were told"


def _operations(product: Product, observed: Observed) -> list[Operation] | None:
    """What was done with one product; None if that is too much, or not a matter of this product alone."""
    told = observed.ledger
    lines = [one for one in told.checkouts if product.id in one.lines]
    put = [one for one in told.stock_changes if one.product == product.id]
    if len(lines) + len(put) > MOST_OPERATIONS or told.cancellations or any(len(one.lines) > 1 for one in lines):
        return None
    found = [_operation(one, one.lines[product.id]) for one in lines]
    return found + [_operation(one, -one.delta) for one in put]


def _operation(one: Told, units: int) -> Operation:
    result = {ACKNOWLEDGED: DONE, REJECTED: REFUSED}.get(one.told, UNKNOWN)
    return Operation(one.asked, inf if result == UNKNOWN else one.answered, units, result)
