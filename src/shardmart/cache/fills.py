"""Reading the database for an answer that is to be kept, while everything goes on changing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shardmart.cache.entries import Entry, look
from shardmart.domain.cache_ports import Marks
from shardmart.domain.listings import Product

Read = Callable[[], Awaitable[tuple[bytes | None, Sequence[Product]]]]


@dataclass(slots=True)
class Fill:
    """One read on behalf of all who wait for it. The marks are taken before it, so that what it keeps is as old as
    they say; what the feed tells meanwhile is remembered, for the read may have come before or after it.
    """

    marks: Marks
    before: Sequence[int]
    product_id: str | None  # None: a list
    only_until_any: bool = False
    is_spoiled: bool = False
    heard: set[str] = field(default_factory=set)
    task: asyncio.Task[bytes | None] | None = None

    @classmethod
    def begin(cls, marks: Marks, product_id: str | None, *, only_until_any: bool = False) -> Fill:
        return cls(marks, marks.copy(), product_id, only_until_any)

    def is_current(self) -> bool:
        """Whether somebody who asks now may have its answer: nothing it may show has changed since it began."""
        place = self.marks.ANY if self.product_id is None else self.marks.place_of(self.product_id)
        return not (self.is_spoiled or self.heard) and self.marks[place] == self.before[place]

    def hear(self, product_id: str, *, moves: bool) -> None:
        if self.product_id is None:
            self.heard.add(product_id)
            self.is_spoiled |= moves or self.only_until_any
        elif self.product_id == product_id:
            self.is_spoiled = True

    def entry(self, body: bytes, shown: Sequence[Product], newest: Mapping[str, int]) -> Entry | None:
        """What may be kept; None when it may be older than what was heard. `newest`: versions heard lately."""
        if self.is_spoiled or any(p.id in self.heard or p.version < newest.get(p.id, 0) for p in shown):
            return None
        places = {self.marks.place_of(p.id) for p in shown}
        return Entry(
            body,
            {p.id: look(p) for p in shown},
            tuple((place, self.before[place]) for place in places),
            self.before[self.marks.ANY],
            self.before[self.marks.MOVES] if self.product_id is None else None,
            self.only_until_any,
        )
