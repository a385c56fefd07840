"""Claims that wait at this moment are stored with one insert and one wait for the majority.

Who finds the key taken is told by the insert itself, member by member, and only then reads the claim that is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pymongo.errors import BulkWriteError, PyMongoError, WTimeoutError

from shardmart.adapters.mongo.client import Collection, Document

DUPLICATE = 11000
MOST_DOCUMENTS = 500
PIPELINED = 2  # inserts under way at once: one waits for its majority while the next is written

Waiting = tuple[Document, "asyncio.Future[bool]"]


class InsertBatches:
    """Inserts documents whose `_id` decides; for one event loop."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._waiting: list[Waiting] = []
        self._running: set[asyncio.Task[None]] = set()

    async def insert(self, document: Document) -> bool:
        """True when it is stored, False when its `_id` is taken. Raises the driver's errors; safe to repeat."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((document, answer))
        self._go()
        return await answer

    def _go(self) -> None:
        if self._waiting and len(self._running) < PIPELINED:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._go()

    async def _run(self) -> None:
        wanted = [one for one in self._waiting if not one[1].done()]  # without those whose request gave up
        batch, self._waiting = wanted[:MOST_DOCUMENTS], wanted[MOST_DOCUMENTS:]
        if batch:
            await self._store(batch)

    async def _store(self, batch: Sequence[Waiting]) -> None:
        try:
            taken = await self._insert([document for document, _ in batch])
        except Exception as error:  # whoever waits decides what it means
            if len(batch) > 1 and not isinstance(error, PyMongoError):
                for one in batch:  # a document that cannot be sent must not take the others with it
                    await self._store([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for number, (_, answer) in enumerate(batch):
            if not answer.done():
                answer.set_result(number not in taken)

    async def _insert(self, documents: Sequence[Document]) -> set[int]:
        """The places of those whose `_id` was taken."""
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise WTimeoutError("no majority has confirmed the insert", details=error.details) from error
            failed = error.details.get("writeErrors", [])
            if any(e["code"] != DUPLICATE for e in failed):
                raise
            return {e["index"] for e in failed}
        return set()
