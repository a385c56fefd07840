"""Product pages and lists from memory: `cache_ports.CatalogueCache`.

Two things keep them exact. Whoever changes a product on this app node moves its *mark* in memory that all workers of
the node share, before it answers; an answer counts only while the marks are those from before it was read. All other
changes come by the change feed, and the cache steps aside whenever it is not certain to have heard everything that is
older than a quarter of a second. See docs/cache.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

from shardmart import metrics
from shardmart.cache.entries import Entries, Entry, look
from shardmart.cache.fills import Fill, Read
from shardmart.cache.freshness import Freshness
from shardmart.domain.cache_ports import CatalogueSource, Frontiers, Marks
from shardmart.domain.changes import Frontier, Heard, Interrupted, Missed, ProductChanged
from shardmart.domain.errors import NotFound, Unavailable
from shardmart.domain.ids import is_owned_id, seller_of
from shardmart.domain.listings import ListingQuery, Product
from shardmart.domain.paging import Page, Position

SAMPLE_SECONDS = 0.06  # between questions for the frontier, while the cache is in use
LATE_SECONDS = 1.0  # a question that is not answered by then is given up
WARM_SECONDS = 60.0  # how long after the last request the feed is kept open
BROKEN_SECONDS = 1.0
MOST_VERSIONS = 10_000  # heard lately
log = logging.getLogger("shardmart.cache")


class _Counted:
    """One kind of page's figures, looked up once."""

    def __init__(self, page: str) -> None:
        self.hit, self.miss, self.bypass = (
            metrics.CACHE_REQUESTS.labels(page, result) for result in ("hit", "miss", "bypass")
        )


