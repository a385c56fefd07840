"""Users, sessions and the counters of limits. None of them is sharded."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shardmart.adapters.mongo import keyset
from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.client import Session as DriverSession
from shardmart.adapters.mongo.documents import session_document, session_of, user_document, user_of
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.domain import clock
from shardmart.domain.accounts import DELETED_NAME, Role, Session, User, email_key
from shardmart.domain.errors import EmailTaken, LastAdmin
from shardmart.domain.listings import fold
from shardmart.domain.paging import Page, Position

HERE: dict[str, Any] = {"deleted": False}


@repository
class MongoAccounts:
    def __init__(self, mongo: Mongo, transactions: Transactions) -> None:
        self._users = mongo.collection("users")
        self._locks = mongo.collection("locks")
        self._transactions = transactions

    async def add(self, user: User) -> None:
        try:
            await self._users.insert_one({**user_document(user), "name_key": fold(user.name)})
        except DuplicateKeyError as error:
            raise EmailTaken from error

    async def by_email(self, email: str) -> User | None:
        found = await self._users.find_one({"email_key": email_key(email), **HERE})
        return user_of(found) if found else None

    async def by_id(self, user_id: str) -> User | None:
        found = await self._users.find_one({"_id": user_id, **HERE})
        return user_of(found) if found else None

    async def page(self, *, text: str | None, role: Role | None, after: Position | None, limit: int) -> Page[User]:
        which: dict[str, Any] = {**HERE, "role": role.value if role else {"$in": [r.value for r in Role]}}
        if text:
            which["$or"] = [
                {"name_key": {"$regex": "^" + re.escape(fold(text))}},
                {"email_key": {"$regex": "^" + re.escape(email_key(text))}},
            ]
        filter = keyset.beyond_each(which, "role", keyset.NEWEST, keyset.timed(after))
        found = await self._users.find(filter, sort=keyset.NEWEST, limit=limit + 1).to_list(limit + 1)
        return keyset.page(found, limit=limit, entity=user_of, key=keyset.newest_key)

    async def bury(self, user_id: str, *, at: datetime) -> User | None:
        async def body(session: DriverSession) -> User | None:
            found = await self._users.find_one({"_id": user_id, **HERE}, session=session)
            if found is None:
                return None
            if found["role"] == Role.ADMIN.value:
                await self._refuse_last_admin(session)
            gone = {
                "deleted": True,
                "deleted_at": at,
                "name": DELETED_NAME,
                "name_key": fold(DELETED_NAME),
                "email": "",
                "email_key": f"deleted:{user_id}",
                "password_hash": "",
            }
            await self._users.update_one({"_id": user_id}, {"$set": gone}, session=session)
            return user_of(found)

        return await self._transactions.run(body)

    async def _refuse_last_admin(self, session: DriverSession) -> None:
        """The write to one lock document makes two deletions of admins conflict, so each sees the other's."""
        await self._locks.update_one({"_id": "admins"}, {"$inc": {"turn": 1}}, upsert=True, session=session)
        others = await self._users.find({"role": Role.ADMIN.value, **HERE}, {"_id": 1}, session=session).to_list(2)
        if len(others) < 2:
            raise LastAdmin

    async def buried_since(self, at: datetime) -> list[User]:
        return [user_of(d) for d in await self._users.find({"deleted_at": {"$gte": at}}).to_list(None)]

    async def count_by_role(self) -> dict[str, int]:
        return {role.value: await self._users.count_documents({**HERE, "role": role.value}) for role in Role}


@repository
class MongoSessions:
    def __init__(self, mongo: Mongo) -> None:
        self._sessions = mongo.collection("sessions")

    async def start(self, session: Session) -> None:
        await self._sessions.insert_one(session_document(session))

    async def get(self, session_id: str) -> Session | None:
        found = await self._sessions.find_one({"_id": session_id})
        return session_of(found) if found else None

    async def rotate(self, session: Session, *, at: datetime) -> Session | None:
        rotated = await self._sessions.find_one_and_update(
            {"_id": session.id, "generation": session.generation},
            {"$inc": {"generation": 1}, "$set": {"rotated_at": at}},
            return_document=ReturnDocument.AFTER,
        )
        return session_of(rotated) if rotated else None

    async def end(self, session_id: str) -> None:
        await self._sessions.delete_one({"_id": session_id})

    async def end_all(self, user_id: str) -> None:
        await self._sessions.delete_many({"user_id": user_id})


@repository
class MongoLimits:
    """One counter document per key; a window that has passed starts anew, TTL removes the rest."""

    def __init__(self, mongo: Mongo) -> None:
        self._limits = mongo.collection("limits")

    async def retry_after(self, key: str, *, limit: int) -> int:
        found = await self._limits.find_one({"_id": key})
        return _seconds_to_wait(found, limit - 1) if found else 0

    async def count(self, key: str, *, limit: int, window_seconds: int) -> int:
        now = clock.now()
        passed = {"$lte": [{"$ifNull": ["$expires_at", now]}, now]}
        found = await self._limits.find_one_and_update(
            {"_id": key},
            [
                {
                    "$set": {
                        "count": {"$cond": [passed, 1, {"$add": ["$count", 1]}]},
                        "expires_at": {"$cond": [passed, now + timedelta(seconds=window_seconds), "$expires_at"]},
                    }
                }
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return _seconds_to_wait(found, limit) if found else 0


def _seconds_to_wait(counter: dict[str, Any], limit: int) -> int:
    left = (counter["expires_at"] - clock.now()).total_seconds()
    return max(1, int(left) + 1) if counter["count"] > limit and left > 0 else 0
