"""Workers of two app nodes in this process, on the database of a demo: they change and read products at random."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from shardmart.adapters.marks import SharedMarks
from shardmart.adapters.mongo.documents import product_of
from shardmart.bootstrap import Running, build, is_away
from shardmart.cache.freshness import BOUND_SECONDS
from shardmart.domain import clock
from shardmart.domain.changes import Heard, ProductChanged
from shardmart.domain.errors import ShardmartError
from shardmart.domain.ids import owned_id
from shardmart.domain.listings import ListingQuery, Product, ProductChanges, Sort
from shardmart.domain.paging import Page
from shardmart.realtime.relay import Relay
from shardmart.realtime.rooms import Rooms
from shardmart.service.catalogue import first_log
from shardmart.web.replies import dumps
from shardmart.web.views import product as view
from tests.integration.lab import settings_for
from tests.support.readings import BY_HAND, Change, Ledger, Reading, View
from tests.support.shop import Shop
from tests.unit.builders import a_product

NODES = (0, 0, 1)  # of each worker
PRODUCTS = 6
STEP_SECONDS = 40.0  # of one change or reading, which the shop's own deadlines keep far below: more is a hang


async def _in_time(step: Coroutine[Any, Any, None]) -> None:
    """Not `wait_for`, which waits for what does not end when it is cancelled either."""
    task = asyncio.ensure_future(step)
    if not (await asyncio.wait({task}, timeout=STEP_SECONDS))[0]:
        told = io.StringIO()
        task.print_stack(file=told)
        task.cancel()
        raise AssertionError(f"a step hangs:\n{told.getvalue()}")
    task.result()


def _one(product: Product) -> bytes:
    return dumps([view(product)])


def _all(page: Page[Product]) -> bytes:
    return dumps([view(product) for product in page.items])


@dataclass
class Worker:
    node: int
    running: Running
    relay: Relay

    @property
    def shop(self) -> Any:
        return self.running.shop

    def marks_nothing(self) -> None:
        """Broken on purpose: its changes are marked where nobody looks."""
        self.shop.products._marks = SharedMarks(None)

    def hears_nothing(self) -> None:
        """Broken on purpose: its cache is not told of products."""
        cache, hear = self.shop.cache, self.shop.cache.hear

        def deaf(heard: Heard) -> None:
            if isinstance(heard.change, ProductChanged):
                heard = Heard(heard.position, None)
            hear(heard)

        cache.hear = deaf

    def keeps_what_changed_meanwhile(self) -> None:
        """Broken on purpose: an answer gets the marks from after it was read."""
        cache = self.shop.cache
        search, get = cache._source.search, cache._source.get

        def late(read: Callable[..., Any]) -> Callable[..., Any]:
            async def reading(*given: Any, **named: Any) -> Any:
                found = await read(*given, **named)
                await asyncio.sleep(0.01)
                for fill in cache._fills.values():
                    fill.before = cache._marks.copy()
                return found

            return reading

        cache._source.search, cache._source.get = late(search), late(get)


class Scene:
    def __init__(self, workers: list[Worker], seller_id: str, seed: int) -> None:
        self.workers, self.seller_id = workers, seller_id
        self.ledger = Ledger(BOUND_SECONDS)
        self.products: list[str] = []
        self._chosen = random.Random(seed)

    async def begin(self) -> None:
        """Products, and caches that answer."""
        for n in range(PRODUCTS):
            product = a_product(
                id=owned_id(self.seller_id), seller_id=self.seller_id, name=f"Thing {n}", description="for 9.90"
            )
            await self.workers[0].shop.products.add(product, log=first_log(product))
            self._note(self.workers[0].node, product)
            self.products.append(product.id)
        await self.until_answered()

    async def until_answered(self) -> None:
        end = monotonic() + 60
        for worker in self.workers:
            while await worker.shop.cache.product(self.products[0], _one) is None:
                assert monotonic() < end, "a cache does not answer"
                await asyncio.sleep(0.02)

    async def go_on(self, seconds: float, *, writers: int = 2, readers: int = 5) -> None:
        end = monotonic() + seconds
        await asyncio.gather(
            *(self._repeat(self._write, end, pause=0.04) for _ in range(writers)),
            *(self._repeat(self._read, end, pause=0.01) for _ in range(readers)),
        )

    async def _repeat(self, step: Callable[[], Any], end: float, *, pause: float) -> None:
        while monotonic() < end:
            try:
                await _in_time(step())
            except ShardmartError:  # an election: nobody was told anything
                await asyncio.sleep(0.05)
            except PyMongoError as error:
                if not is_away(error):
                    raise
            await asyncio.sleep(self._chosen.uniform(0, pause))

    # ---- changing

    async def _write(self) -> None:
        id, worker = self._chosen.choice(self.products), self._chosen.choice(self.workers)
        if self._chosen.random() < 0.2:
            self._note(BY_HAND, await self._by_hand(worker, id))
        else:
            self._note(worker.node, await self._by_shop(worker, id))

    async def _by_shop(self, worker: Worker, id: str) -> Product:
        which: Any = {"seller_id": self.seller_id, "id": id, "at": clock.now()}
        if self._chosen.random() < 0.5:
            delta = self._chosen.randrange(1, 4)
            moved: Product = await worker.shop.products.add_stock(**which, delta=delta, reason="test")
            return moved
        price = Decimal(self._chosen.randrange(100, 10_000)) / 100
        changes = [ProductChanges(price=price, description=f"for {price:.2f}"), ProductChanges(stock=0)]
        changed: Product = await worker.shop.products.change(
            **which, changes=self._chosen.choice(changes), expected_version=None
        )
        return changed

    async def _by_hand(self, worker: Worker, id: str) -> Product:
        """As a script would, past the shop."""
        price = self._chosen.randrange(1, 100)
        fields = {"price": {"$toDecimal": price}, "description": f"for {price:.2f}"}
        found = await worker.running.mongo.collection("products").find_one_and_update(
            {"_id": id, "seller_id": self.seller_id},
            [{"$set": {**fields, "version": {"$add": ["$version", 1]}}}],
            return_document=ReturnDocument.AFTER,
        )
        assert found is not None
        return product_of(found)

    def _note(self, node: int, product: Product) -> None:
        self.ledger.changes.append(Change(node, monotonic(), orjson.loads(_one(product))[0]))

    # ---- reading

    async def _read(self) -> None:
        worker, began = self._chosen.choice(self.workers), monotonic()
        page = self._chosen.random() < 0.5
        list_, body = ("", await self._page(worker)) if page else await self._list(worker)
        products: list[View] = orjson.loads(body[0])
        self.ledger.readings.append(Reading(worker.node, began, products, body[1], list_))

    async def _page(self, worker: Worker) -> tuple[bytes, bool]:
        id = self._chosen.choice(self.products)
        body = await worker.shop.cache.product(id, _one)
        if body is not None:
            return body, True
        return _one(await worker.shop.products.get(seller_id=self.seller_id, id=id)), False

    async def _list(self, worker: Worker) -> tuple[str, tuple[bytes, bool]]:
        sort = self._chosen.choice([Sort.NEWEST, Sort.PRICE])
        query = ListingQuery(sort, seller_id=self.seller_id, in_stock=self._chosen.random() < 0.3)
        name = "in stock" if query.in_stock else sort.value
        body = await worker.shop.cache.listing(query, query, after=None, limit=100, render=_all)
        if body is not None:
            return name, (body, True)
        return name, (_all(await worker.shop.products.search(query, after=None, limit=100)), False)


@asynccontextmanager
async def caches(shop: Shop, seller_id: str, directory: Path, *, seed: int) -> AsyncIterator[Scene]:
    """Three workers: two of one node, one of another."""
    async with AsyncExitStack() as open_:
        workers, tasks = [], []
        for number, node in enumerate(NODES):
            runtime = directory / str(node)
            settings = settings_for(
                await asyncio.to_thread(lambda: shop.demo.uri),
                "shardmart",
                ("motor", "pymongo")[number % 2],
                topology=shop.demo.topology,
                runtime_dir=runtime,
            )
            running = build(settings)
            open_.push_async_callback(running.close)
            running.start()
            relay = Relay(running.shop, Rooms())
            open_.callback(relay.close)
            tasks.append(asyncio.create_task(relay.run()))
            workers.append(Worker(node, running, relay))
        open_.callback(lambda: [task.cancel() for task in tasks])
        scene = Scene(workers, seller_id, seed)
        await scene.begin()
        yield scene
