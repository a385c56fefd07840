"""Carts: one document per buyer, changed in single atomic updates."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pymongo.errors import DuplicateKeyError

from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import cart_of
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.reservation.marks import being_bought
from shardmart.domain.cart import Cart
from shardmart.domain.errors import EmptyCart, FieldError, InvalidInput, Unavailable
from shardmart.domain.purchase import Line

EMPTIED: dict[str, Any] = {"$set": {"lines": []}, "$inc": {"version": 1}, "$unset": {"buying": ""}}


@repository
class MongoCarts:
    def __init__(self, mongo: Mongo) -> None:
        self._carts = mongo.collection("carts")

    async def get(self, buyer_id: str) -> Cart:
        found = await self._carts.find_one({"_id": buyer_id})
        return cart_of(found) if found else Cart(buyer_id, (), 0)

    async def put(self, buyer_id: str, line: Line, *, max_lines: int) -> None:
        """A pipeline update: the line keeps its place if it is there, and the bound is checked by the server."""
        there: Any = {"$ifNull": ["$lines", []]}
        same = {"$eq": ["$$line.product_id", line.product_id]}
        new = {"product_id": line.product_id, "quantity": line.quantity}
        if line.quantity == 0:
            lines: dict[str, Any] = {"$filter": {"input": there, "as": "line", "cond": {"$not": [same]}}}
        else:
            replaced = {"$map": {"input": there, "as": "line", "in": {"$cond": [same, new, "$$line"]}}}
            known = {"$in": [line.product_id, {"$ifNull": ["$lines.product_id", []]}]}
            lines = {"$cond": [known, replaced, {"$concatArrays": [there, [new]]}]}
        update = [{"$set": {"lines": lines, "version": {"$add": [{"$ifNull": ["$version", 0]}, 1]}}}]
        roomy = {"$or": [{"lines.product_id": line.product_id}, {f"lines.{max_lines - 1}": {"$exists": False}}]}
        which = {"_id": buyer_id, **(roomy if line.quantity else {})}
        for _ in range(2):
            # A duplicate key: the cart is full, or was made by another request this moment. The second try tells.
            with suppress(DuplicateKeyError):
                await self._carts.update_one(which, update, upsert=True)
                return
        raise InvalidInput([FieldError("quantity", f"a cart holds {max_lines} lines at most")])

    async def clear(self, buyer_id: str, *, version: int | None = None) -> None:
        which: dict[str, Any] = {"_id": buyer_id} if version is None else {"_id": buyer_id, "version": version}
        await self._carts.update_one(which, EMPTIED)


async def empty_bought_cart(mongo: Mongo, buyer_id: str, version: int, session: Session) -> None:
    """Empties the cart in the transaction that buys it, so that two tabs cannot buy it twice.

    A cart that was filled further in the meantime stays; raises EmptyCart when it was bought or emptied, and
    Unavailable while a checkout by reservation has marked it: that one may be placed or undone.
    """
    carts = mongo.collection("carts")
    found = await carts.find_one({"_id": buyer_id}, session=session)
    if found is None or not found["lines"]:
        raise EmptyCart
    if found["version"] == version:
        if await being_bought(mongo, [found], session):
            raise Unavailable
        await carts.update_one({"_id": buyer_id, "version": version}, EMPTIED, session=session)
