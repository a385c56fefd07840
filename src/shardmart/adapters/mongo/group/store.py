"""Reading what a batch needs and writing what it changes, inside one transaction: a statement per collection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from shardmart.adapters.mongo.carts import EMPTIED
from shardmart.adapters.mongo.checkouts import claim_document, is_settled, outcome_expiry, stored_outcome
from shardmart.adapters.mongo.client import Document, Mongo, Session
from shardmart.adapters.mongo.documents import (
    PRODUCT_FIELDS,
    SHELF_FIELDS,
    cart_of,
    log_document,
    order_of,
    outcome_of,
    product_of,
    shelf_of,
)
from shardmart.adapters.mongo.group.batch import Books, Changes
from shardmart.adapters.mongo.group.members import Cancellation, Checkout, Member, ProductEdit, home_of
from shardmart.adapters.mongo.notices import store_notices
from shardmart.adapters.mongo.product_edits import changed_fields
from shardmart.adapters.mongo.reservation.marks import being_bought
from shardmart.adapters.mongo.transactions import Stale
from shardmart.domain.ids import seller_of
from shardmart.domain.orders import Order, Status
from shardmart.domain.purchase import Outcome

CHANGED = "changed"  # the status of a marker among the outcomes: a cancellation or an edit was carried out


class BatchStore:
    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._products = mongo.collection("products")
        self._orders = mongo.collection("orders")
        self._logs = mongo.collection("inventory_logs")
        self._outcomes = mongo.collection("outcomes")
        self._claims = mongo.collection("claims")
        self._carts = mongo.collection("carts")

    async def read(self, session: Session, members: Sequence[Member], *, look: bool) -> Books:
        """`look`: ask for outcomes of earlier runs too; without, a member that ran before is a duplicate key."""
        edited = {member.edit.product_id for member in members if isinstance(member, ProductEdit)}
        ids = {id for member in members for id in member.products}
        fields: dict[str, Any] = {**PRODUCT_FIELDS, "deleted": 1} if edited else SHELF_FIELDS
        found = await self._products.find(_which(ids), fields, session=session).to_list(len(ids))
        books = Books({d["_id"]: shelf_of(d) for d in found})
        whole = [d for d in found if d["_id"] in edited]
        books.products = {d["_id"]: product_of(d) for d in whole}
        books.removed = {d["_id"] for d in whole if d["deleted"]}
        if cancelled := {member.order_id for member in members if isinstance(member, Cancellation)}:
            orders = await self._orders.find(_which(cancelled), session=session).to_list(len(cancelled))
            books.orders = {d["_id"]: order_of(d) for d in orders}
        if buyers := {member.cart for member in members if isinstance(member, Checkout) and member.cart}:
            carts = await self._carts.find({"_id": {"$in": sorted(buyers)}}, session=session).to_list(len(buyers))
            books.carts = {d["_id"]: cart_of(d) for d in carts}
            books.being_bought = await being_bought(self._mongo, carts, session)
        if keys := {member.claim.id for member in members if isinstance(member, Checkout) and member.claim}:
            # always: a key that is asked for again must not cost the others their batch
            taken = await self._claims.find({"_id": {"$in": sorted(keys)}}, {"_id": 1}, session=session).to_list(
                len(keys)
            )
            books.claims = {d["_id"] for d in taken}
        if look:
            known = {member.id for member in members}
            stored = await self._outcomes.find(_which(known), session=session).to_list(len(known))
            books.outcomes = {d["_id"]: _outcome(d) for d in stored if is_settled(d)}
            books.unsettled = {d["_id"] for d in stored if not is_settled(d)}
        return books

    async def write(self, session: Session, books: Books, changes: Changes, *, at: datetime) -> None:
        """Products first: where two committers meet, the one that comes second has not written anything yet.

        Raises Stale when a guard fails, and the driver's errors.
        """
        if changes.before:
            updates = [_update(id, books, changes, at) for id in changes.before]
            _all_matched(await self._products.bulk_write(updates, ordered=False, session=session), updates)
        if changes.claims:
            claims = [claim_document(claim) for claim in changes.claims]
            await self._claims.insert_many(claims, ordered=False, session=session)
        outcomes = [stored_outcome(purchase, outcome) for purchase, outcome in changes.outcomes]
        orders = [order for outcome in outcomes for order in outcome.get("orders", ())]
        if stored := outcomes + [_marker(member) for member in changes.markers]:
            await self._outcomes.insert_many(stored, ordered=False, session=session)
        if orders:
            await self._orders.insert_many(orders, ordered=False, session=session)
        if changes.cancelled:
            cancelling = [_cancelling(order, at) for order in changes.cancelled]
            _all_matched(await self._orders.bulk_write(cancelling, ordered=False, session=session), cancelling)
        if changes.emptied:
            emptying = [
                UpdateOne({"_id": cart.buyer_id, "version": cart.version}, EMPTIED) for cart in changes.emptied
            ]
            _all_matched(await self._carts.bulk_write(emptying, ordered=False, session=session), emptying)
        if changes.logs:
            await self._logs.insert_many([log_document(log) for log in changes.logs], ordered=False, session=session)
        await store_notices(self._mongo, changes.notices, session)


def _which(ids: set[str]) -> Document:
    """These ids, by the full shard key."""
    sellers = {seller_of(id) for id in ids}
    return {
        "_id": ids.copy().pop() if len(ids) == 1 else {"$in": sorted(ids)},
        "seller_id": sellers.pop() if len(sellers) == 1 else {"$in": sorted(sellers)},
    }


def _outcome(d: Document) -> Outcome | None:
    return None if d["status"] == CHANGED else outcome_of(d)


def _marker(member: Member) -> Document:
    return {"_id": member.id, "seller_id": home_of(member), "status": CHANGED, "expires_at": outcome_expiry()}


def _cancelling(order: Order, at: datetime) -> UpdateOne:
    guard = {"_id": order.id, "seller_id": order.seller_id, "status": Status.PLACED.value}
    return UpdateOne(guard, {"$set": {"status": order.status.value, "status_changed_at": at}})


def _update(id: str, books: Books, changes: Changes, at: datetime) -> UpdateOne:
    """From the version that was read to the one after the batch, and never more units than are there."""
    before, after = changes.before[id], books.shelves[id]
    units = after.stock - before.stock
    guard = {"_id": id, "seller_id": after.seller_id, "version": before.version, "stock": {"$gte": max(0, -units)}}
    if id in changes.edited:
        fields = {**changed_fields(books.products[id]), "deleted": id in books.removed}
        del fields["stock"], fields["version"]
    else:
        fields = {"updated_at": at}
    fields["in_stock"] = after.stock > 0
    return UpdateOne(guard, {"$inc": {"stock": units, "version": after.version - before.version}, "$set": fields})


def _all_matched(result: Any, wanted: Sequence[UpdateOne]) -> None:
    if result.matched_count != len(wanted):
        raise Stale
