"""Walking sorted streams side by side, so that an audit of any size needs little memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Groups(Generic[T]):
    """A stream that is sorted by `key`, taken group by group in the order of the keys asked for."""

    def __init__(self, stream: AsyncIterator[T], key: Callable[[T], str]) -> None:
        self._stream = stream
        self._key = key
        self._ahead: T | None = None
        self._started = False

    async def take(self, key: str) -> list[T]:
        """The items with this key; the stream must stand at it or beyond."""
        group = []
        while (await self.next_key()) == key:
            group.append(self._ahead)
            self._ahead = await anext(self._stream, None)
        return group  # type: ignore[return-value]  # next_key() is None when nothing is ahead

    async def next_key(self) -> str | None:
        """The key of the next group, None at the end."""
        if not self._started:
            self._started = True
            self._ahead = await anext(self._stream, None)
        return None if self._ahead is None else self._key(self._ahead)
