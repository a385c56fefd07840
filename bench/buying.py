"""Rounds of checkouts by wrk: how many were placed, how long they took, and what they cost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import wrk
from bench.server import Server
from bench.shoppers import stocked, tokens
from bench.stack import BUYERS, SELLERS, Stack

SPREAD = 100
SCRIPT = Path(__file__).with_name("carts.lua")
CONFLICTS = "shardmart_conflicts_total"


@dataclass(frozen=True)
class Mix:
    """What is bought: `products` to choose from, `lines` of as many sellers a cart."""

    name: str
    products: int
    lines: int = 1


MIXES = (Mix("spread", SPREAD), Mix("hot", 1), Mix("carts of 3", SPREAD, lines=3))
SPREAD_MIX, HOT_MIX, _ = MIXES


@dataclass(frozen=True)
class Round:
    """CPU is in microseconds and, like conflicts, per checkout; p50 and p99 in milliseconds."""

    per_second: float
    p50: float
    p99: float
    conflicts: float
    app_cpu: float
    database_cpu: float
    failed: int


@dataclass(frozen=True)
class Shopping:
    """Tokens and carts, in files for wrk."""

    folder: Path

    def arguments(self, mix: Mix) -> list[str]:
        return [str(self.folder / "tokens"), str(self.folder / mix.name), secrets.token_hex(8)]


@contextlib.contextmanager
def shopping(shop: Server) -> Iterator[Shopping]:
    """Signed in buyers and carts of products that no run can sell out."""
    buyers, products = asyncio.run(_prepare(shop))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tokens").write_text("\n".join(buyers))
        for mix in MIXES:
            (folder / mix.name).write_text("\n".join(_carts(mix, products[: mix.products])))
        yield Shopping(folder)


def _carts(mix: Mix, products: list[str]) -> list[str]:
    """Bodies; neighbours in the list are of different sellers."""
    ring = products * mix.lines
    return [
        json.dumps({"items": [{"product_id": id, "quantity": 1} for id in ring[n : n + mix.lines]]})
        for n in range(len(products))
    ]


def buy(stack: Stack, server: Server, shopping: Shopping, mix: Mix, *, buyers: int, seconds: float) -> Round:
    """`buyers` connections, each with one checkout after the other under a key of its own."""
    before = _conflicts(server), server.cpu_seconds(), stack.cpu_seconds()
    load = wrk.run(server.url, seconds=seconds, connections=buyers, script=SCRIPT, arguments=shopping.arguments(mix))
    after = _conflicts(server), server.cpu_seconds(), stack.cpu_seconds()
    placed = load.requests - load.failed
    conflicts, app, database = ((b - a) / max(1, placed) for a, b in zip(before, after, strict=True))
    return Round(placed / load.seconds, load.p50, load.p99, conflicts, app * 1e6, database * 1e6, load.failed)


async def _prepare(shop: Server) -> tuple[list[str], list[str]]:
    async with httpx.AsyncClient(base_url=shop.url, timeout=30) as client:
        sellers = await tokens(client, SELLERS, "seller")
        return await tokens(client, BUYERS), await stocked(client, sellers, SPREAD)


def _conflicts(server: Server) -> float:
    """0 from a yardstick, which counts nothing."""
    answer = httpx.get(f"{server.url}/metrics", timeout=10)
    figures = (line.rpartition(" ") for line in answer.text.splitlines())
    return next((float(value) for name, _, value in figures if name == CONFLICTS), 0.0)
