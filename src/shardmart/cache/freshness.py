"""How far behind the change feed is, by the database's own clock.

The feed says up to which cluster time everything was heard. The frontier says which cluster time the last write had
when it was asked. Once the first has reached the second, everything written before that question has been heard.
"""

from __future__ import annotations

from collections import deque

from shardmart.domain.changes import Frontier

BOUND_SECONDS = 0.25  # a feed that is further behind is not relied on
MOST_SAMPLES = 64


class Freshness:
    """`certain_at`: everything that was written until then has been heard; by the clock that callers use."""

    def __init__(self) -> None:
        self.certain_at = float("-inf")
        self._heard: int | None = None  # None: the feed is not open
        self._reign: str | None = None
        self._waiting: deque[tuple[float, int]] = deque(maxlen=MOST_SAMPLES)  # when it was asked, and for what time

    def holds(self, now: float) -> bool:
        return now - self.certain_at <= BOUND_SECONDS

    def interrupt(self) -> None:
        """The feed broke off: nothing is certain until it has gone on and has been compared again."""
        self._heard = None
        self._forget()

    def sample(self, asked_at: float, frontier: Frontier) -> bool:
        """False when another primary reigns since the last sample: what the one before said may be undone."""
        continued = self._reign in (None, frontier.reign)
        self._reign = frontier.reign
        if not continued:
            self._forget()
        self._waiting.append((asked_at, frontier.time))
        self._settle()
        return continued

    def reach(self, time: int) -> None:
        """Everything up to the cluster time `time` has been heard."""
        self._heard = time if self._heard is None else max(self._heard, time)
        self._settle()

    def _settle(self) -> None:
        while self._heard is not None and self._waiting and self._waiting[0][1] <= self._heard:
            self.certain_at = self._waiting.popleft()[0]

    def _forget(self) -> None:
        self.certain_at = float("-inf")
        self._waiting.clear()
