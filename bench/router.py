"""What the development router costs: the same operations through it and directly at the shard that owns the keys."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import psutil
import uvloop
from pymongo import AsyncMongoClient

from bench.console import log
from bench.stack import Stack
from bench.table import Row
from cluster import commands
from cluster.datadir import DataDir

AT_ONCE, DOCUMENTS, SELLERS = 32, 2_000, 64
TARGET = 0.5
WARM_UP_SECONDS = 1.0
DATABASE, COLLECTION = "bench_router", "things"

Client = AsyncMongoClient[dict[str, Any]]
Operation = Callable[[Any], Awaitable[Any]]  # on a collection


@dataclass(frozen=True)
class Round:
    per_second: float
    client_us: float  # CPU of this process per operation
    router_us: float  # CPU of the router per operation


@dataclass(frozen=True)
class Side:
    """A way to the documents: through the router, or past it."""

    things: Any
    router: psutil.Process


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """A line per operation: throughput through the router over throughput past it."""
    nodes = commands.status(DataDir(stack.data_dir))["nodes"]
    router = psutil.Process(next(node["pid"] for node in nodes if node["role"] == "router"))
    shard = next(node["host"] for node in nodes if node["role"] == "shard")
    return uvloop.run(_measure(stack.uri, shard, router, rounds, seconds))


async def _measure(uri: str, shard: str, router: psutil.Process, rounds: int, seconds: float) -> list[Row]:
    async with _through(uri) as through, _directly(shard) as past:
        await _fill(through)
        sides = [Side(client[DATABASE][COLLECTION], router) for client in (through, past)]
        keys = [(d["_id"], d["seller_id"]) async for d in sides[1].things.find({}, {"seller_id": 1})]
        rows: list[Row] = []
        for name, operation in _operations(keys).items():
            rows += _rows(name, await _alternate(name, operation, sides, rounds, seconds))
        return rows


def _through(uri: str) -> Client:
    return AsyncMongoClient(uri)


def _directly(host: str) -> Client:
    return AsyncMongoClient(host, directConnection=True, w="majority")


async def _fill(client: Client) -> None:
    """A sharded collection, its sellers spread over both shards."""
    await client.drop_database(DATABASE)
    await client.admin.command("enableSharding", DATABASE)
    key = {"seller_id": "hashed", "_id": 1}
    await client.admin.command("shardCollection", f"{DATABASE}.{COLLECTION}", key=key)
    sellers = [secrets.token_hex(12) for _ in range(SELLERS)]
    documents = [{"_id": f"{sellers[n % SELLERS]}-{n}", "seller_id": sellers[n % SELLERS]} for n in range(DOCUMENTS)]
    await client[DATABASE][COLLECTION].insert_many(documents)


def _operations(keys: list[tuple[str, str]]) -> dict[str, Operation]:
    turn: Iterator[tuple[str, str]] = itertools.cycle(keys)
    number = itertools.count()

    async def find(things: Any) -> None:
        id, seller = next(turn)
        assert await things.find_one({"_id": id, "seller_id": seller})

    async def update(things: Any) -> None:
        id, seller = next(turn)
        done = await things.update_one({"_id": id, "seller_id": seller}, {"$inc": {"n": 1}})
        assert done.matched_count == 1

    async def insert(things: Any) -> None:
        _, seller = next(turn)
        await things.insert_one({"_id": f"{seller}-new-{next(number)}", "seller_id": seller})

    return {"find by id": find, "update by id": update, "insert": insert}


async def _alternate(
    name: str, operation: Operation, sides: list[Side], rounds: int, seconds: float
) -> list[tuple[Round, Round]]:
    for side in sides:
        await _round(operation, side, WARM_UP_SECONDS)
    pairs = []
    for n in range(rounds):
        order = sides if n % 2 else sides[::-1]
        results = {id(side): await _round(operation, side, seconds) for side in order}
        pairs.append((results[id(sides[0])], results[id(sides[1])]))
        log(f"{name}: {pairs[-1][0].per_second / pairs[-1][1].per_second:.3f}")
    return pairs


async def _round(operation: Operation, side: Side, seconds: float) -> Round:
    end, done = time.monotonic() + seconds, 0

    async def work() -> None:
        nonlocal done
        while time.monotonic() < end:
            await operation(side.things)
            done += 1

    client, router = _cpu(psutil.Process()), _cpu(side.router)
    start = time.monotonic()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    spent = time.monotonic() - start
    client_us, router_us = (
        (after - before) / done * 1e6
        for before, after in ((client, _cpu(psutil.Process())), (router, _cpu(side.router)))
    )
    return Round(done / spent, client_us, router_us)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _rows(name: str, pairs: list[tuple[Round, Round]]) -> list[Row]:
    ratio = median(through.per_second / past.per_second for through, past in pairs)
    speeds = " and ".join(f"{median(one.per_second for one in side):.0f}" for side in zip(*pairs, strict=True))
    router = median(through.router_us for through, _ in pairs)
    client = median(past.client_us for _, past in pairs)
    beside = f"{speeds} operations/s; CPU an operation: router {router:.0f} µs, client {client:.0f} µs"
    return [Row(f"Router: {name} ÷ directly at the shard", ratio, TARGET, least=True, beside=beside)]
