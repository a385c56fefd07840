"""One driver session per lane, kept from batch to batch, and known outside before its first use.

A process that dies inside a transaction leaves it open on the server, where it holds its products until it expires.
Whoever takes over ends it by the session's id, which is why the id is announced first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any

from bson.binary import Binary
from pymongo.errors import PyMongoError

from shardmart.adapters.mongo.client import Mongo, Session

UUID_SUBTYPE = 4
Announce = Callable[[Collection[str]], None]


class Sessions:
    """`announce` is called with all ids in use whenever they change, before a new one is used."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._open: dict[str, Session] = {}
        self.announce: Announce = lambda ids: None

    @property
    def ids(self) -> Collection[str]:
        return list(self._open)

    async def open(self) -> Session:
        started: Any = self._mongo.client.start_session(causal_consistency=False)
        session: Session = await started if inspect.isawaitable(started) else started
        self._open[_hex(session)] = session
        self.announce(self.ids)
        return session

    async def discard(self, session: Session, *, kill: bool = False) -> None:
        """Ends a session; `kill` also ends what the server may still be doing in it."""
        id = _hex(session)
        if kill:
            await kill_sessions(self._mongo, [id])
        self._open.pop(id, None)
        with suppress(PyMongoError):
            await session.end_session()
        self.announce(self.ids)


async def kill_sessions(mongo: Mongo, ids: Iterable[str]) -> None:
    """Ends the transactions of these sessions, if any; one that has committed stays committed. Never raises."""
    lsids = [{"id": Binary(bytes.fromhex(id), UUID_SUBTYPE)} for id in ids]
    if lsids:
        with suppress(PyMongoError):
            await mongo.client.admin.command("killSessions", lsids)


def _hex(session: Session) -> str:
    return bytes(session.session_id["id"]).hex()
