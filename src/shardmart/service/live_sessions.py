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
        self._alive_until: dict[str, float] = {}

    async def require(self, session_id: str) -> None:
        """Raises Unauthenticated when the session has ended."""
        now = time.monotonic()
        if self._alive_until.get(session_id, 0.0) > now:
            return
        if await self._sessions.get(session_id) is None:
            self._alive_until.pop(session_id, None)
            raise Unauthenticated
        if len(self._alive_until) >= MOST:
            self._alive_until.clear()
        self._alive_until[session_id] = now + REMEMBER_SECONDS

    def forget(self, session_id: str) -> None:
        """The session was ended here."""
        self._alive_until.pop(session_id, None)
