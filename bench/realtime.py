"""From an acknowledged change to the event at the client, and how many clients fill a worker's core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import aiohttp
import httpx
from pymongo import AsyncMongoClient

from bench import shoppers
from bench.console import log
from bench.server import Server
from bench.stack import Stack
from bench.table import Row

PRODUCTS = 1_000
CLIENTS, CHANGES_A_SECOND = 200, 20
CROWDS = (250, 500, 1_000, 2_000)  # on one worker
SETTLE_SECONDS = 1.0
Times = dict[int, float]  # version of the product -> when it was heard, or acknowledged


def measure(stack: Stack, *, seconds: float) -> list[Row]:
    return asyncio.run(_measure(stack, stack.seed(PRODUCTS), seconds))


async def _measure(stack: Stack, database: str, seconds: float) -> list[Row]:
    with stack.shop(database) as shop:
        to_clients, to_stream = await _latency(stack.uri, database, shop, seconds)
    p50, p99 = _p50_p99(to_clients)
    bare50, bare99 = _p50_p99(to_stream)
    beside = f"a bare change stream in the same run: {bare50:.1f} and {bare99:.1f} ms"
    rows = [
        Row(f"Event at {CLIENTS} clients, p50", p50, 20, unit=" ms", beside=beside),
        Row(f"Event at {CLIENTS} clients, p99", p99, 80, unit=" ms", beside=f"{len(to_clients)} events"),
    ]
    used = {}
    for crowd in CROWDS:
        with stack.shop(database, workers=1) as shop:
            used[crowd] = await _share_of_core(shop, crowd, seconds)
        log(f"{crowd} clients: {used[crowd]:.0%} of a worker's core")
    most = max(used)
    told = ", ".join(f"{crowd}: {share:.0%}" for crowd, share in used.items())
    rows.append(Row("Clients that fill a worker's core", most / max(used[most], 0.01), beside=f"measured: {told}"))
    return rows


async def _latency(uri: str, database: str, shop: Server, seconds: float) -> tuple[list[float], list[float]]:
    """Milliseconds from the answer to the change until each client, and a stream beside them, heard of it."""
    async with (
        _scene(shop, CLIENTS) as (http, token, product_id, heard),
        _connected(uri) as mongo,
        await mongo[database]["products"].watch(max_await_time_ms=100) as stream,
    ):
        await stream.try_next()
        seen: Times = {}
        watching = asyncio.create_task(_watch(stream, product_id, seen))
        acknowledged = await _change(http, token, product_id, seconds)
        watching.cancel()
    clients = [when - acknowledged[v] for times in heard for v, when in times.items() if v in acknowledged]
    return _ms(clients), _ms([when - acknowledged[v] for v, when in seen.items() if v in acknowledged])


def _connected(uri: str) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(uri)


async def _share_of_core(shop: Server, crowd: int, seconds: float) -> float:
    async with _scene(shop, crowd) as (http, token, product_id, _):
        began, used = perf_counter(), shop.cpu_seconds()
        await _change(http, token, product_id, seconds)
        return (shop.cpu_seconds() - used) / (perf_counter() - began)


@asynccontextmanager
async def _scene(shop: Server, crowd: int) -> AsyncIterator[tuple[httpx.AsyncClient, str, str, list[Times]]]:
    """A product with that many listeners."""
    async with AsyncExitStack() as open_:
        http = await open_.enter_async_context(httpx.AsyncClient(base_url=shop.url, timeout=10))
        (token,) = await shoppers.tokens(http, 1, "seller")
        (product_id,) = await shoppers.stocked(http, [token], 1)
        session = await open_.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        heard: list[Times] = [{} for _ in range(crowd)]
        listening = [asyncio.create_task(_listen(session, shop.url, product_id, times)) for times in heard]
        open_.callback(lambda: [task.cancel() for task in listening])
        await asyncio.sleep(SETTLE_SECONDS + crowd / 500)
        yield http, token, product_id, heard


async def _listen(session: aiohttp.ClientSession, url: str, product_id: str, times: Times) -> None:
    """As thin as a Socket.IO client can be: its own time is in every figure."""
    async with session.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket") as line:
        await line.send_str("40")
        async for message in line:
            text: str = message.data
            if text.startswith("40"):
                await line.send_str("42" + json.dumps(["subscribe", {"product_ids": [product_id]}]))
            elif text == "2":
                await line.send_str("3")
            elif text.startswith('42["stock_update"'):
                times.setdefault(json.loads(text[2:])[1]["version"], perf_counter())


async def _watch(stream: Any, product_id: str, seen: Times) -> None:
    async for event in stream:
        version = event.get("updateDescription", {}).get("updatedFields", {}).get("version")
        if event["documentKey"]["_id"] == product_id and version:
            seen.setdefault(version, perf_counter())


async def _change(http: httpx.AsyncClient, token: str, product_id: str, seconds: float) -> Times:
    """When the answer to each change came."""
    acknowledged: Times = {}
    headers = {"Authorization": f"Bearer {token}"}
    end, due = perf_counter() + max(seconds, 1.0) * 3, perf_counter()
    while perf_counter() < end:
        answer = await http.post(f"/api/products/{product_id}/stock", json={"delta": -1}, headers=headers)
        acknowledged[answer.raise_for_status().json()["version"]] = perf_counter()
        due += 1 / CHANGES_A_SECOND
        await asyncio.sleep(max(0.0, due - perf_counter()))
    await asyncio.sleep(SETTLE_SECONDS)
    return acknowledged


def _ms(values: list[float]) -> list[float]:
    """An event may come before the answer does: that is no negative time."""
    return [max(0.0, value * 1e3) for value in values]


def _p50_p99(values: list[float]) -> tuple[float, float]:
    if len(values) < 2:
        raise RuntimeError("no event was heard")
    return median(values), quantiles(values, n=100)[-1]
