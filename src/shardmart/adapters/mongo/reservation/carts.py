"""Whose turn a cart is: two checkouts of one cart must not both be placed.

A cart that is being bought carries a mark. Its lines stay where they are until the checkout is placed, so that one
that is undone has taken nothing from the buyer. A mark counts for the version it was made at.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from shardmart.adapters.mongo.carts import EMPTIED
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.documents import Document
from shardmart.domain.errors import EmptyCart


@dataclass(slots=True, frozen=True)
class Mark:
    checkout_id: str
    attempt: str


class MongoCartMarks:
    def __init__(self, mongo: Mongo) -> None:
        self._carts = mongo.collection("carts")

    async def mark(self, buyer_id: str, version: int, mine: Mark) -> Mark | None:
        """Whose the cart is now; None when it was filled further meanwhile and stays. Raises EmptyCart."""
        while True:
            free = {"_id": buyer_id, "version": version, "buying": {"$exists": False}}
            if (await self._carts.update_one(free, {"$set": {"buying": asdict(mine)}})).matched_count:
                return mine
            found = await self._carts.find_one({"_id": buyer_id})
            if found is None or not found["lines"]:
                raise EmptyCart
            if found["version"] != version:
                return None
            if "buying" in found:
                return Mark(**found["buying"])

    async def take_over(self, buyer_id: str, version: int, held: Mark, mine: Mark) -> None:
        """From a checkout that is over, unless another was first: marking again tells."""
        which = {"_id": buyer_id, "version": version, **_held_by(held)}
        await self._carts.update_one(which, {"$set": {"buying": asdict(mine)}})

    async def unmark(self, buyer_id: str, mine: Mark) -> None:
        await self._carts.update_one({"_id": buyer_id, **_held_by(mine)}, {"$unset": {"buying": ""}})

    async def empty(self, buyer_id: str, version: int, mine: Mark) -> None:
        """The cart was bought: empty it, unless it was filled further meanwhile."""
        await self._carts.update_one({"_id": buyer_id, "version": version}, EMPTIED)
        await self.unmark(buyer_id, mine)


def _held_by(mark: Mark) -> Document:
    return {"buying.checkout_id": mark.checkout_id, "buying.attempt": mark.attempt}
