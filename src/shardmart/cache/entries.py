"""Finished answers in bounded memory, the least recently used leaving first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field

from shardmart import metrics
from shardmart.domain.listings import Product

ENTRY_BYTES, SHOWN_BYTES = 600, 400  # what Python needs beside the answer itself: measured, and rounded up
LARGEST_PART = 4  # one answer takes a quarter of the memory at most


@dataclass(slots=True)
class Entry:
    """`shown`: by product, the look it has in the answer. `stamps`: the marks of those products, as they were before
    the database was read; `moves` and `any` are those of lists and of everything, None where they do not matter.
    """

    body: bytes
    shown: Mapping[str, int]
    stamps: tuple[tuple[int, int], ...]
    any: int  # at which `stamps` and `moves` were last found to hold
    moves: int | None = None
    only_until_any: bool = False  # a list that the next change of any stock may change

    @property
    def size(self) -> int:
        return len(self.body) + ENTRY_BYTES + SHOWN_BYTES * len(self.shown)


@dataclass
class Entries:
    most_bytes: int
    bytes: int = 0
    _kept: OrderedDict[Hashable, Entry] = field(default_factory=OrderedDict)
    _showing: dict[str, set[Hashable]] = field(default_factory=dict)  # by product

    def get(self, key: Hashable) -> Entry | None:
        entry = self._kept.get(key)
        if entry is not None:
            self._kept.move_to_end(key)
        return entry

    def put(self, key: Hashable, entry: Entry) -> None:
        self.drop(key)
        if entry.size > self.most_bytes // LARGEST_PART:
            return
        self._kept[key] = entry
        self.bytes += entry.size
        for id in entry.shown:
            self._showing.setdefault(id, set()).add(key)
        while self.bytes > self.most_bytes:
            self.drop(next(iter(self._kept)))
            metrics.CACHE_DROPPED.labels("room").inc()
        metrics.CACHE_BYTES.set(self.bytes)

    def drop(self, key: Hashable) -> bool:
        entry = self._kept.pop(key, None)
        if entry is None:
            return False
        self.bytes -= entry.size
        for id in entry.shown:
            keys = self._showing[id]
            keys.discard(key)
            if not keys:
                del self._showing[id]
        metrics.CACHE_BYTES.set(self.bytes)
        return True

    def showing(self, product_id: str) -> Collection[tuple[Hashable, Entry]]:
        return [(key, self._kept[key]) for key in self._showing.get(product_id, ())]

    def lists(self) -> Collection[tuple[Hashable, Entry]]:
        return [(key, entry) for key, entry in self._kept.items() if entry.moves is not None]

    def clear(self) -> int:
        """How many there were."""
        count = len(self._kept)
        self._kept.clear()
        self._showing.clear()
        self.bytes = 0
        metrics.CACHE_BYTES.set(0)
        return count


def look(p: Product) -> int:
    """The same for two products that look the same to every client; within this process only."""
    return hash(
        (
            *(p.name, p.description, p.price, p.stock, p.category, p.low_stock_threshold, p.is_active),
            *(p.image_url, p.version, p.seller_name, p.created_at, p.updated_at),
        )
    )
