"""Two workers of a node whose caches share marks, on a catalogue that the test changes and tells them of."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from shardmart.adapters.marks import SharedMarks
from shardmart.cache.catalogue import CatalogueCache
from shardmart.domain.changes import Frontier, Heard, Interrupted, Position, ProductChanged
from shardmart.domain.listings import ListingQuery, Product
from shardmart.domain.paging import Page
from tests.unit.builders import a_product

NEWEST = ListingQuery()
MEGABYTE = 1024 * 1024


def shown(product: Product) -> bytes:
    return f"{product.id} v{product.version} {product.stock}".encode()


def listed(page: Page[Product]) -> bytes:
    return b", ".join(shown(product) for product in page.items)


class Catalogue:
    """The database: every change has the next cluster time. A read takes its snapshot, then waits for `gate`."""

    def __init__(self) -> None:
        self.time, self.reign, self.reads = 1, "first", 0
        self.products: dict[str, Product] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_away = False

    async def get(self, *, seller_id: str, id: str) -> Product | None:
        found = self.products.get(id)
        await self._pass()
        return found

    async def search(self, query: ListingQuery, **_: Any) -> Page[Product]:
        found = [
            p
            for p in self.products.values()
            if p.is_active and (p.stock or not query.in_stock) and query.category in (None, p.category)
        ]
        await self._pass()
        return Page(found, None)

    async def latest(self) -> Frontier:
        if self.is_away:
            await asyncio.sleep(60)
        return Frontier(self.time, self.reign)

    async def _pass(self) -> None:
        self.reads += 1
        await self.gate.wait()

    def put(self, product: Product, **fields: Any) -> Product:
        self.time += 1
        changed = self.products[product.id] = replace(product, **fields)
        return changed


class Worker:
    def __init__(self, catalogue: Catalogue, marks: SharedMarks, *, most_bytes: int = MEGABYTE) -> None:
        self.catalogue = catalogue
        self.cache = CatalogueCache(catalogue, marks, catalogue, most_bytes=most_bytes)

    async def product(self, product: Product) -> str | None:
        body = await self.cache.product(product.id, shown)
        return body.decode() if body is not None else None

    async def listing(self, query: ListingQuery = NEWEST) -> str | None:
        body = await self.cache.listing(query, query, after=None, limit=20, render=listed)
        return body.decode() if body is not None else None

    async def catch_up(self, *changes: ProductChanged | Interrupted) -> None:
        """Hears the changes, then that there are no more, and compares that with the frontier."""
        for change in changes:
            self.cache.hear(Heard(Position(self.catalogue.time, 2), change))
        self.cache.hear(Heard(Position(self.catalogue.time, 0), None, asked_at=0.0))
        await self.cache._compare()


class Node:
    def __init__(self, *, most_bytes: int = MEGABYTE) -> None:
        self.catalogue, self.marks = Catalogue(), SharedMarks(None)
        self.workers = [Worker(self.catalogue, self.marks, most_bytes=most_bytes) for _ in range(2)]

    async def ready(self) -> Node:
        for worker in self.workers:
            await worker.catch_up()
        return self

    def offer(self, **fields: Any) -> Product:
        """There before anybody looks."""
        product = a_product(**fields)
        self.catalogue.products[product.id] = product
        return product

    def change(self, product: Product, *, marked: bool = True, moves: bool = False, **fields: Any) -> Product:
        """As one of the workers does it; not `marked`: as another node or somebody by hand does it."""
        before = self.catalogue.products[product.id]
        after = self.catalogue.put(before, version=before.version + 1, **fields)
        if marked:
            self.marks.change([product.id], moves=moves)
        return after
