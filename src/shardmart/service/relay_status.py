"""How the relay of this worker is doing: written by the relay, read by whoever answers for the worker."""

from __future__ import annotations

import asyncio

from shardmart.domain.errors import Unavailable


class RelayStatus:
    def __init__(self) -> None:
        self.is_expected = False  # a shop that is served without sockets has no relay
        self.lag_ms: float | None = None  # from the commit of the last change to its events; None while it rests
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """Said by the relay when it runs. From then on it mends itself; without sockets it rests and is ready too."""
        self._begun.set()

    async def require(self, *, within: float) -> None:
        """Returns when the relay has begun. Raises Unavailable when it has not after `within` seconds."""
        if self.is_expected:
            try:
                await asyncio.wait_for(self._begun.wait(), within)
            except asyncio.TimeoutError:
                raise Unavailable("The relay has not started yet.") from None
