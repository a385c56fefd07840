"""The shop's two hot reads against the same finds behind bare Sanic: throughput, and CPU beside it.

The shop reads the database for every answer here, like the yardstick; its cache has a section of its own (cache.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles

import httpx

from bench import wrk
from bench.console import log
from bench.server import Server
from bench.stack import Stack
from bench.table import Row

PRODUCTS = 50_000
TARGETS = {"/api/products/": 0.85, "/api/products/{id}": 0.80}
WARM_UP_SECONDS = 2
PASSES = 3  # with servers of their own: how connections fall to workers is decided at the start


@dataclass(frozen=True)
class Round:
    per_second: float
    cpu_us: float  # of the worker processes, per request


Pair = tuple[Round, Round]  # shop, yardstick


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """Ratios of the shop to the yardstick."""
    database = stack.seed(PRODUCTS)
    pairs: dict[str, list[Pair]] = {name: [] for name in TARGETS}
    for n in range(PASSES):
        with stack.shop(database, CATALOGUE_CACHE="off") as shop, stack.bare(database) as bare:
            product = httpx.get(f"{shop.url}/api/products/").json()["items"][7]["id"]
            for name in TARGETS:
                log(f"{name}, pass {n + 1}/{PASSES}")
                pairs[name] += alternate(shop, bare, name.format(id=product), max(1, rounds // PASSES), seconds)
    return [row for name, measured in pairs.items() for row in rows(name, measured, TARGETS[name])]


def alternate(shop: Server, bare: Server, path: str, rounds: int, seconds: float) -> list[Pair]:
    """Rounds in turn; who begins changes as well."""
    for server in (shop, bare):
        wrk.run(server.url + path, seconds=WARM_UP_SECONDS)
    pairs: list[Pair] = []
    for n in range(rounds):
        first, second = (shop, bare) if n % 2 else (bare, shop)
        one, other = _round(first, path, seconds), _round(second, path, seconds)
        pairs.append((one, other) if first is shop else (other, one))
        log(f"{pairs[-1][0].per_second / pairs[-1][1].per_second:.3f}")
    return pairs


def rows(name: str, pairs: list[Pair], target: float) -> list[Row]:
    """The medians of the rounds' ratios, with those of both sides beside them."""
    speeds = [shop.per_second / bare.per_second for shop, bare in pairs]
    costs = [shop.cpu_us / bare.cpu_us for shop, bare in pairs]
    requests = " and ".join(f"{median(one.per_second for one in side):.0f}" for side in zip(*pairs, strict=True))
    cpu = " and ".join(f"{median(one.cpu_us for one in side):.0f}" for side in zip(*pairs, strict=True))
    return [
        Row(
            f"GET {name} ÷ bare Sanic",
            median(speeds),
            target,
            least=True,
            beside=f"{requests} requests/s; {_middle(speeds)}",
        ),
        Row("  CPU a request ÷ bare Sanic", median(costs), beside=f"{cpu} µs; {_middle(costs)}"),
    ]


def _round(server: Server, path: str, seconds: float) -> Round:
    before = server.cpu_seconds()
    load = wrk.run(server.url + path, seconds=seconds)
    if load.failed:
        raise RuntimeError(f"{load.failed} of {load.requests} answers of {server.url}{path} were no good")
    return Round(load.per_second, (server.cpu_seconds() - before) / load.requests * 1e6)


def _middle(ratios: list[float]) -> str:
    """How far the rounds are apart: a quiet machine says hundredths, a busy one tenths."""
    low, _, high = quantiles(ratios)
    return f"half of the rounds {low:.2f} to {high:.2f}"
