"""The default checkout against the textbook behind bare Sanic: 64 buyers, spread over 100 products and on one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.buying import HOT_MIX, SPREAD_MIX, Mix, Round, Shopping, buy, shopping
from bench.console import log
from bench.server import Server
from bench.stack import BUYERS, Stack
from bench.table import Row

PRODUCTS = 500
TARGETS = {SPREAD_MIX: 4.0, HOT_MIX: 25.0}
WARM_UP_SECONDS = 2
Pair = tuple[Round, Round]  # shop, yardstick


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """Ratios of checkouts per second, in the same run, rounds in turn."""
    database = stack.seed(PRODUCTS)
    pairs: dict[Mix, list[Pair]] = {mix: [] for mix in TARGETS}
    with stack.shop(database) as shop, stack.bare(database, "bare_checkout") as bare, shopping(shop) as goods:
        for mix, results in pairs.items():
            for server in (shop, bare):
                _round(stack, server, goods, mix, WARM_UP_SECONDS)
            for n in range(rounds):
                turn = (shop, bare) if n % 2 == 0 else (bare, shop)  # who begins changes as well
                done = {server: _round(stack, server, goods, mix, seconds) for server in turn}
                results.append((done[shop], done[bare]))
                log(f"{mix.name} {n + 1}/{rounds}: {done[shop].per_second / max(0.1, done[bare].per_second):.1f}")
    return [row for mix, results in pairs.items() for row in _rows(mix, results)]


def _round(stack: Stack, server: Server, goods: Shopping, mix: Mix, seconds: float) -> Round:
    done = buy(stack, server, goods, mix, buyers=BUYERS, seconds=seconds)
    stack.settle()
    return done


def _rows(mix: Mix, pairs: Sequence[Pair]) -> list[Row]:
    ratio = median(shop.per_second / max(0.1, bare.per_second) for shop, bare in pairs)
    ours, theirs = (_told([pair[side] for pair in pairs]) for side in (0, 1))
    name = f"Checkouts, {mix.name}, {BUYERS} buyers ÷ `with_transaction` behind bare Sanic"
    return [Row(name, ratio, TARGETS[mix], least=True, unit="×", beside=f"{ours}; bare: {theirs}")]


def _told(rounds: Sequence[Round]) -> str:
    rate, p50, p99, app, database = (
        median(getattr(one, name) for one in rounds)
        for name in ("per_second", "p50", "p99", "app_cpu", "database_cpu")
    )
    failed = sum(one.failed for one in rounds)
    cpu = f"CPU a checkout {app:.0f} µs app, {database:.0f} µs database"
    return f"{rate:.0f}/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms, {cpu}, {failed} failed"
