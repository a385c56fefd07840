"""A worker's line to the committer: many requests at a time, and a ping that notices when nobody is there."""

from __future__ import annotations

import asyncio
import itertools
import os
from contextlib import suppress
from pathlib import Path

import bson

from shardmart.adapters.mongo.documents import Document
from shardmart.adapters.mongo.group import wire
from shardmart.adapters.mongo.group.members import Answer, Member
from shardmart.domain.errors import Unavailable

CONNECT_SECONDS, PING_SECONDS, HUNG_SECONDS = 1.0, 0.5, 1.5
MOST_PENDING = 4096


class LinkLost(Exception):
    """The line is cut; what was sent over it may have been committed, or not."""


class Fault(Exception):
    """The committer could not commit this member, whatever it tried; its log says why."""


class Link:
    """Use `connect`; then `serve` must run for answers to come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._pending: dict[int, asyncio.Future[Document]] = {}
        self._lost = False
        self._heard = asyncio.get_running_loop().time()

    @classmethod
    async def connect(cls, path: Path) -> Link:
        """Raises OSError or asyncio.TimeoutError."""
        return cls(*await asyncio.wait_for(asyncio.open_unix_connection(os.fspath(path)), CONNECT_SECONDS))

    async def submit(self, member: Member, *, deadline: float) -> Answer:
        """Raises LinkLost, Fault, and Unavailable at once when too much is under way."""
        if self._lost:
            raise LinkLost
        if len(self._pending) >= MOST_PENDING:
            raise Unavailable
        seconds = deadline - asyncio.get_running_loop().time()
        reply = await self._ask({"member": wire.member_document(member), "seconds": seconds})
        if reply["answer"]["kind"] == "fault":
            raise Fault(reply["answer"]["text"])
        return wire.answer_of(reply["answer"])

    async def serve(self) -> bool:
        """Until the line is cut; True when the other side is there but does not answer."""
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._watch())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return tasks[1].done() and not tasks[0].done()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._cut()

    async def _ask(self, request: Document) -> Document:
        number = next(self._numbers)
        answer: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            self._send({"n": number, **request})
            return await answer
        finally:
            del self._pending[number]

    def _send(self, frame: Document) -> None:
        """Raises LinkLost: uvloop says RuntimeError for a line that was cut this moment."""
        try:
            self._writer.write(bson.encode(frame))
        except (OSError, RuntimeError):
            raise LinkLost from None

    async def _read(self) -> None:
        try:
            while True:
                reply = await wire.read(self._reader)
                self._heard = asyncio.get_running_loop().time()
                answer = self._pending.get(reply["n"])
                if answer is not None and not answer.done():
                    answer.set_result(reply)
        except (wire.BadFrame, asyncio.IncompleteReadError, OSError):
            return

    async def _watch(self) -> None:
        """Ends when nothing was heard for too long, pings included."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        while loop.time() - self._heard < HUNG_SECONDS:
            with suppress(LinkLost):  # the reader ends as well, and tells
                self._send({"n": -1})
            await asyncio.sleep(PING_SECONDS)
            if loop.time() - last > 2 * PING_SECONDS:
                self._heard = loop.time()  # we were the ones who slept: give the answer time to be read
            last = loop.time()

    def _cut(self) -> None:
        self._lost = True
        self._writer.close()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(LinkLost())
