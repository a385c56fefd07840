"""The same shop on both topologies at the same time, in turn: reads and checkouts, sharded ÷ replica.

Both as `make run` starts them: a replica set of three, and two shards of one member behind the router.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench import wrk
from bench.console import log
from bench.server import Server
from bench.shoppers import product_ids, stocked, tokens
from bench.stack import BUYERS, SELLERS, Stack
from bench.table import Row

PRODUCTS, SPREAD, CONNECTIONS = 10_000, 100, 32
SCRIPT = Path(__file__).with_name("carts.lua")
WARM_UP_SECONDS = 2
SINGLE, TRIPLE = "one-seller checkout", "three-seller checkout"


@dataclass(frozen=True)
class Side:
    """A shop; of each load the path to read, or "" and a file of carts of that name in the folder."""

    shop: Server
    folder: Path
    loads: Mapping[str, str]


def measure(replica: Stack, sharded: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """A line per kind of request."""
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        sides = [
            _prepare(running.enter_context(stack.shop(stack.seed(PRODUCTS), CATALOGUE_CACHE="off")), folder / name)
            for name, stack in (("sharded", sharded), ("replica", replica))
        ]
        names = list(sides[0].loads)
        return [_row(name, _alternate(name, sides, rounds, seconds)) for name in names]


def _prepare(shop: Server, folder: Path) -> Side:
    folder.mkdir()
    people, ids, shown = asyncio.run(_stocked(shop))
    # neighbours have different sellers
    carts = {SINGLE: [ids[n : n + 1] for n in range(SPREAD)], TRIPLE: [ids[n : n + 3] for n in range(SPREAD - 2)]}
    (folder / "people").write_text("\n".join(people))
    for name, lists in carts.items():
        (folder / name).write_text("\n".join(_cart(cart) for cart in lists))
    reads = {"GET /api/products/": "/api/products/", "GET /api/products/{id}": f"/api/products/{shown}"}
    return Side(shop, folder, reads | dict.fromkeys(carts, ""))


async def _stocked(shop: Server) -> tuple[list[str], list[str], str]:
    """Buyers' tokens, products to buy, and a product to look at."""
    async with httpx.AsyncClient(base_url=shop.url, timeout=60) as client:
        shown = (await product_ids(client, 1))[0]
        sellers = await tokens(client, SELLERS, "seller")
        return await tokens(client, BUYERS), await stocked(client, sellers, SPREAD), shown


def _cart(ids: Sequence[str]) -> str:
    return json.dumps({"items": [{"product_id": id, "quantity": 1} for id in ids]})


def _alternate(name: str, sides: Sequence[Side], rounds: int, seconds: float) -> list[tuple[float, float]]:
    """Requests per second of both sides, round by round; who begins changes."""
    pairs = []
    for n in range(rounds + 1):  # the first one warms up
        order = sides if n % 2 else sides[::-1]
        speeds = {side.folder: _round(side, name, seconds if n else WARM_UP_SECONDS) for side in order}
        if n:
            pairs.append((speeds[sides[0].folder], speeds[sides[1].folder]))
            log(f"{name}: {pairs[-1][0]:.0f} and {pairs[-1][1]:.0f} /s")
    return pairs


def _round(side: Side, name: str, seconds: float) -> float:
    if path := side.loads[name]:
        done = wrk.run(side.shop.url + path, seconds=seconds, connections=CONNECTIONS)
    else:
        arguments = [str(side.folder / "people"), str(side.folder / name), secrets.token_hex(8)]
        done = wrk.run(side.shop.url, seconds=seconds, connections=CONNECTIONS, script=SCRIPT, arguments=arguments)
    if done.failed > done.requests / 100:
        raise RuntimeError(f"{done.failed} of {done.requests} answers to {name} were no good")
    return (done.requests - done.failed) / done.seconds


def _row(name: str, pairs: list[tuple[float, float]]) -> Row:
    sharded, replica = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    return Row(f"Sharded ÷ replica: {name}", ratio, beside=f"{sharded:.0f} and {replica:.0f} /s")
