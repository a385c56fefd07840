"""What users were told of: stored by the transaction that caused it, listed and marked as read.

A notice lies with the seller it is about (docs/sharding.md), so a one-seller checkout still commits on one shard. A
seller's list asks that shard alone; a buyer's asks all of them, like the buyer's orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shardmart.adapters.mongo import keyset
from shardmart.adapters.mongo.client import Document, Mongo, Session
from shardmart.adapters.mongo.documents import notice_document, notice_of
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.schema import NOTICE_SECONDS
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.ids import seller_of
from shardmart.domain.notices import Notice
from shardmart.domain.paging import Page, Position

COLLECTION = "notifications"
LIFETIME = timedelta(seconds=NOTICE_SECONDS)


async def store_notices(mongo: Mongo, told: Sequence[Notice], session: Session | None = None) -> None:
    """Stores them in the transaction of `session`. Raises the driver's errors: the transaction must see them."""
    if told:
        documents = [stored_notice(notice) for notice in told]
        await mongo.collection(COLLECTION).insert_many(documents, ordered=False, session=session)


def stored_notice(notice: Notice) -> Document:
    return {**notice_document(notice), "expires_at": notice.created_at + LIFETIME}


@repository
class MongoNotices:
    def __init__(self, mongo: Mongo) -> None:
        self._notices = mongo.collection(COLLECTION)

    async def page(self, user: Actor, *, after: Position | None, limit: int) -> Page[Notice]:
        filter = keyset.beyond(notices_of(user), keyset.NEWEST, keyset.timed(after))
        found = await self._notices.find(filter, sort=keyset.NEWEST, limit=limit + 1).to_list(limit + 1)
        return keyset.page(found, limit=limit, entity=notice_of, key=keyset.newest_key)

    async def unread(self, user: Actor) -> int:
        return await self._notices.count_documents({**notices_of(user), "read": False})

    async def mark_read(self, user: Actor, ids: Sequence[str] | None) -> None:
        which = {**notices_of(user), "read": False}
        if ids is not None:
            which |= {"_id": {"$in": sorted(set(ids))}}
            which.setdefault("seller_id", {"$in": sorted({seller_of(id) for id in ids})})
        await self._notices.update_many(which, {"$set": {"read": True}})

    async def since(self, user: Actor, at: datetime, *, limit: int) -> list[Notice]:
        oldest_first = [("created_at", 1), ("_id", 1)]
        which = {**notices_of(user), "created_at": {"$gte": at}}
        return [notice_of(d) for d in await self._notices.find(which, sort=oldest_first, limit=limit).to_list(limit)]


def notices_of(user: Actor) -> Document:
    """Sellers are told of nothing but their own orders and products, so theirs lie in one place."""
    own = {"user_id": user.id}
    return {**own, "seller_id": user.id} if user.role is Role.SELLER else own
