"""The lab's load: buyers inside this worker, who buy as requests do but without HTTP, so that a failover is seen.

One run at a time in the whole shop, held by a lease that is extended while it runs. What a second brought is stored
and told by a task of its own: while there is no primary the figures wait, and the buyers do not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role, User
from shardmart.domain.errors import (
    CheckoutInProgress,
    EmailTaken,
    LoadRunning,
    ShardmartError,
    StrategyNotHere,
    Unavailable,
)
from shardmart.domain.ids import new_id
from shardmart.domain.listings import NewProduct
from shardmart.domain.load import LoadFigures, LoadRun, percentile
from shardmart.domain.ports import Checkout, LoadRuns
from shardmart.domain.purchase import Line, Placed
from shardmart.service import checkout
from shardmart.service.catalogue import first_log, new_product
from shardmart.service.shop import Shop

SELLERS, PRODUCTS_EACH = 6, 4  # enough sellers to lie on every shard
STOCK, PRICE, CATEGORY = 1_000_000, Decimal("0.01"), "Lab"
LEASE = timedelta(seconds=8)
PAUSE_SECONDS, RETRY_SECONDS = 0.1, 0.3
PATIENCE_SECONDS, CLOSING_SECONDS = 20.0, 1.5  # for what is left to do when a run ends, or the app
log = logging.getLogger("shardmart.load")


@dataclass
class _Second:
    """What the buyers note until it is over."""

    outcomes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)


class LabLoad:
    """`strategies`: what a run may ask for; `own`: the one that the shop uses."""

    def __init__(self, runs: LoadRuns, strategies: Mapping[str, Checkout], *, own: str) -> None:
        self._runs, self._strategies, self._own = runs, strategies, own
        self._task: asyncio.Task[None] | None = None
        self._patience = PATIENCE_SECONDS

    async def start(self, shop: Shop, *, buyers: int, seconds: int, strategy: str | None) -> LoadRun:
        """The run that begins now. Raises LoadRunning, StrategyNotHere."""
        name = strategy or self._own
        if name not in self._strategies:
            raise StrategyNotHere
        run = LoadRun(new_id(), buyers, seconds, name)
        if not await self._runs.begin(run, until=clock.now() + LEASE):
            raise LoadRunning
        self._task = asyncio.create_task(self._run(replace(shop, checkout=self._strategies[name]), run))
        return run

    async def stop(self) -> None:
        """Asks the running one to end, wherever it runs."""
        await self._runs.stop()

    async def last(self) -> tuple[LoadRun | None, list[LoadFigures]]:
        """The latest run and its figures of the last hour."""
        return await self._runs.last()

    async def close(self) -> None:
        """Ends with the app; its lease runs out by itself."""
        self._patience = CLOSING_SECONDS
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, shop: Shop, run: LoadRun) -> None:
        told: asyncio.Queue[LoadFigures] = asyncio.Queue()
        teller = asyncio.create_task(self._tell(told))
        final = LoadFigures(run, 0, 0, None, None, {}, running=False)
        try:
            final = await self._drive(shop, run, told)
        except ShardmartError as error:
            final = replace(final, outcomes={error.code: 1})
        except Exception:
            log.exception("the lab's load broke off")
            final = replace(final, outcomes={"internal": 1})
        finally:
            await self._within(self._runs.end(run.id))
            told.put_nowait(final)  # whoever hears it may begin the next run
            await self._within(told.join())
            teller.cancel()

    async def _within(self, work: Awaitable[object]) -> None:
        """Does it if that is possible in time."""
        with contextlib.suppress(Unavailable, asyncio.TimeoutError):
            await asyncio.wait_for(work, self._patience)

    async def _drive(self, shop: Shop, run: LoadRun, told: asyncio.Queue[LoadFigures]) -> LoadFigures:
        """The last second's figures; those before are told as they come."""
        products = await _stock_up(shop)
        second, over = _Second(), asyncio.Event()
        noted = [second]
        buyers = [asyncio.create_task(_buy(shop, products, noted, over)) for _ in range(run.buyers)]
        loop = asyncio.get_running_loop()
        began, number, running = loop.time(), 0, True
        try:
            while running:
                await asyncio.sleep(max(0.0, began + number + 1 - loop.time()))
                number += 1
                second, noted[0] = noted[0], _Second()
                running = await self._keep(run, number) and number < run.seconds
                figures = _figures(run, number, second, running=running)
                if running:
                    told.put_nowait(figures)
            return figures
        finally:
            over.set()
            await asyncio.wait(buyers, timeout=min(self._patience, shop.rules.request_seconds))
            for buyer in buyers:
                buyer.cancel()
            await self._within(_clear(shop))

    async def _keep(self, run: LoadRun, number: int) -> bool:
        """Extends the lease, every other second and without waiting long: no primary is no reason to end."""
        if number % 2:
            return True
        try:
            return await asyncio.wait_for(self._runs.extend(run.id, until=clock.now() + LEASE), RETRY_SECONDS)
        except (Unavailable, asyncio.TimeoutError):
            return True

    async def _tell(self, told: asyncio.Queue[LoadFigures]) -> None:
        while True:
            figures = await told.get()
            while True:
                try:
                    await self._runs.tell(figures)
                    break
                except Unavailable:
                    await asyncio.sleep(RETRY_SECONDS)
            told.task_done()


