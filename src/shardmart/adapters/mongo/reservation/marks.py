"""Carts that strategy `reservation` has marked, as the other strategies must see them (docs/reservation.md)."""

from __future__ import annotations

from collections.abc import Iterable

from shardmart.adapters.mongo.client import Mongo, Session
from shardmart.adapters.mongo.documents import Document
from shardmart.adapters.mongo.reservation.documents import intent_of
from shardmart.domain.ids import seller_of
from shardmart.domain.reservations import may_yet_buy


async def being_bought(mongo: Mongo, carts: Iterable[Document], session: Session) -> set[str]:
    """Of these carts, by buyer, those that a checkout by reservation may yet empty.

    Read in the transaction that read the carts: a mark made after its snapshot is a conflict.
    """
    marks = {cart["_id"]: cart["buying"] for cart in carts if "buying" in cart}
    if not marks:
        return set()
    ids = sorted({mark["checkout_id"] for mark in marks.values()})
    which = {"_id": {"$in": ids}, "seller_id": {"$in": sorted({seller_of(id) for id in ids})}}
    found = await mongo.collection("outcomes").find(which, session=session).to_list(len(ids))
    intents = {d["_id"]: intent_of(d) for d in found}
    return {buyer for buyer, mark in marks.items() if may_yet_buy(intents.get(mark["checkout_id"]), mark["attempt"])}
