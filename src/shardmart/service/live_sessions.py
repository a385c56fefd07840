"""Which sessions are alive, remembered for a second so that not every request asks the database."""

from __future__ import annotations

import time

from shardmart.domain.errors import Unauthenticated
from shardmart.domain.ports import Sessions

REMEMBER_SECONDS = 1.0  # ended sessions are refused within 2 s on every worker
MOST = 50_000


class LiveSessions:
    """Remembers only what was alive. A worker's own ends are seen at once, others' after a second."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._alive: dict[str, tuple[str, float]] = {}  # session -> its user, when the database was asked

    async def require(self, session_id: str, user_id: str, *, asked_since: float = 0.0) -> None:
        """Raises Unauthenticated when the session has ended or is not this user's.

        What the database said before `asked_since` (by `time.monotonic`) does not count.
        """
        now = time.monotonic()
        owner, asked_at = self._alive.get(session_id, ("", -REMEMBER_SECONDS))
        if asked_at + REMEMBER_SECONDS <= now or asked_at < asked_since:
            session = await self._sessions.get(session_id)
            if session is None:
                self._alive.pop(session_id, None)
                raise Unauthenticated
            if len(self._alive) >= MOST:
                self._alive.clear()
            owner = session.user_id
            self._alive[session_id] = (owner, now)
        if owner != user_id:
            raise Unauthenticated

    def forget(self, session_id: str) -> None:
        """The session was ended here."""
        self._alive.pop(session_id, None)
