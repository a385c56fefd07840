"""Checkouts per second by the strategy `transaction`: the baseline that later strategies are measured against."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench import wrk
from bench.console import log
from bench.server import Server
from bench.shoppers import stocked, tokens
from bench.stack import BUYERS, SELLERS, Stack
from bench.table import Row

PRODUCTS = 500
SPREAD = 100
SCRIPT = Path(__file__).with_name("checkout.lua")
CONFLICTS = "shardmart_conflicts_total"
PLACED = 'shardmart_checkouts_total{outcome="placed"}'
UNAVAILABLE = 'shardmart_checkouts_total{outcome="unavailable"}'


@dataclass(frozen=True)
class Round:
    per_second: float
    conflicts: float  # per checkout
    unavailable: float


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """A line for each mix of buyers and products, with its share of the first line."""
    with stack.shop(stack.seed(PRODUCTS), CHECKOUT="transaction") as shop, tempfile.TemporaryDirectory() as folder:
        buyers, products = asyncio.run(_prepare(shop))
        people = Path(folder, "tokens")
        people.write_text("\n".join(buyers))
        cells: dict[tuple[int, str], list[Round]] = {
            (number, spread): [] for number in (8, BUYERS) for spread in ("spread over 100 products", "one product")
        }
        for n in range(rounds):
            for (number, spread), results in cells.items():
                wanted = Path(folder, "products")
                wanted.write_text("\n".join(products if spread.startswith("spread") else products[:1]))
                results.append(_round(shop, number, [str(people), str(wanted)], seconds))
                log(f"{number} buyers, {spread} {n + 1}/{rounds}: {results[-1]}")
    return _rows(cells)


async def _prepare(shop: Server) -> tuple[list[str], list[str]]:
    async with httpx.AsyncClient(base_url=shop.url, timeout=30) as client:
        sellers = await tokens(client, SELLERS, "seller")
        return await tokens(client, BUYERS), await stocked(client, sellers, SPREAD)


def _round(shop: Server, buyers: int, lists: list[str], seconds: float) -> Round:
    before = _figures(shop)
    arguments = [*lists, secrets.token_hex(8)]
    load = wrk.run(shop.url, seconds=seconds, connections=buyers, script=SCRIPT, arguments=arguments)
    after = _figures(shop)
    placed, conflicts, unavailable = (after[name] - before[name] for name in (PLACED, CONFLICTS, UNAVAILABLE))
    return Round(placed / load.seconds, conflicts / max(1.0, placed), unavailable)


def _figures(shop: Server) -> dict[str, float]:
    figures = dict.fromkeys((PLACED, CONFLICTS, UNAVAILABLE), 0.0)
    for line in httpx.get(f"{shop.url}/metrics", timeout=10).text.splitlines():
        name, _, value = line.rpartition(" ")
        if name in figures:
            figures[name] = float(value)
    return figures


def _rows(cells: dict[tuple[int, str], list[Round]]) -> list[Row]:
    rows: list[Row] = []
    for (buyers, spread), results in cells.items():
        speed = median(one.per_second for one in results)
        conflicts = median(one.conflicts for one in results)
        share = f", {speed / rows[0].value:.2f} of the first line" if rows else ""
        lost = f", {sum(one.unavailable for one in results):.0f} × 503"
        name = f"Checkouts, {buyers} buyers, {spread}"
        rows.append(Row(name, speed, unit="/s", beside=f"{conflicts:.2f} conflicts a checkout{lost}{share}"))
    return rows
