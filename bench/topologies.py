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
from contextlib import AbstractContextManager
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
ROUTER = ("router", "engine")  # roles
WARM_UP_SECONDS = 2
SINGLE, TRIPLE = "one-seller checkout", "three-seller checkout"


@dataclass(frozen=True)
class Side:
    """A shop; of each load the path to read, or "" and a file of carts of that name in the folder."""

    stack: Stack
    shop: Server
    folder: Path
    loads: Mapping[str, str]

    def cpu(self) -> tuple[float, float, float]:
        """Seconds so far: of the workers, of the router with its engine, of all members."""
        router = self.stack.cpu_seconds(*ROUTER)
        return self.shop.cpu_seconds(), router, self.stack.cpu_seconds() - router


@dataclass(frozen=True)
class Rate:
    """Requests a second; microseconds of CPU each, as `Side.cpu`."""

    per_second: float
    cpu: tuple[float, float, float]


def measure(replica: Stack, sharded: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """A line per kind of request."""
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        sides = [
            _prepare(stack, running.enter_context(_shop(stack)), folder / name)
            for name, stack in (("sharded", sharded), ("replica", replica))
        ]
        names = list(sides[0].loads)
        return [_row(name, _alternate(name, sides, rounds, seconds)) for name in names]


def _shop(stack: Stack) -> AbstractContextManager[Server]:
    return stack.shop(stack.seed(PRODUCTS), CATALOGUE_CACHE="off")


def _prepare(stack: Stack, shop: Server, folder: Path) -> Side:
    folder.mkdir()
    people, ids, shown = asyncio.run(_stocked(shop))
    # neighbours have different sellers
    carts = {SINGLE: [ids[n : n + 1] for n in range(SPREAD)], TRIPLE: [ids[n : n + 3] for n in range(SPREAD - 2)]}
    (folder / "people").write_text("\n".join(people))
    for name, lists in carts.items():
        (folder / name).write_text("\n".join(_cart(cart) for cart in lists))
    reads = {"GET /api/products/": "/api/products/", "GET /api/products/{id}": f"/api/products/{shown}"}
    return Side(stack, shop, folder, reads | dict.fromkeys(carts, ""))


async def _stocked(shop: Server) -> tuple[list[str], list[str], str]:
    """Buyers' tokens, products to buy, and a product to look at."""
    async with httpx.AsyncClient(base_url=shop.url, timeout=60) as client:
        shown = (await product_ids(client, 1))[0]
        sellers = await tokens(client, SELLERS, "seller")
        return await tokens(client, BUYERS), await stocked(client, sellers, SPREAD), shown


def _cart(ids: Sequence[str]) -> str:
    return json.dumps({"items": [{"product_id": id, "quantity": 1} for id in ids]})


def _alternate(name: str, sides: Sequence[Side], rounds: int, seconds: float) -> list[tuple[Rate, Rate]]:
    """Both sides, round by round; who begins changes."""
    pairs = []
    for n in range(rounds + 1):  # the first one warms up
        order = sides if n % 2 else sides[::-1]
        speeds = {side.folder: _round(side, name, seconds if n else WARM_UP_SECONDS) for side in order}
        if n:
            pairs.append((speeds[sides[0].folder], speeds[sides[1].folder]))
            log(f"{name}: {pairs[-1][0].per_second:.0f} and {pairs[-1][1].per_second:.0f} /s")
    return pairs


def _round(side: Side, name: str, seconds: float) -> Rate:
    before = side.cpu()
    if path := side.loads[name]:
        done = wrk.run(side.shop.url + path, seconds=seconds, connections=CONNECTIONS)
    else:
        arguments = [str(side.folder / "people"), str(side.folder / name), secrets.token_hex(8)]
        done = wrk.run(side.shop.url, seconds=seconds, connections=CONNECTIONS, script=SCRIPT, arguments=arguments)
    if done.failed > done.requests / 100:
        raise RuntimeError(f"{done.failed} of {done.requests} answers to {name} were no good")
    answered = done.requests - done.failed
    shop, router, members = (1e6 * (b - a) / answered for a, b in zip(before, side.cpu(), strict=True))
    return Rate(answered / done.seconds, (shop, router, members))


def _row(name: str, pairs: list[tuple[Rate, Rate]]) -> Row:
    ratio = median(sharded.per_second / replica.per_second for sharded, replica in pairs)
    sharded, replica = (_told(rates) for rates in zip(*pairs, strict=True))
    return Row(f"Sharded ÷ replica: {name}", ratio, beside=f"{sharded}; replica {replica}")


def _told(rates: Sequence[Rate]) -> str:
    shop, router, members = (median(rate.cpu[part] for rate in rates) for part in range(3))
    speed = median(rate.per_second for rate in rates)
    return f"{speed:.0f}/s, CPU {shop:.0f} µs shop, {router:.0f} router, {members:.0f} members"
