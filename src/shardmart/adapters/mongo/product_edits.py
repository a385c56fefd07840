"""Offering products and changing them, each change in one short transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import PRODUCT_FIELDS, log_document, product_document, product_of
from shardmart.adapters.mongo.notices import store_notices
from shardmart.adapters.mongo.transactions import Stale, Transactions
from shardmart.domain import notices
from shardmart.domain.cache_ports import Marks
from shardmart.domain.edits import Edit, edit_log, edited, fields_of
from shardmart.domain.errors import NotFound
from shardmart.domain.ids import seller_of
from shardmart.domain.listings import Product, ProductChanges
from shardmart.domain.stock import StockLog

T = TypeVar("T")
MOVING = {"name", "price", "category", "is_active"}  # fields that decide which lists show a product, and where


class ProductEdits:
    """All changes go through `_write`, which strategy `group` replaces. Each is marked before it is answered."""

    def __init__(self, mongo: Mongo, transactions: Transactions, marks: Marks | None = None) -> None:
        self._marks = marks
        self._mongo = mongo
        self._products = mongo.collection("products")
        self._logs = mongo.collection("inventory_logs")
        self._transactions = transactions

    async def add(self, product: Product, *, log: StockLog) -> None:
        async def body(session: Session) -> None:
            await self._products.insert_one(product_document(product), session=session)
            await self._logs.insert_one(log_document(log), session=session)

        await self._marking([product.id], self._transactions.run(body))

    async def add_many(self, products: Sequence[Product], *, logs: Sequence[StockLog]) -> None:
        async def body(session: Session) -> None:
            await self._products.insert_many([product_document(product) for product in products], session=session)
            await self._logs.insert_many([log_document(log) for log in logs], session=session)

        await self._marking([product.id for product in products], self._transactions.run(body))

    async def change(
        self, *, seller_id: str, id: str, changes: ProductChanges, expected_version: int | None, at: datetime
    ) -> Product:
        _require_own(seller_id, id)
        fields = fields_of(changes)
        return await self._edit(Edit(id, at=at, fields=fields, expected_version=expected_version, reason="count"))

    async def add_stock(self, *, seller_id: str, id: str, delta: int, reason: str, at: datetime) -> Product:
        _require_own(seller_id, id)
        return await self._edit(Edit(id, at=at, delta=delta, reason=reason))

    async def set_active(self, *, seller_id: str, id: str, active: bool, at: datetime) -> Product:
        _require_own(seller_id, id)
        return await self._edit(Edit(id, at=at, fields={"is_active": active}))

    async def set_image(self, *, seller_id: str, id: str, image_url: str | None, at: datetime) -> Product:
        _require_own(seller_id, id)
        return await self._edit(Edit(id, at=at, fields={"image_url": image_url}))

    async def remove(self, *, seller_id: str, id: str, at: datetime) -> None:
        _require_own(seller_id, id)
        await self._edit(Edit(id, at=at, fields={"is_active": False}, removes=True))

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

    async def _edit(self, edit: Edit) -> Product:
        return await self._marking([edit.product_id], self._write(edit), moves=not MOVING.isdisjoint(edit.fields))

    async def _marking(self, ids: Sequence[str], work: Awaitable[T], *, moves: bool = True) -> T:
        try:
            return await work
        finally:  # also when the outcome is unknown
            if self._marks is not None:
                self._marks.change(ids, moves=moves)

    async def _write(self, edit: Edit) -> Product:
        """Reads, edits and writes as one; a changed stock is logged. Raises NotFound and what `edited` raises."""

        async def body(session: Session) -> Product:
            which = {"_id": edit.product_id, "seller_id": seller_of(edit.product_id)}
            found = await self._products.find_one({**which, "deleted": False}, PRODUCT_FIELDS, session=session)
            if found is None:
                raise NotFound
            before = product_of(found)
            after = edited(before, edit)
            if after is before:
                return before
            # first, while nobody has written it since it was read: those who sell it meanwhile come again
            written = await self._products.update_one(
                {**which, "version": before.version},
                {"$set": changed_fields(after) | {"deleted": edit.removes}},
                session=session,
            )
            if written.matched_count != 1:
                raise Stale
            if log := edit_log(before, after, edit.reason):
                await self._logs.insert_one(log_document(log), session=session)
            await store_notices(self._mongo, notices.of_edit(before, after), session)
            return after

        return await self._transactions.run(body, products=[edit.product_id], by_hand=True)


def _require_own(seller_id: str, id: str) -> None:
    """Raises NotFound: under another seller's id a product does not exist."""
    if seller_of(id) != seller_id:
        raise NotFound


def changed_fields(product: Product) -> dict[str, Any]:
    """All fields but the id and the shard key, which never change."""
    return {name: v for name, v in product_document(product).items() if name not in ("_id", "seller_id")}
