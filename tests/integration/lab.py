"""What the integration tests stand on: a replica set of their own, a fresh database per test, the shop on it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pymongo import WriteConcern
from pymongo.errors import AutoReconnect

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.schema import INDEXES, ensure_schema
from shardmart.bootstrap import Running, build
from shardmart.domain.accounts import Role
from shardmart.domain.listings import Product
from shardmart.domain.ports import Carts, Orders, Products
from shardmart.domain.purchase import Line, Purchase
from shardmart.service.catalogue import first_log
from shardmart.settings import Settings
from tests.unit.builders import a_product, a_user

ROOT = Path(__file__).resolve().parents[2]
DRIVERS = ("motor", "pymongo")


@dataclass(frozen=True)
class Cluster:
    """A running replica set, driven by the command line of `cluster`."""

    data: Path
    uri: str

    def run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "cluster", *arguments, "--data-dir", str(self.data)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def nodes(self) -> dict[str, dict[str, Any]]:
        return {node["node"]: node for node in json.loads(self.run("status", "--json"))["nodes"]}

    def named(self, state: str) -> list[str]:
        return [name for name, node in self.nodes().items() if node["state"] == state]

    def heal(self) -> None:
        """Starts and resumes what is down and waits until all serve."""
        for name, node in self.nodes().items():
            if node["process"] != "running":
                self.run("resume" if node["process"] == "paused" else "start", name)
        deadline = time.monotonic() + 40
        while not (len(self.named("PRIMARY")) == 1 and len(self.named("SECONDARY")) == 2):
            assert time.monotonic() < deadline, self.nodes()
            time.sleep(0.2)


@dataclass
class Lab:
    """A shop on a database of its own."""

    running: Running
    settings: Settings

    @property
    def shop(self) -> Any:
        return self.running.shop

    @property
    def mongo(self) -> Mongo:
        return self.running.mongo

    @property
    def products(self) -> Products:
        return self.running.shop.products

    @property
    def carts(self) -> Carts:
        return self.running.shop.carts

    @property
    def orders(self) -> Orders:
        return self.running.shop.orders

    @property
    def db(self) -> Any:
        return self.running.mongo.db

    async def offer(self, **fields: Any) -> Product:
        """A product on the shelves, stored as the shop stores it."""
        product = a_product(**fields)
        await self.products.add(product, log=first_log(product))
        return product

    async def stock(self, product: Product) -> int:
        found = await self.products.get(seller_id=product.seller_id, id=product.id)
        assert found is not None
        return found.stock

    async def buy(self, purchase: Purchase, seconds: float = 8) -> Any:
        deadline = asyncio.get_running_loop().time() + seconds
        return await self.running.shop.checkout.place(purchase, deadline=deadline)

    async def person(self, role: Role = Role.BUYER, **fields: Any) -> Any:
        user = a_user(role=role, **fields)
        await self.running.shop.accounts.add(user)
        return user

    async def empty(self) -> None:
        """Takes every document away, which is ten times as fast as dropping the database."""
        loose = self.db.with_options(write_concern=WriteConcern(1))
        for attempt in range(20):
            try:
                await asyncio.gather(*(loose[name].delete_many({}) for name in INDEXES))
                return
            except AutoReconnect:  # the line to a primary that a test before took away
                await asyncio.sleep(0.1 * attempt)
        raise AssertionError("the database stays away")

    async def clean(self) -> bool:
        """Whether the audit finds nothing; shows what it finds."""
        report = await self.running.shop.auditor.run()
        assert report.violations == []
        return True


def settings_for(uri: str, database: str, driver: str, **more: Any) -> Settings:
    known = Settings(
        mongo_uri=uri,
        secret_key="0123456789abcdef" * 4,
        mongo_database=database,
        mongo_driver=driver,
        demo=True,
        bcrypt_rounds=4,
    )
    return replace(known, **more)


@asynccontextmanager
async def opened(settings: Settings, *, fresh: bool = True, **parts: Any) -> AsyncIterator[Lab]:
    """A shop on the database that the settings name, emptied first when `fresh`."""
    running = build(settings, **parts)
    try:
        if fresh:
            await running.mongo.client.drop_database(settings.mongo_database)
            await ensure_schema(running.mongo)
        yield Lab(running, settings)
    finally:
        await running.close()


def line(product: Product, quantity: int = 1) -> Line:
    return Line(product.id, quantity)
