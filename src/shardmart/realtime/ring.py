"""The last events in memory, for clients that come back: private ones as they were, products as they are.

Both are bounded. What has fallen out is known by its position, so that «I have not got that any more» is never
mistaken for «there was nothing».
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from shardmart.domain.changes import START, Position

MOST_EVENTS, MOST_PRODUCTS = 5_000, 10_000


@dataclass(slots=True, frozen=True)
class Kept:
    """A private event: who may hear it, and its frame."""

    position: Position
    rooms: frozenset[str]
    frame: bytes


class Ring:
    """Order events and notifications, in order."""

    def __init__(self, *, most: int = MOST_EVENTS) -> None:
        self._events: deque[Kept] = deque()
        self._most = most
        self._begins_after = START  # everything that came later is here

    def restart(self, after: Position) -> None:
        self._events.clear()
        self._begins_after = after

    def add(self, event: Kept) -> None:
        self._events.append(event)
        if len(self._events) > self._most:
            self._begins_after = self._events.popleft().position

    def covers(self, after: Position) -> bool:
        return after >= self._begins_after

    def after(self, position: Position, rooms: Iterable[str]) -> list[Kept]:
        """What was told to any of `rooms` later than `position`, oldest first."""
        mine = frozenset(rooms)
        found: list[Kept] = []
        for event in reversed(self._events):
            if event.position <= position:
                break
            if event.rooms & mine:
                found.append(event)
        return found[::-1]


@dataclass(slots=True, frozen=True)
class Shown:
    """A product's last known state, as it is told."""

    position: Position
    version: int
    state: dict[str, object]
    frame: bytes


class States:
    """The products that changed last."""

    def __init__(self, *, most: int = MOST_PRODUCTS) -> None:
        self._products: OrderedDict[str, Shown] = OrderedDict()
        self._most = most
        self._begins_after = START

    def restart(self, after: Position) -> None:
        self._products.clear()
        self._begins_after = after

    def get(self, product_id: str) -> Shown | None:
        return self._products.get(product_id)

    def put(self, product_id: str, shown: Shown) -> None:
        self._products[product_id] = shown
        self._products.move_to_end(product_id)
        if len(self._products) > self._most:
            self._begins_after = max(self._begins_after, self._products.popitem(last=False)[1].position)

    def drop(self, product_id: str) -> None:
        self._products.pop(product_id, None)

    def covers(self, after: Position) -> bool:
        return after >= self._begins_after

    def after(self, position: Position, product_ids: Iterable[str] | None) -> list[Shown]:
        """What changed later than `position`, of these products or of all, in order."""
        ids = self._products if product_ids is None else product_ids
        found = [shown for id in ids if (shown := self._products.get(id)) and shown.position > position]
        return sorted(found, key=lambda shown: shown.position)
