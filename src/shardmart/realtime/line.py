"""One client's connection: what comes in is limited, what goes out cannot pile up.

    events ──► transport, while it takes them
          └──► outbox (bounded) ── full ──► thrown away, and one `resync` in their place

Engine.IO's own packets (handshake, acknowledgements, pings) take its own way through `send`; events do not wait
behind them, and before the client was told that it is connected they stay in the outbox.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from engineio.async_drivers.sanic import WebSocket
from engineio.packet import MESSAGE, Packet
from websockets.protocol import State

from shardmart import metrics
from shardmart.realtime.frames import event_frame
from shardmart.realtime.limits import LARGEST_MESSAGE, Bucket

ENVIRON = "shardmart.line"  # where the handshake's environment holds the line
CONNECTED, DISCONNECT = "40", "1"  # of Socket.IO, as Engine.IO carries them
MOST_WAITING = 512  # events in the outbox
ABORT_SECONDS = 2.0  # how long a client that is being sent away may take to read why
_PACKETS = frozenset("1234")  # CLOSE, PING, PONG, MESSAGE: what a client on a web socket has to say


class Line(WebSocket):  # type: ignore[misc]
    """In place of Engine.IO's web socket; one for each connection."""

    unfinished: ClassVar[set[Line]] = set()  # of this worker, those that no client has greeted on

    def __init__(self, handler: Any, server: Any) -> None:
        super().__init__(handler, server)
        self.opened_at = asyncio.get_running_loop().time()
        self._packets: Any = handler.__self__.queue  # of Engine.IO's socket
        self._bucket = Bucket()
        self._protocol: Any = None
        self._is_open = False  # the client knows that it is connected
        self._outbox: deque[bytes] = deque()
        self._emptying: asyncio.Task[None] | None = None
        self._ended = False
        self._unread = 0  # bytes that came while the client took none
        self._take: Any = None

    async def __call__(self, environ: dict[str, Any]) -> Any:
        request = environ["sanic.request"]
        environ[ENVIRON], self.environ = self, environ
        self._protocol = request.transport.get_protocol()
        Line.unfinished.add(self)
        try:
            self._sock = await self._protocol.websocket_handshake(request)
            self._take, self._sock.data_received = self._sock.data_received, self._received
            await self.handler(self)
            return self.server._ok()
        finally:
            Line.unfinished.discard(self)
            if self._emptying is not None:
                self._emptying.cancel()

    # ---- in

    def _received(self, data: bytes) -> None:
        """Who sends on and reads nothing is cut off: answers to pings, which no bucket counts, would pile up."""
        self._unread = 0 if self._protocol._can_write.is_set() else self._unread + len(data)
        if self._unread > LARGEST_MESSAGE:
            self._abort()
        else:
            self._take(data)

    async def wait(self) -> str:
        """The next packet. Raises OSError when there is none, or none that we take: the connection then ends."""
        packet: str = await super().wait()
        if not isinstance(packet, str) or packet[:1] not in _PACKETS:
            self.end("malformed", "This is not a packet that this server takes.")
        elif not self._bucket.take():
            self.end("rate_limited", "Too many events.")
        if self._ended:
            raise OSError
        return packet

    # ---- out

    async def send(self, message: str | bytes) -> None:
        """Engine.IO's packets."""
        await super().send(message)
        if not self._is_open and isinstance(message, str) and message.startswith(CONNECTED):
            self._is_open = True
            Line.unfinished.discard(self)
            self._empty()

    def push(self, frame: bytes, event_id: str) -> None:
        """An event, now or as soon as the client can take it; nothing any more once it was sent away. Never waits."""
        if self._ended:
            return
        if self._is_open and not self._outbox and self._takes():
            self._protocol.transport.write(frame)
            return
        self._outbox.append(frame)
        if len(self._outbox) > MOST_WAITING:
            self._outbox.clear()
            self.resync(event_id, "slow")
        self._empty()

    def put_first(self, frames: list[bytes]) -> None:
        """Before everything that waits: what the client missed while it was away."""
        self._outbox.extendleft(reversed(frames))
        self._empty()

    def resync(self, event_id: str, reason: str) -> None:
        metrics.RESYNCS.labels(reason).inc()
        self.push(event_frame("resync", {"event_id": event_id, "reason": reason}), event_id)

    def end(self, code: str, detail: str, *, event_id: str = "") -> None:
        """Tells the client why, and closes. Safe to repeat."""
        if self._ended:
            return
        self._ended = True
        metrics.REFUSED.labels(code).inc()
        told: Mapping[str, Any] = {"event_id": event_id, "code": code, "detail": detail}
        if self._is_open and self._takes():
            self._outbox.clear()
            self._protocol.transport.write(event_frame("closing", told))
        self._packets.put_nowait(Packet(MESSAGE, DISCONNECT))
        self._packets.put_nowait(None)  # ends Engine.IO's writer, which closes the web socket
        asyncio.get_running_loop().call_later(ABORT_SECONDS, self._abort)

    def is_up(self) -> bool:
        return self._sock is not None and self._sock.ws_proto.state is State.OPEN

    def _takes(self) -> bool:
        return self.is_up() and self._protocol._can_write.is_set()

    def _empty(self) -> None:
        """Sends what waits, in a task of its own when the client is slow."""
        if self._is_open and self._outbox and self._emptying is None:
            self._emptying = asyncio.create_task(self._empty_slowly())

    async def _empty_slowly(self) -> None:
        try:
            while self._outbox:
                await self._protocol._can_write.wait()
                if not self.is_up():
                    return
                while self._outbox and self._takes():
                    self._protocol.transport.write(self._outbox.popleft())
        finally:
            self._emptying = None

    def _abort(self) -> None:
        if self._protocol is not None and self._protocol.transport is not None:
            self._protocol.transport.abort()
