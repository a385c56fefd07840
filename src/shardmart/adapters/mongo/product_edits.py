"""Offering products and changing them, each change in one short transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import PRODUCT_FIELDS, log_document, product_document, product_of
from shardmart.adapters.mongo.transactions import Stale, Transactions
from shardmart.domain.errors import FieldError, InsufficientStock, InvalidInput, NotFound, Shortfall, VersionConflict
from shardmart.domain.listings import Product, ProductChanges
from shardmart.domain.stock import MAX_STOCK, StockLog, kind_of_manual_change, stock_log

Edit = Callable[[Product], Product]


class ProductEdits:
    def __init__(self, mongo: Mongo, transactions: Transactions) -> None:
        self._products = mongo.collection("products")
        self._logs = mongo.collection("inventory_logs")
        self._transactions = transactions

    async def add(self, product: Product, *, log: StockLog) -> None:
        async def body(session: Session) -> None:
            await self._products.insert_one(product_document(product), session=session)
            await self._logs.insert_one(log_document(log), session=session)

        await self._transactions.run(body)

    async def change(
        self, *, seller_id: str, id: str, changes: ProductChanges, expected_version: int | None, at: datetime
    ) -> Product:
        fields = {name: v for name in changes.__slots__ if (v := getattr(changes, name)) is not None}

        def edit(product: Product) -> Product:
            if expected_version is not None and product.version != expected_version:
                raise VersionConflict
            return replace(product, **fields)

        return await self._edit(seller_id, id, edit, at=at, reason="count")

    async def add_stock(self, *, seller_id: str, id: str, delta: int, reason: str, at: datetime) -> Product:
        def edit(product: Product) -> Product:
            stock = product.stock + delta
            if stock < 0:
                raise InsufficientStock([Shortfall(id, -delta, product.stock)])
            if stock > MAX_STOCK:
                raise InvalidInput([FieldError("delta", f"stock cannot pass {MAX_STOCK}")])
            return replace(product, stock=stock)

        return await self._edit(seller_id, id, edit, at=at, reason=reason)

    async def set_active(self, *, seller_id: str, id: str, active: bool, at: datetime) -> Product:
        return await self._edit(seller_id, id, lambda product: replace(product, is_active=active), at=at)

    async def remove(self, *, seller_id: str, id: str, at: datetime) -> None:
        await self._edit(seller_id, id, lambda product: replace(product, is_active=False), at=at, deleted=True)

    async def remove_all(self, seller_id: str, *, at: datetime) -> int:
        removed = 0
        while found := await self._products.find({"seller_id": seller_id, "deleted": False}, {"_id": 1}).to_list(100):
            for d in found:
                try:
                    await self.remove(seller_id=seller_id, id=d["_id"], at=at)
                    removed += 1
                except NotFound:
                    continue  # another sweeper was first
        return removed

    async def _edit(
        self, seller_id: str, id: str, edit: Edit, *, at: datetime, reason: str = "", deleted: bool = False
    ) -> Product:
        """Reads, edits and writes as one; a changed stock is logged. Raises NotFound and what `edit` raises."""

        async def body(session: Session) -> Product:
            which = {"_id": id, "seller_id": seller_id, "deleted": False}
            found = await self._products.find_one(which, PRODUCT_FIELDS, session=session)
            if found is None:
                raise NotFound
            before = product_of(found)
            edited = edit(before)
            if edited == before and not deleted:
                return before
            after = replace(edited, version=before.version + 1, updated_at=at)
            if after.stock != before.stock:
                await self._logs.insert_one(log_document(_log_of(before, after, reason)), session=session)
            written = await self._products.update_one(
                {"_id": id, "seller_id": seller_id, "version": before.version},
                {"$set": _fields(after) | {"deleted": deleted}},
                session=session,
            )
            if written.matched_count != 1:
                raise Stale
            return after

        return await self._transactions.run(body, products=[id])


def _log_of(before: Product, after: Product, reason: str) -> StockLog:
    return stock_log(
        seller_id=after.seller_id,
        product_id=after.id,
        version=after.version,
        change_type=kind_of_manual_change(after.stock - before.stock),
        old_stock=before.stock,
        new_stock=after.stock,
        at=after.updated_at,
        reason=reason,
    )


def _fields(product: Product) -> dict[str, Any]:
    """All fields but the id and the shard key, which never change."""
    return {name: v for name, v in product_document(product).items() if name not in ("_id", "seller_id")}
