"""The shop's two hot reads against the same finds behind bare Sanic: throughput, and CPU beside it."""

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
WARM_UP_SECONDS = 2


@dataclass(frozen=True)
class Round:
    per_second: float
    cpu_us: float  # of the worker processes, per request


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """Ratios of the shop to the yardstick."""
    database = stack.seed(PRODUCTS)
    with stack.shop(database) as shop, stack.bare(database) as bare:
        page = httpx.get(f"{shop.url}/api/products/").json()
        product = page["items"][7]["id"]
        return [
            *_compare("GET /api/products/", "/api/products/", 0.85, shop, bare, rounds=rounds, seconds=seconds),
            *_compare(
                "GET /api/products/{id}", f"/api/products/{product}", 0.80, shop, bare, rounds=rounds, seconds=seconds
            ),
        ]


def _compare(
    name: str, path: str, target: float, shop: Server, bare: Server, *, rounds: int, seconds: float
) -> list[Row]:
    """Rounds in turn, who begins in turn as well; the median of the rounds' ratios."""
    for server in (shop, bare):
        wrk.run(server.url + path, seconds=WARM_UP_SECONDS)
    ours: list[Round] = []
    theirs: list[Round] = []
    for n in range(rounds):
        order = [(shop, ours), (bare, theirs)]
        for server, results in order if n % 2 else order[::-1]:
            results.append(_round(server, path, seconds))
        log(f"{name} {n + 1}/{rounds}: {ours[-1].per_second / theirs[-1].per_second:.3f}")
    speeds = [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]
    cpu = median(a.cpu_us / b.cpu_us for a, b in zip(ours, theirs, strict=True))
    return [
        Row(
            f"{name} ÷ bare Sanic",
            median(speeds),
            target,
            least=True,
            beside=f"{_both('requests/s', ours, theirs)}; {_middle(speeds)}",
        ),
        Row("  CPU a request ÷ bare Sanic", cpu, beside=_both("µs", ours, theirs)),
    ]


def _round(server: Server, path: str, seconds: float) -> Round:
    before = server.cpu_seconds()
    load = wrk.run(server.url + path, seconds=seconds)
    if load.failed:
        raise RuntimeError(f"{load.failed} of {load.requests} answers of {server.url}{path} were no good")
    return Round(load.per_second, (server.cpu_seconds() - before) / load.requests * 1e6)


def _both(unit: str, ours: list[Round], theirs: list[Round]) -> str:
    """The medians of both sides."""
    a, b = (median(one.cpu_us if unit == "µs" else one.per_second for one in rounds) for rounds in (ours, theirs))
    return f"{a:.0f} and {b:.0f} {unit}"


def _middle(ratios: list[float]) -> str:
    """How far the rounds are apart: a quiet machine says hundredths, a busy one tenths."""
    low, _, high = quantiles(ratios)
    return f"half of the rounds {low:.2f} to {high:.2f}"
