"""Cuts a TCP connection's bytes into messages; used towards clients and towards mongods.

A Protocol rather than asyncio's streams: one callback a message instead of two awaits, a third of the
router's CPU.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import cast

from cluster.router.wire import HEADER, INT32, MAX_MESSAGE

_QUEUED_MESSAGES = 16  # a client that sends on without reading is held back here


class MessageStream(asyncio.Protocol):
    """Whole messages in, whole messages out. Every method raises ConnectionError once the peer is gone."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._messages: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self.closed = True
        self._wake("_waiter")
        self._wake("_drained")

    def pause_writing(self) -> None:
        """Called by asyncio when the peer reads too slowly."""
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Called by asyncio when the peer has caught up."""
        self._wake("_drained")

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        buffer = self._buffer
        buffer += data
        while len(buffer) >= 16:
            (length,) = INT32.unpack_from(buffer)
            if not HEADER.size <= length <= MAX_MESSAGE + 16384:
                self.abort()
                return
            if len(buffer) < length:
                break
            self._messages.append(bytes(buffer[:length]))
            del buffer[:length]
        if self._messages:
            self._wake("_waiter")
            if len(self._messages) > _QUEUED_MESSAGES and self._transport is not None:
                self._transport.pause_reading()

    def _wake(self, name: str) -> None:
        waiter: asyncio.Future[None] | None = getattr(self, name)
        setattr(self, name, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def receive(self) -> bytes:
        """The next message."""
        while not self._messages:
            if self.closed:
                raise ConnectionError("connection closed")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        message = self._messages.popleft()
        if not self._messages and not self.closed and self._transport is not None:
            self._transport.resume_reading()
        return message

    async def send(self, message: bytes) -> None:
        """Write a message; waits while the peer does not read."""
        if self.closed or self._transport is None:
            raise ConnectionError("connection closed")
        self._transport.write(message)
        if self._drained is not None:
            await self._drained

    def abort(self) -> None:
        """Drop the connection now; whoever waits on it gets ConnectionError."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()
        self._wake("_waiter")
        self._wake("_drained")
