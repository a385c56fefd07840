"""The audit of a live database: one snapshot where the server gives it, and every suspect looked at twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import InvalidOperation, OperationFailure

from shardmart.adapters.mongo.checkouts import CLAIM_SECONDS, is_settled
from shardmart.adapters.mongo.client import Document, Mongo, Session
from shardmart.adapters.mongo.documents import log_of, order_of, outcome_of
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.merge import Groups
from shardmart.adapters.mongo.reservation.documents import holds_of
from shardmart.adapters.mongo.statistics import SOLD
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import clock
from shardmart.domain.errors import Unavailable
from shardmart.domain.ids import is_owned_id, seller_of
from shardmart.domain.invariants import check_checkout, check_key, check_leftover, check_order, check_product
from shardmart.domain.purchase import Placed
from shardmart.domain.reports import AuditReport, Violation
from shardmart.domain.reservations import chain_with
from shardmart.domain.stock import StockLog

RECOVERY = timedelta(seconds=10)
MOST_SUSPECTS = 1_000  # kept in memory; the rest is counted
MOST_VIOLATIONS = 100  # enough to act upon; each costs a transaction to be sure of
LEFT_OUT = "suspects_left_out"  # among the counts: how many were not looked at again
BATCH = 500
SWEEP_SECONDS = 2.5  # what is overdue when the database was away is settled that soon, or nobody does
SNAPSHOT_REFUSED = {72, 246, 239}  # InvalidOptions, SnapshotUnavailable, SnapshotTooOld

Suspects = dict[tuple[str, str], list[Violation]]  # (what, id) -> what seems wrong with it


@repository
class MongoAuditor:
    """Streams in the order of ids, so memory stays small whatever the size. One run at a time."""

    def __init__(
        self, mongo: Mongo, transactions: Transactions, *, seconds: float, recovery_seconds: float = 10.0
    ) -> None:
        self._mongo = mongo
        self._recovery = timedelta(seconds=recovery_seconds)
        self._transactions = transactions
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def run(self) -> AuditReport:
        """Raises Unavailable when it takes longer than `seconds`, its turn included, or the database goes away.

        Also when no violation was found and yet not every suspect was looked at again: that is no «consistent».
        """
        audit = asyncio.create_task(self._in_turn())
        try:
            await asyncio.wait({audit}, timeout=self._seconds)
            if not audit.done():
                raise Unavailable("The audit takes too long.")
            return await audit
        finally:
            while not audit.done():  # again and again: before Python 3.12 the driver can lose a cancellation
                audit.cancel()
                await asyncio.wait({audit}, timeout=0.05)

    async def _in_turn(self) -> AuditReport:
        async with self._turn:
            started = time.perf_counter()
            suspects, checked = await self._look()
            persistent, left = await self._look_again(suspects)
        left += checked.get(LEFT_OUT, 0)
        if left:
            checked[LEFT_OUT] = left
            if not persistent:
                raise Unavailable("There are more suspects than can be looked at again.")
        return AuditReport(persistent, dict(checked), round(time.perf_counter() - started, 3))

    async def _look(self) -> tuple[Suspects, Counter[str]]:
        try:
            async with self._mongo.session(snapshot=True) as session:
                return await Look(self._mongo, session, self._recovery).everything()
        except (InvalidOperation, OperationFailure) as error:
            if isinstance(error, OperationFailure) and error.code not in SNAPSHOT_REFUSED:
                raise
        # without a snapshot the streams may disagree about changes under way: the second look sorts that out
        return await Look(self._mongo, None, self._recovery).everything()

    async def _look_again(self, suspects: Suspects) -> tuple[list[Violation], int]:
        """What persists in a short transaction of the suspect's own is a violation; how many were not looked at."""
        found: list[Violation] = []
        if any(violation.invariant == 5 for violations in suspects.values() for violation in violations):
            await asyncio.sleep(SWEEP_SECONDS)
        left = len(suspects)
        for what, id in suspects:

            async def body(session: Session, what: str = what, id: str = id) -> list[Violation]:
                return await Look(self._mongo, session, self._recovery).one(what, id)

            found += await self._transactions.run(body)
            left -= 1
            if len(found) >= MOST_VIOLATIONS:
                break
        return found, left


