"""Listens, and serves each connection one message at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from cluster.router.context import Router
from cluster.router.dispatch import answer
from cluster.router.errors import Doc
from cluster.router.stream import MessageStream
from cluster.router.wire import MalformedMessageError, Reply, encode_answer, parse

log = logging.getLogger("cluster.router")


class Server:
    """The listening socket and all client connections."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self._clients: dict[asyncio.Task[None], MessageStream] = {}
        self._background: list[asyncio.Task[None]] = []
        self._listener: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        loop = asyncio.get_running_loop()
        self._background = [
            loop.create_task(self.router.pool.watch()),
            loop.create_task(self.router.housekeeping()),
        ]
        self._listener = await loop.create_server(self._connected, host, port, backlog=512)
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the socket, the clients' connections and everything that is open for them."""
        if self._listener is not None:
            self._listener.close()
        for task, stream in list(self._clients.items()):
            stream.abort()
            task.cancel()
        for task in self._background:
            task.cancel()
        waiting = [*self._clients, *self._background]
        if waiting:
            await asyncio.wait(waiting, timeout=3)
        await self.router.cursors.close()
        self.router.pool.close()

    def _connected(self) -> MessageStream:
        stream = MessageStream()
        task = asyncio.get_running_loop().create_task(self._serve(stream))
        self._clients[task] = stream
        task.add_done_callback(self._clients.pop)
        return stream

    async def _serve(self, stream: MessageStream) -> None:
        self.router.connections += 1
        try:
            while True:
                await self._one(stream)
        except ConnectionError:
            return
        except MalformedMessageError as error:
            log.info("malformed message: %s", error)
        finally:
            self.router.connections -= 1
            with contextlib.suppress(Exception):
                stream.abort()

    async def _one(self, stream: MessageStream) -> None:
        message = parse(await stream.receive())
        reply = await answer(self.router, message)
        if message.wants_answer:
            if not isinstance(reply, Reply):
                reply = self._with_times(reply)
            await stream.send(encode_answer(message, reply))

    def _with_times(self, reply: Doc) -> Doc:
        """Sessions are causally consistent only if every answer tells the time."""
        clock = self.router.clock
        return {"operationTime": clock.now, **reply, **clock.gossip()} if clock.now is not None else reply
