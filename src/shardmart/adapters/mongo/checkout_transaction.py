"""Strategy `transaction`: the textbook, one multi-document transaction per checkout.

The shelves are read in the transaction's snapshot, the decision is made from them, logs, orders and outcome are
written, and the products last: the window in which another checkout of a hot product fails is as short as it can be.
Safe on both topologies; on a hot product most attempts are thrown away (docs/performance.md).
"""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from shardmart.adapters.mongo.carts import empty_bought_cart
from shardmart.adapters.mongo.checkouts import MongoOutcomes, store_outcome
from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import order_document
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.notices import store_notices
from shardmart.adapters.mongo.product_reads import read_shelves
from shardmart.adapters.mongo.stock import StockWriter
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import clock, notices
from shardmart.domain.errors import Unavailable
from shardmart.domain.purchase import Outcome, Placed, Purchase, decide, purchase_logs


@repository
class TransactionCheckout:
    def __init__(self, mongo: Mongo, transactions: Transactions, outcomes: MongoOutcomes) -> None:
        self._mongo = mongo
        self._orders = mongo.collection("orders")
        self._transactions = transactions
        self._outcomes = outcomes
        self._stock = StockWriter(mongo)

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        async def body(session: Session) -> Outcome:
            return await self._decide_and_store(purchase, session)

        try:
            wanted = [line.product_id for line in purchase.lines]
            return await self._transactions.run(body, deadline=deadline, products=wanted)
        except DuplicateKeyError:
            # The outcome is there: this checkout was decided by an earlier try whose answer was lost.
            outcome = await self._outcomes.get(purchase.checkout_id)
            if outcome is None:
                raise Unavailable from None
            return outcome

    async def _decide_and_store(self, purchase: Purchase, session: Session) -> Outcome:
        shelves = await read_shelves(self._mongo, [line.product_id for line in purchase.lines], session)
        at = clock.now()
        outcome = decide(purchase, shelves, at=at)
        await store_outcome(self._mongo, purchase, outcome, session)
        if isinstance(outcome, Placed):
            if purchase.cart_version is not None:
                await empty_bought_cart(self._mongo, purchase.buyer_id, purchase.cart_version, session)
            logs = purchase_logs(outcome, shelves, at=at)
            await self._orders.insert_many([order_document(order) for order in outcome.orders], session=session)
            await store_notices(self._mongo, notices.of_checkout(outcome, logs, shelves), session)
            await self._stock.log(session, logs)
            await self._stock.apply(session, logs)
        return outcome