class Look:
    """One look at the data, through a session or without."""

    def __init__(self, mongo: Mongo, session: Session | None, recovery: timedelta = RECOVERY) -> None:
        self._mongo = mongo
        self._session = session
        self._at, self._recovery = clock.now(), recovery
        self._suspects: Suspects = {}
        self._checked: Counter[str] = Counter()

    async def everything(self) -> tuple[Suspects, Counter[str]]:
        await self._products()
        await self._orders()
        await self._checkouts()
        await self._leftovers()
        await self._keys()
        return self._suspects, self._checked

    async def one(self, what: str, id: str) -> list[Violation]:
        """The same checks for one product, order, checkout or key, each by an index.

        A checkout by reservation that is on its way is not judged: its papers follow, or it is a leftover.
        """
        which = {"seller_id": seller_of(id)}
        named = {"$eq": id, "$type": "string"}  # as the partial indexes say it
        if what == "product":
            logs = [
                log_of(d)
                async for d in self._find("inventory_logs", {**which, "_id": {"$gt": id, "$lt": f"{id}-~"}}, "_id")
            ]
            product = await self._first("products", {"_id": id, **which})
            unsettled = {hold.checkout_id for hold in holds_of(product or {})}
            sold = [
                line["quantity"]
                async for order in self._find("orders", {**which, "status": {"$in": SOLD}})
                for line in order["product_list"]
                if line["product_id"] == id and order["checkout_id"] not in unsettled
            ]
            return self._product_violations(id, product, logs, sum(sold))
        if what == "order":
            logs = [log_of(d) async for d in self._find("inventory_logs", {**which, "order_id": named}, "order_id")]
            found = await self._first("orders", {"_id": id, **which})
            checkout_ids = {found["checkout_id"]} if found else {log.checkout_id for log in logs}
            if await self._on_their_way(checkout_ids):
                return []
            return list(check_order(order_of(found) if found else None, id, logs))
        if what in ("checkout", "leftover"):
            outcome = await self._first("outcomes", {"_id": id, **which})
            if what == "leftover":
                return self._left([outcome] if outcome else [])
            return await self._check_checkouts([outcome] if outcome else [])
        ids = [d["_id"] async for d in self._find("outcomes", {"claim_id": named}, "claim_id")]
        return list(check_key(id, ids, kept=CLAIM_SECONDS))

    async def _products(self) -> None:
        """Products beside their logs and the units in orders, all in the order of product ids."""
        logs = Groups(self._find("inventory_logs", {}, "_id"), lambda d: str(d["_id"])[:49])
        sold = Groups(self._units_sold(), lambda d: str(d["_id"]))
        async for product in self._find("products", {}, "_id", {"stock": 1, "version": 1, "reservations": 1}):
            await self._orphans(logs, sold, before=product["_id"])
            chain = [log_of(d) for d in await logs.take(product["_id"])]
            units = sum(d["units"] for d in await sold.take(product["_id"]))
            violations = self._product_violations(product["_id"], product, chain, units)
            self._suspect("product", product["_id"], violations)
            self._checked["products"] += 1
            self._checked["logs"] += len(chain)
        await self._orphans(logs, sold, before=None)

    async def _orphans(self, logs: Groups[Document], sold: Groups[Document], *, before: str | None) -> None:
        for stream in (logs, sold):
            while (key := await stream.next_key()) is not None and (before is None or key < before):
                await stream.take(key)
                self._suspect("product", key, [_no_product(key)])

    async def _orders(self) -> None:
        """Orders beside the logs that name them, both in the order of order ids."""
        named = {"order_id": {"$type": "string"}}
        logs = Groups(self._find("inventory_logs", named, "order_id"), lambda d: str(d["order_id"]))
        async for d in self._find("orders", {}, "_id"):
            while (key := await logs.next_key()) is not None and key < d["_id"]:
                self._suspect("order", key, check_order(None, key, [log_of(x) for x in await logs.take(key)]))
            own = [log_of(x) for x in await logs.take(d["_id"])]
            self._suspect("order", d["_id"], check_order(order_of(d), d["_id"], own))
            self._checked["orders"] += 1
        while (key := await logs.next_key()) is not None:
            self._suspect("order", key, check_order(None, key, [log_of(x) for x in await logs.take(key)]))

    async def _checkouts(self) -> None:
        batch: list[Document] = []
        async for d in self._find("outcomes", {"status": "placed"}, "_id"):
            batch.append(d)
            if len(batch) == BATCH:
                await self._check_checkouts(batch)
                batch = []
        await self._check_checkouts(batch)

    async def _leftovers(self) -> None:
        overdue = {"unsettled_since": {"$lt": self._at - self._recovery}}
        async for d in self._find("outcomes", overdue, "unsettled_since"):
            self._suspect("leftover", d["_id"], self._left([d]))

    def _left(self, outcomes: list[Document]) -> list[Violation]:
        since = {d["_id"]: d["unsettled_since"] for d in outcomes if not is_settled(d)}
        return [found for id, at in since.items() for found in self._check_leftover(f"checkout {id}", at)]

    def _check_leftover(self, what: str, since: datetime) -> Iterable[Violation]:
        return check_leftover(what, since, at=self._at, recovery=self._recovery)

    async def _on_their_way(self, checkout_ids: Iterable[str | None]) -> bool:
        ids = [id for id in checkout_ids if id]
        which = {"_id": {"$in": ids}, "seller_id": {"$in": sorted({seller_of(id) for id in ids})}}
        return any([not is_settled(d) async for d in self._find("outcomes", which)]) if ids else False

    async def _check_checkouts(self, outcomes: list[Document]) -> list[Violation]:
        outcomes = [outcome for outcome in outcomes if is_settled(outcome)]
        self._checked["checkouts"] += len(outcomes)
        placed = [outcome for d in outcomes if isinstance(outcome := outcome_of(d), Placed)]
        ids = [order.id for outcome in placed for order in outcome.orders]
        which = {"_id": {"$in": ids}, "seller_id": {"$in": sorted({seller_of(id) for id in ids})}}
        orders = {d["_id"]: order_of(d) async for d in self._find("orders", which, "_id")} if ids else {}
        found: list[Violation] = []
        for outcome in placed:
            violations = list(check_checkout(outcome, orders))
            self._suspect("checkout", outcome.checkout_id, violations)
            found += violations
        return found

    async def _keys(self) -> None:
        pipeline: list[Document] = [
            {"$match": {"claim_id": {"$type": "string"}}},
            {"$group": {"_id": "$claim_id", "checkouts": {"$push": "$_id"}}},
            {"$match": {"checkouts.1": {"$exists": True}}},
        ]
        collection = self._mongo.collection("outcomes")
        for d in await self._mongo.aggregate(collection, pipeline, session=self._session, allowDiskUse=True):
            self._suspect("key", d["_id"], check_key(d["_id"], d["checkouts"], kept=CLAIM_SECONDS))

    def _product_violations(
        self, id: str, product: Document | None, logs: list[StockLog], units: int
    ) -> list[Violation]:
        if product is None:
            there = logs or units or not is_owned_id(id)
            return [_no_product(id)] if there else []
        holds = holds_of(product)
        chain = chain_with(logs, holds) if holds else logs
        found = list(check_product(id, product["stock"], product["version"], chain, units))
        for hold in holds:
            found += self._check_leftover(f"product {id}: a reservation of {hold.quantity}", hold.taken.at)
        return found

    def _suspect(self, what: str, id: str, violations: Iterable[Violation]) -> None:
        found = list(violations)
        if found and len(self._suspects) < MOST_SUSPECTS:
            self._suspects[what, id] = found
        elif found:
            self._checked[LEFT_OUT] += 1

    async def _units_sold(self) -> AsyncIterator[Document]:
        pipeline: list[Document] = [
            {"$match": {"status": {"$in": SOLD}}},
            {"$unwind": "$product_list"},
            {"$group": {"_id": "$product_list.product_id", "units": {"$sum": "$product_list.quantity"}}},
            {"$sort": {"_id": 1}},
        ]
        collection = self._mongo.collection("orders")
        async for d in self._mongo.stream(collection, pipeline, session=self._session, allowDiskUse=True):
            yield d

    def _find(
        self, collection: str, which: Document, order: str | None = None, fields: Document | None = None
    ) -> AsyncIterator[Document]:
        cursor: Any = self._mongo.collection(collection).find(which, fields, session=self._session, batch_size=1000)
        return aiter(cursor.sort(order, 1) if order else cursor)

    async def _first(self, collection: str, which: Document) -> Document | None:
        return await self._mongo.collection(collection).find_one(which, session=self._session)


def _no_product(id: str) -> Violation:
    return Violation(2, f"product {id}: it has logs or orders, but is not there")
