"""What a worker's memory does over 20,000 requests of a mixed kind: its size, and whether it still grows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from statistics import linear_regression

import httpx

from bench.console import log
from bench.server import Server
from bench.shoppers import product_ids, tokens
from bench.stack import Stack
from bench.table import Row

PRODUCTS = 50_000
REQUESTS, EVERY, AT_ONCE = 20_000, 250, 8
MEGABYTE = 2**20
CATEGORIES = ("Home", "Kitchen", "Garden", "Office", "Outdoor", "Toys", "Books", "Sport")
SORTS = ("newest", "price", "-price", "name")
WORDS = (
    "lamp",
    "oak",
    "cotton te",
    "steel pa",
    "soft bl",
    "bamboo clo",
    "garden",
    "paper no",
    "wool ma",
    "handmade r",
)
FINE = (200, 201, 409)  # 409: sold out


def measure(stack: Stack) -> list[Row]:
    """The largest size, and the slope over the last half."""
    with stack.shop(stack.seed(PRODUCTS), workers=1) as shop:
        sizes = asyncio.run(_load(shop))
    last = sizes[len(sizes) // 2 :]
    slope = linear_regression([float(done) for done, _ in last], [size for _, size in last]).slope * 1_000
    beside = f"{sizes[0][1]:.0f} MB at the start, {sizes[-1][1]:.0f} at the end"
    return [
        Row(
            "Memory of a worker over 20,000 requests", max(size for _, size in sizes), 150, unit=" MB", beside=beside
        ),
        Row("  its slope over the last half, per 1,000", slope, 1, unit=" MB"),
    ]


async def _load(shop: Server) -> list[tuple[int, float]]:
    """Pairs of requests done and megabytes held."""
    worker, chosen = shop.workers()[-1], random.Random(20)
    async with httpx.AsyncClient(base_url=shop.url, timeout=30) as client:
        buyers, products = await tokens(client, AT_ONCE), await product_ids(client, 2_000)
        sizes, left = [(0, worker.memory_info().rss / MEGABYTE)], iter(range(1, REQUESTS + 1))

        async def shopper(token: str) -> None:
            visit = _visit(client, token, products, chosen)
            for done in left:
                answer = await visit()
                if answer.status_code not in FINE:
                    raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:200]}")
                if done % EVERY == 0:
                    sizes.append((done, worker.memory_info().rss / MEGABYTE))
                if done % 5_000 == 0:
                    log(f"{done:,} requests: {sizes[-1][1]:.1f} MB")

        await asyncio.gather(*(shopper(token) for token in buyers))
    return sizes


def _visit(
    client: httpx.AsyncClient, token: str, products: list[str], chosen: random.Random
) -> Callable[[], Awaitable[httpx.Response]]:
    """One request: of ten, four look at a list, three at a product, two search, one buys."""
    headers = {"Authorization": f"Bearer {token}"}

    def visit() -> Awaitable[httpx.Response]:
        match chosen.randrange(10):
            case 0 | 1 | 2 | 3:
                return client.get(
                    "/api/products/", params={"category": chosen.choice(CATEGORIES), "sort": chosen.choice(SORTS)}
                )
            case 4 | 5 | 6:
                return client.get(f"/api/products/{chosen.choice(products)}")
            case 7 | 8:
                return client.get("/api/products/", params={"q": chosen.choice(WORDS)})
            case _:
                items = [{"product_id": chosen.choice(products), "quantity": 1}]
                key = {"Idempotency-Key": f"{chosen.getrandbits(96):x}"}
                return client.post("/api/orders/", json={"items": items}, headers={**headers, **key})

    return visit
