"""A relay on a feed that the test writes, and its clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from types import SimpleNamespace
from typing import Any

from shardmart.domain.accounts import Actor, Session
from shardmart.domain.changes import START, Change, Heard, Position, ProductChanged
from shardmart.domain.errors import Unavailable
from shardmart.realtime.relay import Relay
from shardmart.realtime.rooms import Client, Rooms
from shardmart.service.relay_status import RelayStatus
from tests.unit.builders import a_product, a_session

PRODUCT = f"{'a' * 24}-{'1' * 24}"


class Line:
    """What a client was sent."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.resyncs: list[str] = []
        self.ends: list[str] = []
        self.first: list[bytes] = []  # what it had missed

    def push(self, frame: bytes, event_id: str) -> None:
        name, payload = json.loads(frame[frame.index(b"42[") + 2 :])
        assert payload["event_id"] == event_id
        self.events.append((name, payload))

    def put_first(self, frames: Sequence[bytes]) -> None:
        self.first += frames

    def resync(self, event_id: str, reason: str) -> None:
        self.resyncs.append(reason)

    def end(self, code: str, detail: str, *, event_id: str = "") -> None:
        self.ends.append(code)


class Scene:
    """A relay whose feed is a queue."""

    def __init__(self, **parts: Any) -> None:
        self.feed: asyncio.Queue[Heard] = asyncio.Queue()
        self.opened: list[str] = []  # how the feed was opened, and "closed"
        self.alive: set[str] = set()
        self.away = 0  # times that the sessions cannot be read
        self.rooms = Rooms()
        self.shop: Any = SimpleNamespace(
            changes=self, sessions=self, relay=RelayStatus(), **({"cache": None} | parts)
        )
        self.relay = Relay(self.shop, self.rooms)
        self._time = 0

    async def hearing(self) -> Scene:
        """With the feed open."""
        self.relay.call()
        self.feed.put_nowait(Heard(START, None))
        await self.hear()
        return self

    async def follow(self, *, anew: bool, since: Position | None) -> AsyncGenerator[Heard, None]:
        self.opened.append("anew" if anew else "from the last position")
        self.since = since
        try:
            while True:
                heard = await self.feed.get()
                try:
                    yield heard
                finally:
                    self.feed.task_done()
        finally:
            self.opened.append("closed")

    async def get(self, session_id: str) -> Session | None:
        if self.away:
            self.away -= 1
            raise Unavailable
        return a_session(id=session_id) if session_id in self.alive else None

    async def hear(self, *changes: Change) -> None:
        for change in changes:
            self._time += 1
            self.feed.put_nowait(Heard(Position(self._time, 2), change))
        task = asyncio.create_task(self.relay.run())
        await asyncio.wait_for(self.feed.join(), 5)
        task.cancel()

    def client(self, actor: Actor | None = None, *rooms: str) -> Line:
        line: Any = Line()
        client = Client(line)
        self.rooms.add(client)
        if actor:
            self.rooms.prove(client, actor, token_ends=2e9)
        self.rooms.subscribe(client, rooms)
        seen: Line = line
        return seen


def changed(version: int, stock: int) -> ProductChanged:
    product = a_product(id=PRODUCT, version=version, stock=stock)
    return ProductChanged(product.id, product)