async def _buy(shop: Shop, products: list[str], noted: list[_Second], over: asyncio.Event) -> None:
    """One buyer. A checkout whose outcome is unknown is asked for again with its key, as the contract wants it."""
    actor, loop = Actor(new_id(), Role.BUYER, "lab"), asyncio.get_running_loop()
    key, lines = "", [Line(products[0], 1)]
    while not over.is_set():
        if not key:
            key = secrets.token_hex(8)
            lines = [Line(id, 1) for id in random.sample(products, random.choice((1, 1, 1, 2)))]
        began = loop.time()
        outcome, final = await _ask(shop, actor, lines, key)
        noted[0].outcomes[outcome] += 1
        if outcome == "placed":
            noted[0].latencies.append((loop.time() - began) * 1000)
        if final:
            key = ""
        else:
            await asyncio.sleep(PAUSE_SECONDS)


async def _ask(shop: Shop, actor: Actor, lines: list[Line], key: str) -> tuple[str, bool]:
    """What came of it, and whether that is final."""
    asked = checkout.buy(shop, actor, lines=lines, expected_total=None, key=key)
    try:
        answer = await asyncio.wait_for(asked, shop.rules.request_seconds)
    except asyncio.TimeoutError:
        return Unavailable.code, False
    except ShardmartError as error:
        return error.code, not isinstance(error, Unavailable | CheckoutInProgress)
    except Exception:
        log.exception("a checkout of the lab's load broke off")
        return "internal", False
    return ("placed" if isinstance(answer.outcome, Placed) else answer.outcome.code), True


def _figures(run: LoadRun, number: int, second: _Second, *, running: bool) -> LoadFigures:
    ordered = sorted(second.latencies)
    p50, p99 = (percentile(ordered, share) for share in (0.5, 0.99))
    return LoadFigures(run, number, second.outcomes["placed"], p50, p99, dict(second.outcomes), running)


async def _stock_up(shop: Shop) -> list[str]:
    """Products of the lab's own sellers, on the shelves for the time of the run."""
    await _clear(shop)
    ids: list[str] = []
    for number in range(SELLERS):
        seller, at = await _seller(shop, number), clock.now()
        names = [f"Lab crate {number + 1}.{n + 1}" for n in range(PRODUCTS_EACH)]
        made = [new_product(seller, NewProduct(name, PRICE, STOCK, CATEGORY), at=at) for name in names]
        await shop.products.add_many(made, logs=[first_log(product) for product in made])
        ids += [product.id for product in made]
    return ids


async def _clear(shop: Shop) -> None:
    """Takes away what this run or one that broke off has put on the shelves; orders and logs stay."""
    for number in range(SELLERS):
        seller = await shop.accounts.by_email(_email(number))
        if seller is not None:
            await shop.products.remove_all(seller.id, at=clock.now())


async def _seller(shop: Shop, number: int) -> User:
    """An account that nobody can sign in to."""
    found = await shop.accounts.by_email(_email(number))
    if found is not None:
        return found
    secret = await shop.passwords.hash(secrets.token_hex(16))
    user = User(new_id(), f"Lab seller {number + 1}", _email(number), Role.SELLER, secret, clock.now())
    with contextlib.suppress(EmailTaken):
        await shop.accounts.add(user)
        return user
    raise Unavailable


def _email(number: int) -> str:
    return f"seller-{number + 1}@lab.invalid"
