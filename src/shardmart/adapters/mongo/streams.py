"""A change stream over a database, read a batch at a time, with either driver.

The driver's own stream reopens itself and knows its token, and its cursor stays with the server or router that has
it. What it has fetched already it gives without asking the server, but Motor takes a hop into a thread for every
event. Here a stream of Motor's has a thread of its own and takes one hop per batch.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pymongo.errors import PyMongoError

Document = dict[str, Any]
Pipeline = Sequence[Mapping[str, Any]]
T = TypeVar("T")


class Batches(ABC):
    """An open stream."""

    _stream: Any = None  # the driver's
    _cursor: Any = None  # the one that was last looked at

    @property
    def resume_token(self) -> Mapping[str, Any] | None:
        """Where a stream would go on after the last batch; None while there is one that came with the opening."""
        token: Mapping[str, Any] | None = self._stream.resume_token
        return token

    @property
    def alive(self) -> bool:
        return bool(self._stream.alive)

    def has_resumed(self) -> bool:
        """Whether the driver has opened the stream again by itself since the last question."""
        last, self._cursor = self._cursor, self._stream._cursor
        return last is not None and last is not self._cursor

    @abstractmethod
    async def batch(self) -> list[Document]:
        """The next events: what was fetched already, or what one look at the server brings, none after its time."""


class SuccessorStream(Batches):
    """Of PyMongo's AsyncMongoClient."""

    def __init__(self, db: Any) -> None:
        self._db = db

    async def open(self, pipeline: Pipeline, **options: Any) -> None:
        self._stream = await self._db.watch(pipeline, **options)

    async def batch(self) -> list[Document]:
        events: list[Document] = []
        while (event := await self._stream.try_next()) is not None:
            events.append(event)
            if not _holds_more(self._stream):
                break
        return events

    async def close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(PyMongoError):  # the server forgets the cursor by itself
                await self._stream.close()


class MotorStream(Batches):
    """Of the synchronous client under Motor's. Everything is done in one thread, one thing after the other."""

    def __init__(self, db: Any) -> None:
        self._db = db.delegate
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="changes")

    async def open(self, pipeline: Pipeline, **options: Any) -> None:
        def opened() -> None:
            self._stream = self._db.watch(pipeline, **options)

        await self._do(opened)

    async def batch(self) -> list[Document]:
        return await self._do(self._batch)

    async def close(self) -> None:
        """Does not wait for a look that is under way: the thread closes the stream when it comes back."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _batch(self) -> list[Document]:
        events: list[Document] = []
        while (event := self._stream.try_next()) is not None:
            events.append(event)
            if not _holds_more(self._stream):
                break
        return events

    def _close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(PyMongoError):
                self._stream.close()

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _holds_more(stream: Any) -> bool:
    """Whether `try_next` would answer without asking the server, which no public member of a stream says."""
    return bool(stream._cursor._has_next())
