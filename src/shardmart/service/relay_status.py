"""How the relay of this worker is doing: written by the relay, read by whoever answers for the worker."""

from __future__ import annotations

from shardmart.domain.errors import Unavailable


class RelayStatus:
    def __init__(self) -> None:
        self.is_expected = False  # a shop that is served without sockets has no relay
        self.has_run = False  # from then on it mends itself
        self.lag_ms: float | None = None  # from the commit of the last change to its events

    def require(self) -> None:
        """Raises Unavailable until the relay has begun."""
        if self.is_expected and not self.has_run:
            raise Unavailable("The relay has not started yet.")
