"""Every safe strategy, mix, number of buyers and topology in one table; the default's share of the best in each."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from bench.buying import MIXES, Mix, Round, buy, shopping
from bench.console import log
from bench.stack import Stack
from bench.table import Row

PRODUCTS = 500
CHOSEN, STRATEGIES = "auto", ("group", "transaction", "reservation")
CROWDS = (8, 64, 256)
WARM_UP_SECONDS = 2
SHARE = 0.9


@dataclass(frozen=True)
class Cell:
    mix: Mix
    buyers: int


CELLS = [Cell(mix, buyers) for mix in MIXES for buyers in CROWDS]


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """A line a cell and strategy; a strategy has servers of its own, started `rounds` times; who begins changes."""
    database = stack.seed(PRODUCTS)
    results: dict[tuple[Cell, str], list[Round]] = {}
    everyone = (CHOSEN, *STRATEGIES)
    for n in range(rounds):
        first = n % len(everyone)
        for strategy in everyone[first:] + everyone[:first]:
            log(f"{stack.topology}, {strategy}, round {n + 1}/{rounds}")
            with stack.shop(database, CHECKOUT=strategy) as shop, shopping(shop) as goods:
                buy(stack, shop, goods, MIXES[0], buyers=CROWDS[0], seconds=WARM_UP_SECONDS)
                for cell in CELLS:
                    done = buy(stack, shop, goods, cell.mix, buyers=cell.buyers, seconds=seconds)
                    results.setdefault((cell, strategy), []).append(done)
                    stack.settle()
    rows = [_row(stack, cell, strategy, found) for (cell, strategy), found in results.items()]
    return [*sorted(rows, key=lambda row: row.name), _share(stack, results)]


def _row(stack: Stack, cell: Cell, strategy: str, found: list[Round]) -> Row:
    p50, p99, conflicts, app, database = (
        median(getattr(one, name) for one in found) for name in ("p50", "p99", "conflicts", "app_cpu", "database_cpu")
    )
    beside = (
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, {conflicts:.2f} conflicts, "
        f"{app:.0f} µs app, {database:.0f} µs database, {sum(one.failed for one in found)} failed"
    )
    name = f"{stack.topology}, {cell.mix.name}, {cell.buyers:>3} buyers, {strategy}"
    return Row(name, median(one.per_second for one in found), unit="/s", beside=beside)


def _share(stack: Stack, results: dict[tuple[Cell, str], list[Round]]) -> Row:
    """The default's share of the best strategy of a cell, the median of the rounds; the worst cell's."""

    def speeds(cell: Cell, strategy: str) -> list[float]:
        return [max(0.1, one.per_second) for one in results[cell, strategy]]

    def share(cell: Cell) -> float:
        best = max((speeds(cell, strategy) for strategy in STRATEGIES), key=median)
        return median(ours / theirs for ours, theirs in zip(speeds(cell, CHOSEN), best, strict=True))

    worst = min(CELLS, key=share)
    name = f"{stack.topology}, `auto` ÷ the best, the worst cell"
    beside = f"{worst.mix.name}, {worst.buyers} buyers"
    return Row(name, share(worst), SHARE, least=True, beside=beside)
