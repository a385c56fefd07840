"""What one client may ask for."""

from __future__ import annotations

from time import monotonic

MOST_ROOMS = 500  # subscriptions of one client
MOST_SOCKETS = 10_000  # of one worker
EVENTS_A_SECOND = 20
LARGEST_MESSAGE = 64 * 1024  # bytes; 500 product ids are 27 KB
HANDSHAKE_SECONDS = 10.0  # from the web socket to the Socket.IO connection


class Bucket:
    """EVENTS_A_SECOND, and as many at once after a quiet second."""

    __slots__ = ("_at", "_left")

    def __init__(self) -> None:
        self._left = float(EVENTS_A_SECOND)
        self._at = monotonic()

    def take(self) -> bool:
        """False when the client has used up what it may send."""
        now = monotonic()
        self._left = min(EVENTS_A_SECOND, self._left + (now - self._at) * EVENTS_A_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