class CatalogueCache:
    """One per worker. Between two awaits nothing changes but the marks, which other workers move."""

    def __init__(self, source: CatalogueSource, marks: Marks, frontiers: Frontiers, *, most_bytes: int) -> None:
        self._source, self._marks, self._frontiers = source, marks, frontiers
        self._entries = Entries(most_bytes)
        self._fills: dict[Hashable, Fill] = {}
        self._fresh = Freshness()
        self._versions: OrderedDict[str, int] = OrderedDict()
        self._products, self._lists = _Counted("product"), _Counted("list")
        self._wanted, self._wanted_at = asyncio.Event(), float("-inf")
        self._asking: asyncio.Future[tuple[float, Frontier]] | None = None
        self._wake: Callable[[], None] = lambda: None

    async def close(self) -> None:
        """Lets go of reads that are under way."""
        tasks: list[asyncio.Future[Any]] = [fill.task for fill in self._fills.values() if fill.task is not None]
        tasks += [self._asking] if self._asking is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- asking

    async def product(self, id: str, render: Callable[[Product], bytes]) -> bytes | None:
        """The answer for everybody; None when it must be had the plain way. Raises NotFound."""
        entry = self._find(id, self._products)
        if entry is not None:
            return entry.body
        if not is_owned_id(id) or not self._is_certain():
            return None

        async def read() -> tuple[bytes | None, list[Product]]:
            product = await self._source.get(seller_id=seller_of(id), id=id)
            if product is None:
                raise NotFound
            return (render(product), [product]) if product.is_active else (None, [])

        return await self._fill(id, read, id)

    async def listing(
        self,
        key: Hashable,
        query: ListingQuery,
        *,
        after: Position | None,
        limit: int,
        render: Callable[[Page[Product]], bytes],
    ) -> bytes | None:
        """A page of a list, which `key` identifies; None when it must be had the plain way."""
        entry = self._find(key, self._lists)
        if entry is not None:
            return entry.body
        if not self._is_certain():
            return None

        async def read() -> tuple[bytes, list[Product]]:
            page = await self._source.search(query, after=after, limit=limit)
            return render(page), page.items

        return await self._fill(key, read, None, only_until_any=query.in_stock)

    @property
    def is_wanted(self) -> bool:
        return monotonic() - self._wanted_at <= WARM_SECONDS

    def on_wanted(self, wake: Callable[[], None]) -> None:
        """`wake` is called when somebody asks and the feed may be closed."""
        self._wake = wake

    def _is_certain(self) -> bool:
        return self._fresh.holds(monotonic())

    def _find(self, key: Hashable, counted: _Counted) -> Entry | None:
        """What is kept and holds."""
        self._wanted_at = now = monotonic()
        if not self._fresh.holds(now):
            self._wanted.set()
            self._wake()
            counted.bypass.inc()
            return None
        entry = self._entries.get(key)
        if entry is not None and self._holds(entry):
            counted.hit.inc()
            return entry
        if entry is not None:
            self._drop(key, "write")
        counted.miss.inc()
        return None

    def _holds(self, entry: Entry) -> bool:
        """Whether nobody of this node has changed what it shows. ANY is moved last, so it is read first."""
        marks = self._marks
        newest = marks[marks.ANY]
        if newest == entry.any:
            return True
        if entry.only_until_any or (entry.moves is not None and marks[marks.MOVES] != entry.moves):
            return False
        if any(marks[place] != stamp for place, stamp in entry.stamps):
            return False
        entry.any = newest
        return True

    # ---- filling

    async def _fill(
        self, key: Hashable, read: Read, product_id: str | None, *, only_until_any: bool = False
    ) -> bytes | None:
        """One read for all who ask meanwhile, and which goes on when the first of them hangs up."""
        fill = self._fills.get(key)
        if fill is None or fill.task is None or not fill.is_current():
            fill = self._fills[key] = Fill.begin(self._marks, product_id, only_until_any=only_until_any)
            fill.task = asyncio.ensure_future(self._read(key, fill, read))
            fill.task.add_done_callback(_looked_at)
        return await asyncio.shield(fill.task)

    async def _read(self, key: Hashable, fill: Fill, read: Read) -> bytes | None:
        try:
            body, shown = await read()
            entry = fill.entry(body, shown, self._versions) if body is not None else None
            if entry is not None and self._is_certain() and self._holds(entry):
                self._entries.put(key, entry)
            return body
        finally:
            if self._fills.get(key) is fill:
                del self._fills[key]

    # ---- hearing

    def hear(self, heard: Heard) -> None:
        """A step of the change feed, before any socket is told of it."""
        if isinstance(heard.change, Interrupted | Missed):
            self.interrupt()
        elif heard.change is None:
            if heard.asked_at is not None:
                self._fresh.reach(heard.position.time)
        else:
            if isinstance(heard.change, ProductChanged):
                self._changed(heard.change)
            self._fresh.reach(heard.position.time - 1)  # others of the same moment may follow

    def interrupt(self) -> None:
        """The feed broke off or rests: nothing that was kept is relied on again."""
        self._fresh.interrupt()
        self._forget()

    def _forget(self) -> None:
        for fill in self._fills.values():
            fill.is_spoiled = True
        if dropped := self._entries.clear():
            metrics.CACHE_DROPPED.labels("interruption").inc(dropped)

    def _changed(self, change: ProductChanged) -> None:
        id, now = change.product_id, look(change.product) if change.product else None
        self._remember(id, change.product.version if change.product else 0)
        for fill in self._fills.values():
            fill.hear(id, moves=change.moves)
        for key, entry in self._entries.showing(id):
            if entry.shown[id] != now:
                self._drop(key, "change")
        for key, entry in self._entries.lists():
            if change.moves or entry.only_until_any:
                self._drop(key, "change")

    def _remember(self, id: str, version: int) -> None:
        self._versions[id] = version
        self._versions.move_to_end(id)
        if len(self._versions) > MOST_VERSIONS:
            self._versions.popitem(last=False)

    def _drop(self, key: Hashable, by: str) -> None:
        if self._entries.drop(key):
            metrics.CACHE_DROPPED.labels(by).inc()

    # ---- watching

    async def watch(self) -> None:
        """Until cancelled: compares the feed with the frontier while somebody asks for pages."""
        while True:
            await self._wanted.wait()
            if not self.is_wanted:
                self._wanted.clear()
                continue
            try:
                await self._compare()
            except (Unavailable, asyncio.TimeoutError):
                pass  # the certainty runs out by itself
            except Exception:
                log.exception("the frontier could not be looked at")
                await asyncio.sleep(BROKEN_SECONDS)
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _compare(self) -> None:
        asked_at, frontier = await self._latest()
        if not self._marks.are_shared():
            log.warning("the table of marks was taken away: another one is used")
            self._marks.share()
            self.interrupt()
        elif not self._fresh.sample(asked_at, frontier):
            self._forget()
        metrics.CACHE_STALENESS.set(min(monotonic() - self._fresh.certain_at, 3600.0))

    async def _latest(self) -> tuple[float, Frontier]:
        """The frontier and when it was asked for. Raises Unavailable, and TimeoutError when it takes long.

        One question at a time: one that waits for a member which is gone holds a thread of the driver until then, and
        a second of each second would soon hold all of them.
        """
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
            self._asking.add_done_callback(self._asked)
        return await asyncio.wait_for(asyncio.shield(self._asking), LATE_SECONDS)

    async def _ask(self) -> tuple[float, Frontier]:
        return monotonic(), await self._frontiers.latest()

    def _asked(self, asking: asyncio.Future[Any]) -> None:
        self._asking = None
        _looked_at(asking)


def _looked_at(task: asyncio.Future[Any]) -> None:
    """A failure that nobody waited for is no warning."""
    if not task.cancelled():
        task.exception()
