"""A shop in a database of its own: products to sell, purchases to make, and the audit at the end."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from shardmart.adapters.mongo.audit import MongoAuditor
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.face import GroupCheckout, GroupOrders, GroupProducts
from shardmart.adapters.mongo.schema import ensure_schema
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import clock
from shardmart.domain.ids import new_id, owned_id
from shardmart.domain.listings import Product
from shardmart.domain.purchase import Line, Outcome, Purchase, merge_lines, new_checkout_id
from shardmart.service.catalogue import first_log

_numbers = itertools.count()


def purchase_of(*lines: tuple[Product, int], claim_id: str | None = None) -> Purchase:
    merged = merge_lines(Line(product.id, quantity) for product, quantity in lines)
    return Purchase(new_checkout_id(merged), new_id(), merged, claim_id=claim_id)


@dataclass
class Scene:
    uri: str
    mongo: Mongo
    committer: Committer

    @classmethod
    async def make(cls, uri: str, driver: str = "motor") -> Scene:
        mongo = Mongo(uri, database=f"group{next(_numbers)}", driver=driver)
        await mongo.client.drop_database(mongo.db.name)
        await ensure_schema(mongo)
        return cls(uri, mongo, Committer(mongo))

    def __post_init__(self) -> None:
        self.runtime_dir = Path(tempfile.mkdtemp(prefix="smr-"))
        self.transactions = Transactions(self.mongo)
        self.use(self.committer)

    def use(self, committer: Any) -> None:
        """Everything goes through this one from now on."""
        self.checkout = GroupCheckout(committer)
        self.orders = GroupOrders(self.mongo, self.transactions, committer)
        self.products = GroupProducts(self.mongo, self.transactions, committer)

    async def product(self, stock: int, *, seller_id: str | None = None, price: str = "2.50") -> Product:
        at, seller = clock.now(), seller_id or new_id()
        product = Product(
            *(owned_id(seller), seller, "Seller", "Thing", "", Decimal(price), stock),
            *("Things", 5, True, None, 1, at, at),
        )
        await self.products.add(product, log=first_log(product))
        return product

    async def place(self, purchase: Purchase, seconds: float = 8.0) -> Outcome:
        return await self.checkout.place(purchase, deadline=asyncio.get_running_loop().time() + seconds)

    async def place_all(self, purchases: Sequence[Purchase], seconds: float = 8.0) -> list[Any]:
        """All at once; what was raised stands among the outcomes."""
        return await asyncio.gather(*(self.place(p, seconds) for p in purchases), return_exceptions=True)

    async def stock_of(self, product: Product) -> int:
        return (await self.products.shelves([product.id]))[product.id].stock

    async def audit_is_clean(self) -> None:
        report = await MongoAuditor(self.mongo, self.transactions, seconds=60).run()
        assert report.violations == []

    async def close(self) -> None:
        await self.committer.close()
        await self.mongo.client.drop_database(self.mongo.db.name)
        await self.mongo.close()
