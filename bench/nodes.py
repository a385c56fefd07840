"""Two app nodes on one replica set: a committer each, against one for both (docs/adr/0007).

One for both is what perfect forwarding between nodes would come to: here the nodes share a runtime directory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.buying import HOT_MIX, SPREAD_MIX, Mix, Round, Shopping, buy, shopping
from bench.console import log
from bench.server import Server
from bench.stack import BUYERS, Stack
from bench.table import Row

PRODUCTS = 500
Pair = tuple[float, float, float]  # checkouts a second, one each and one for both; conflicts a checkout of the former


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """The share of throughput that is left when each node commits for itself."""
    database = stack.seed(PRODUCTS)
    found: dict[Mix, list[Pair]] = {mix: [] for mix in (SPREAD_MIX, HOT_MIX)}
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:
        places = [Path(folder, name) for name in ("one", "two", "both", "both")]
        nodes = [
            running.enter_context(stack.shop(database, workers=1, CHECKOUT="group", RUNTIME_DIR=str(place)))
            for place in places
        ]
        goods = running.enter_context(shopping(nodes[0]))
        for mix, pairs in found.items():
            for each, both in [(nodes[:2], nodes[2:])] * (rounds + 1):
                apart, shared = (_round(stack, pair, goods, mix, seconds) for pair in (each, both))
                pairs.append((_rate(apart), _rate(shared), sum(one.conflicts for one in apart) / 2))
                log(f"{mix.name}: {pairs[-1][0]:.0f}/s with a committer each, {pairs[-1][1]:.0f}/s with one")
    return [_row(mix, pairs[1:]) for mix, pairs in found.items()]


def _round(stack: Stack, nodes: Sequence[Server], goods: Shopping, mix: Mix, seconds: float) -> list[Round]:
    """Half of the buyers at each node, at the same time."""

    def one(node: Server) -> Round:
        return buy(stack, node, goods, mix, buyers=BUYERS // len(nodes), seconds=seconds)

    with ThreadPoolExecutor(len(nodes)) as pool:
        return list(pool.map(one, nodes))


def _rate(rounds: Sequence[Round]) -> float:
    return sum(one.per_second for one in rounds)


def _row(mix: Mix, pairs: Sequence[Pair]) -> Row:
    share = median(apart / max(0.1, shared) for apart, shared, _ in pairs)
    each, both, conflicts = (median(column) for column in zip(*pairs, strict=True))
    name = f"Two app nodes, {mix.name}, {BUYERS} buyers: a committer each ÷ one for both"
    return Row(name, share, beside=f"{each:.0f}/s with {conflicts:.2f} conflicts a checkout; {both:.0f}/s")
