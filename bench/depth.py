"""Whether a page costs the same at any depth of a catalogue of any size: four cells, their requests interleaved."""

from __future__ import annotations

import http.client
import json
from collections import defaultdict
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

from bench.console import log
from bench.server import Server
from bench.stack import Stack
from bench.table import Row

SIZES = (10_000, 500_000)
LIMIT, DEEP = 20, 500  # page 500 of 20 is the last one of the smaller catalogue
WARM_UP = 50
PASSES = 5  # with servers of their own: on a busy machine two equal processes may differ for minutes
Cell = tuple[int, int]  # products, page


class Client:
    """One kept-alive connection, as thin as the standard library has it: its own time is in every figure."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:200]!r}")
        return body

    def page(self, limit: int, cursor: str | None) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.get(_path(limit, cursor)))
        return body


def measure(stack: Stack, *, requests: int) -> list[Row]:
    """The slowest cell's p50 over the fastest one's."""
    databases = [stack.seed(size) for size in SIZES]
    times: dict[Cell, list[float]] = defaultdict(list)
    for n in range(PASSES):
        with (
            stack.shop(databases[0], workers=1, CATALOGUE_CACHE="off") as few,
            stack.shop(databases[1], workers=1, CATALOGUE_CACHE="off") as many,
        ):
            _interleave(dict(zip(SIZES, (few, many), strict=True)), max(1, requests // PASSES), times)
        log(f"pass {n + 1}/{PASSES}: {_told({cell: median(all_) * 1e3 for cell, all_ in times.items()})} ms")
    p50 = {cell: median(all_) for cell, all_ in times.items()}
    first = p50[SIZES[0], 1]
    beside = _told({cell: one / first for cell, one in p50.items()})
    return [Row("Listing, slowest p50 ÷ fastest", max(p50.values()) / min(p50.values()), 1.3, beside=beside)]


def _interleave(servers: dict[int, Server], requests: int, times: dict[Cell, list[float]]) -> None:
    """A request of each cell in turn, on connections that are kept."""
    cells: dict[Cell, tuple[Client, str]] = {}
    for size, server in servers.items():
        client = Client(server)
        cells[size, 1] = client, _path(LIMIT, None)
        cells[size, DEEP] = client, _path(LIMIT, _cursor_of(client, DEEP))
    for n in range(WARM_UP + requests):
        for cell, (client, path) in cells.items():
            started = perf_counter()
            client.get(path)
            if n >= WARM_UP:
                times[cell].append(perf_counter() - started)


def _told(figures: dict[Cell, float]) -> str:
    return ", ".join(f"{size:,} page {page}: {figure:.2f}" for (size, page), figure in figures.items())


def _cursor_of(client: Client, page: int) -> str:
    """The cursor at which a page begins, reached in larger steps: it is not bound to the limit."""
    left, cursor = (page - 1) * LIMIT, None
    while left:
        step = min(left, 100)
        cursor = client.page(step, cursor)["next_cursor"]
        left -= step
    assert cursor is not None
    return str(cursor)


def _path(limit: int, cursor: str | None) -> str:
    return f"/api/products/?limit={limit}" + (f"&cursor={quote(cursor)}" if cursor else "")
