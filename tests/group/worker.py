"""A worker process of the shop without its web layer: does what the lines on its standard input say.

Every line is a JSON object with `do` and an `id`; the answer carries the same `id`. Many may be under way at once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import uvloop

from shardmart import bootstrap, metrics
from shardmart.adapters.mongo.group.commit import Commits
from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import CheckoutInProgress, Conflict, Unavailable
from shardmart.domain.ids import new_id
from shardmart.domain.listings import ProductChanges
from shardmart.domain.purchase import Line, Placed
from shardmart.service import checkout
from shardmart.settings import load

PATIENCE_SECONDS = 40.0


class Worker:
    def __init__(self, running: bootstrap.Running) -> None:
        self._running, self._shop = running, running.shop
        self._loop = asyncio.get_running_loop()

    async def state(self) -> dict[str, Any]:
        seat = self._running.committer
        return {
            "leads": seat is not None and seat.leads,
            "follows": seat is not None and seat._settled.is_set() and not seat.leads,
            "fallbacks": metrics.FALLBACKS._value.get(),
            "conflicts": metrics.CONFLICTS._value.get(),
            "committers": metrics.COMMITTERS._value.get(),
        }

    async def buy(self, carts: list[dict[str, int]], keys: list[str | None]) -> list[Any]:
        """All at once, each with a final answer: `[placed?, checkout id, seconds]`."""
        return await asyncio.gather(*(self._buy(cart, key) for cart, key in zip(carts, keys, strict=True)))

    async def hammer(self, products: list[str], buyers: int, seconds: float, lines: int = 1) -> dict[str, Any]:
        """Buyers who buy one unit again and again. Longest: the longest time in which nobody got an answer."""
        end, last, longest = self._loop.time() + seconds, self._loop.time(), 0.0
        told: Counter[str] = Counter()
        placed: list[str] = []
        times: list[float] = []

        async def one(number: int) -> None:
            nonlocal last, longest
            turn = number
            while self._loop.time() < end:
                cart = {products[(turn + n) % len(products)]: 1 for n in range(lines)}
                turn += lines
                yes, checkout_id, took = await self._buy(cart, new_id())
                told["placed" if yes else "rejected"] += 1
                if yes:
                    placed.append(checkout_id)
                times.append(took)
                longest, last = max(longest, self._loop.time() - last), self._loop.time()

        await asyncio.gather(*(one(n) for n in range(buyers)))
        return {**told, "longest": longest, "checkouts": placed, "times": sorted(times)}

    async def once(self, product_id: str, quantity: int, seconds: float) -> str:
        """One checkout without a key and without a second try: what its client is told."""
        actor = Actor(new_id(), Role.BUYER, "session")
        try:
            answer = await checkout.buy(
                self._shop, actor, lines=[Line(product_id, quantity)], expected_total=None, key=None
            )
        except Unavailable:
            return "unknown"
        except Conflict as error:
            return error.code
        return "placed" if isinstance(answer.outcome, Placed) else answer.outcome.code

    async def stock(self, product_id: str, delta: int) -> list[Any]:
        return await self._timed(
            self._shop.products.add_stock(
                seller_id=product_id[:24], id=product_id, delta=delta, reason="", at=clock.now()
            )
        )

    async def price(self, product_id: str, price: str) -> list[Any]:
        return await self._timed(
            self._shop.products.change(
                seller_id=product_id[:24],
                id=product_id,
                changes=ProductChanges(price=Decimal(price)),
                expected_version=None,
                at=clock.now(),
            )
        )

    async def stall(self, at: str) -> None:
        """The next batch stops for ever: `written` before its commit, `committed` after it."""
        commit = Commits._commit

        async def stalling(lane: Commits, *arguments: Any) -> None:
            if at == "committed":
                await commit(lane, *arguments)
            await asyncio.Event().wait()

        Commits._commit = stalling  # type: ignore[method-assign]

    async def cancel(self, order_id: str) -> list[Any]:
        return await self._timed(self._shop.orders.cancel(seller_id=order_id[:24], id=order_id, at=clock.now()))

    async def _timed(self, work: Any) -> list[Any]:
        started = self._loop.time()
        done = await work
        return [str(getattr(done, "status", "") or getattr(done, "stock", "")), self._loop.time() - started]

    async def _buy(self, cart: dict[str, int], key: str | None) -> tuple[bool, str, float]:
        """What a careful client does: the same key until there is a final answer."""
        actor = Actor((key or new_id())[:24], Role.BUYER, "session")
        lines = [Line(product, quantity) for product, quantity in cart.items()]
        started = self._loop.time()
        while True:
            try:
                answer = await checkout.buy(self._shop, actor, lines=lines, expected_total=None, key=key or new_id())
                return isinstance(answer.outcome, Placed), answer.outcome.checkout_id, self._loop.time() - started
            except (Unavailable, CheckoutInProgress):
                if self._loop.time() - started > PATIENCE_SECONDS or key is None:
                    raise
                await asyncio.sleep(0.1)


async def main() -> None:
    running = bootstrap.build(await bootstrap.with_topology(load(env_file=None)))
    running.start()
    worker = Worker(running)
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks: set[asyncio.Task[None]] = set()

    async def answer(request: dict[str, Any]) -> None:
        id, verb = request.pop("id"), request.pop("do")
        try:
            result = {"ok": await getattr(worker, verb)(**request)}
        except Exception as error:
            result = {"error": repr(error)}
        print(json.dumps({"id": id, **result}), flush=True)

    print(json.dumps({"id": -1, "ok": "ready"}), flush=True)
    while line := await reader.readline():
        task = asyncio.create_task(answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    await running.close()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main())
