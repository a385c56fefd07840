"""Holds: units of a product taken for a checkout, in the product's own document.

Each is one write to one document, and written twice it is the same as once: the hold it makes or changes is in the
document, under the attempt and the version it belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument, WriteConcern

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.documents import SHELF_FIELDS, Document
from shardmart.adapters.mongo.reservation.documents import holds_of, stand_of
from shardmart.domain.ids import seller_of
from shardmart.domain.purchase import Line
from shardmart.domain.reservations import Hold, Intent, Stand

FIELDS = {**SHELF_FIELDS, "reservations": 1}
NEXT: Document = {"$add": ["$version", 1]}


class MongoHolds:
    def __init__(self, mongo: Mongo) -> None:
        self._products = mongo.collection("products")
        # lost with a failover, it is done again: the hold comes back, and who looks after leftovers finds it
        self._forgetful = self._products.with_options(write_concern=WriteConcern(1))

    async def stands(self, ids: Sequence[str]) -> dict[str, Stand]:
        """The products as they are now, from the primary."""
        which = {"_id": {"$in": list(ids)}, "seller_id": {"$in": sorted({seller_of(id) for id in ids})}}
        return {d["_id"]: stand_of(d) for d in await self._products.find(which, FIELDS).to_list(len(ids))}

    async def hold(self, intent: Intent, line: Line, *, at: datetime) -> Hold | None:
        """Takes the units off the shelf, unless the attempt has them already. None when they are not to be had."""
        which = {
            **_which(line.product_id),
            "is_active": True,
            "stock": {"$gte": line.quantity},
            "reservations": {"$not": {"$elemMatch": _of(intent)}},
        }
        update = taking(line.quantity, _of(intent), at=at)
        found = await self._products.find_one_and_update(
            which, update, FIELDS, return_document=ReturnDocument.AFTER
        ) or await self._products.find_one(_which(line.product_id), FIELDS)
        return stand_of(found).held_for(intent.checkout_id, intent.attempt) if found else None

    async def put_back(self, hold: Hold, *, at: datetime) -> tuple[Hold, Stand] | None:
        """The hold as returned, its units on the shelf again; None when it is not there any more."""
        which = _which(hold.product_id)
        found = await self._products.find_one_and_update(
            {**which, "reservations": {"$elemMatch": {**_its(hold), "returned": None}}},
            putting_back(hold, at=at),
            FIELDS,
            return_document=ReturnDocument.AFTER,
        ) or await self._products.find_one(which, FIELDS)
        if found is None:
            return None
        stand = stand_of(found)
        same = (h for h in stand.holds if h.version == hold.version)
        returned = next(same, None)
        return None if returned is None else (returned, stand)

    async def forget(self, hold: Hold) -> None:
        """Its logs are written: the product need not remember it."""
        await self._forgetful.update_one(_which(hold.product_id), {"$pull": {"reservations": _its(hold)}})

    async def left(self, before: datetime, *, limit: int) -> list[Hold]:
        """Holds older than that, of any checkout."""
        which = {"reservations.taken.at": {"$lt": before, "$type": "date"}}
        found = await self._products.find(which, {"reservations": 1}, limit=limit).to_list(limit)
        return [hold for d in found for hold in holds_of(d) if hold.taken.at < before]


def taking(quantity: int, owner: Document, *, at: datetime) -> list[Document]:
    """A pipeline, because the hold tells from which stock to which version it brought the product."""
    taken = {**owner, "quantity": quantity, "name": "$name", "price": "$price", "taken": _move(at)}
    return [
        {
            "$set": {
                "stock": {"$subtract": ["$stock", quantity]},
                "in_stock": {"$gt": ["$stock", quantity]},
                "version": NEXT,
                "updated_at": at,
                "reservations": {"$concatArrays": [{"$ifNull": ["$reservations", []]}, [taken]]},
            }
        }
    ]


def putting_back(hold: Hold, *, at: datetime) -> list[Document]:
    returned = {"$mergeObjects": ["$$hold", {"returned": _move(at)}]}
    it: Any = {"$eq": ["$$hold.taken.version", hold.version]}
    others = {"$map": {"input": "$reservations", "as": "hold", "in": {"$cond": [it, returned, "$$hold"]}}}
    return [
        {
            "$set": {
                "stock": {"$add": ["$stock", hold.quantity]},
                "in_stock": True,
                "version": NEXT,
                "updated_at": at,
                "reservations": others,
            }
        }
    ]


def _move(at: datetime) -> Document:
    return {"version": NEXT, "old_stock": "$stock", "at": at}


def _its(hold: Hold) -> Document:
    return {"checkout_id": hold.checkout_id, "taken.version": hold.version}


def _which(product_id: str) -> Document:
    return {"_id": product_id, "seller_id": seller_of(product_id)}


def _of(intent: Intent) -> Document:
    return {"checkout_id": intent.checkout_id, "attempt": intent.attempt}
