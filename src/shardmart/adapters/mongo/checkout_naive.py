"""Strategy `naive`: read, compare, write. The bug that this shop exists to avoid, kept for the lab.

Two buyers who read the same stock both find it sufficient, and the second write hides the first. It runs only with
SHARDMART_LAB=1, and it must oversell: otherwise the checker that finds nothing proves nothing.
"""

from __future__ import annotations

from contextlib import suppress

from pymongo.errors import DuplicateKeyError

from shardmart.adapters.mongo.checkouts import store_outcome
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.documents import log_document, order_document
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.notices import store_notices
from shardmart.adapters.mongo.product_reads import read_shelves
from shardmart.adapters.mongo.stock import change
from shardmart.domain import clock, notices
from shardmart.domain.purchase import Outcome, Placed, Purchase, decide, purchase_logs


@repository
class NaiveCheckout:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._products = mongo.collection("products")
        self._orders = mongo.collection("orders")
        self._logs = mongo.collection("inventory_logs")

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        """No guard, no transaction; `deadline` is not looked at."""
        shelves = await read_shelves(self._mongo, [line.product_id for line in purchase.lines])
        at = clock.now()
        outcome = decide(purchase, shelves, at=at)
        if isinstance(outcome, Placed):
            for log in purchase_logs(outcome, shelves, at=at):
                which = {"_id": log.product_id, "seller_id": log.seller_id}
                await self._products.update_one(which, {"$set": change(log)})
                same_log = {"_id": log.id, "seller_id": log.seller_id}
                with suppress(DuplicateKeyError):  # another buyer's log of the same version: lost like the update
                    await self._logs.replace_one(same_log, log_document(log), upsert=True)
            await self._orders.insert_many([order_document(order) for order in outcome.orders])
            # crossings are left out: two buyers who wrote the same version would tell of the same one
            await store_notices(self._mongo, notices.of_checkout(outcome, (), {}))
        await store_outcome(self._mongo, purchase, outcome)
        return outcome
