"""The committer's door for the other workers of its app node: a Unix socket, requests answered as they are done."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from functools import partial
from pathlib import Path
from typing import cast

import bson

from shardmart.adapters.mongo.documents import Document
from shardmart.adapters.mongo.group import wire
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.members import Answer, Member
from shardmart.domain.errors import ShardmartError, Unavailable

PRIVATE = 0o600
BACKLOG = 64
DRAIN_SECONDS = 3.0
log = logging.getLogger("shardmart.group")


class Server:
    """Answers pings at once, members once they are committed. What is beyond the queue is refused at once."""

    def __init__(self, committer: Committer, path: Path) -> None:
        self._committer = committer
        self._path = path
        self._inode = 0
        self._server: asyncio.AbstractServer | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._pending: set[asyncio.Future[Answer]] = set()
        self._closing = False

    async def open(self) -> None:
        """Takes the place of whatever lies at the path. Raises OSError."""
        fresh = self._path.with_name(f"{os.getpid()}.new")
        fresh.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        listener.bind(os.fspath(fresh))
        fresh.chmod(PRIVATE)
        listener.listen(BACKLOG)
        self._inode = fresh.stat().st_ino
        self._server = await asyncio.start_unix_server(self._serve, sock=listener)
        fresh.rename(self._path)  # at once: nobody ever finds half a door

    def is_reachable(self) -> bool:
        """Whether the path still leads here."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    async def close(self) -> None:
        """Takes no more requests, answers those it has, and hangs up."""
        self._closing = True
        if self.is_reachable():
            self._path.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
        if self._pending:
            await asyncio.wait(self._pending, timeout=DRAIN_SECONDS)
            await asyncio.sleep(0)  # the answers' callbacks write
        for task, writer in self._connections.items():
            task.cancel()
            writer.close()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections[task] = writer
        try:
            while True:
                self._take(await wire.read(reader), writer)
        except (wire.BadFrame, asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass  # the worker is gone, or we are closing
        except (KeyError, TypeError, ValueError) as error:
            log.warning("a request that is none of ours: the line is cut", exc_info=error)
        finally:
            del self._connections[task]
            writer.close()

    def _take(self, request: Document, writer: asyncio.StreamWriter) -> None:
        number = request["n"]
        if "member" not in request:
            _send(writer, {"n": number})
            return
        if self._closing:
            return  # unanswered: its worker finds the line cut and goes to the next committer
        member = wire.member_of(request["member"])
        deadline = asyncio.get_running_loop().time() + request["seconds"]
        try:
            answer = self._committer.submit(member, deadline=deadline)
        except ShardmartError as error:
            _send(writer, {"n": number, "answer": wire.answer_document(member, error)})
            return
        self._pending.add(answer)
        answer.add_done_callback(self._pending.discard)
        answer.add_done_callback(partial(_reply, writer, number, member))


def _reply(writer: asyncio.StreamWriter, number: int, member: Member, answer: asyncio.Future[Answer]) -> None:
    error = answer.exception()
    if error is None:
        document = wire.answer_document(member, answer.result())
    elif isinstance(error, Unavailable):
        document = wire.answer_document(member, error)
    else:
        document = {"kind": "fault", "text": repr(error)}
    _send(writer, {"n": number, "answer": document})


def _send(writer: asyncio.StreamWriter, document: Document) -> None:
    if not writer.is_closing():
        writer.write(bson.encode(document))
