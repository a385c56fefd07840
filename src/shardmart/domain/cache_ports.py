"""What the catalogue cache is to the shop, and what it needs from the outside. All reads raise `Unavailable`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import ClassVar, Protocol

from shardmart.domain.changes import Frontier, Heard
from shardmart.domain.listings import ListingQuery, Product
from shardmart.domain.paging import Page, Position


class CatalogueSource(Protocol):
    """Reads for the cache: from the primary, what a majority has, so that nothing of it is ever undone."""

    async def get(self, *, seller_id: str, id: str) -> Product | None: ...

    async def search(self, query: ListingQuery, *, after: Position | None, limit: int) -> Page[Product]: ...


class CatalogueCache(Protocol):
    """Finished answers of this worker, told of every change. All of them may answer None: do it the plain way."""

    async def product(self, id: str, render: Callable[[Product], bytes]) -> bytes | None:
        """A product that everybody may see. Raises NotFound."""

    async def listing(
        self,
        key: Hashable,
        query: ListingQuery,
        *,
        after: Position | None,
        limit: int,
        render: Callable[[Page[Product]], bytes],
    ) -> bytes | None: ...

    @property
    def is_wanted(self) -> bool:
        """Whether somebody asked lately, so that the feed is worth its cost."""

    def on_wanted(self, wake: Callable[[], None]) -> None: ...

    def hear(self, heard: Heard) -> None: ...

    def interrupt(self) -> None:
        """The feed is closed, or opened anew."""


class Marks(Protocol):
    """A number for every product, for all lists and for everything, which a change replaces by a new one.

    Shared by the workers of an app node. Who keeps what was read keeps the numbers from before it was read.
    """

    ANY: ClassVar[int]
    MOVES: ClassVar[int]

    def place_of(self, product_id: str) -> int: ...

    def __getitem__(self, place: int) -> int: ...

    def copy(self) -> Sequence[int]: ...

    def change(self, product_ids: Iterable[str], *, moves: bool) -> None:
        """After the change and before its answer. `moves`: lists that do not show them may change too."""

    def are_shared(self) -> bool: ...

    def share(self) -> None: ...


class Frontiers(Protocol):
    async def latest(self) -> Frontier:
        """At least as far as every write that was acknowledged before the call."""
