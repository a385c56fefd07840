"""One connection: events wait for the greeting and for slow clients, and never without a bound."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.protocol import State

from shardmart.realtime.frames import event_frame
from shardmart.realtime.limits import EVENTS_A_SECOND
from shardmart.realtime.line import MOST_WAITING, Line


class Wire:
    """What was written; `can_write` is what the transport says of itself."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.said: list[str] = []
        self.coming: list[Any] = []
        self._can_write = asyncio.Event()
        self._can_write.set()
        self.transport = SimpleNamespace(write=self.written.append, abort=lambda: None)
        self.ws_proto = SimpleNamespace(state=State.OPEN)

    async def send(self, message: str) -> None:
        self.said.append(message)

    async def recv(self) -> Any:
        return self.coming.pop(0)


class Engine:
    """Engine.IO's socket, as far as a line knows it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def handle(self, ws: Any) -> None: ...


def line_on(wire: Wire) -> tuple[Line, Engine]:
    engine = Engine()
    line = Line(engine.handle, None)
    line._protocol, line._sock = wire, wire
    return line, engine


def numbered(count: int) -> list[bytes]:
    return [event_frame("e", {"n": n}) for n in range(count)]


async def test_events_wait_until_the_client_knows_that_it_is_connected() -> None:
    wire = Wire()
    line, _ = line_on(wire)
    first, second = numbered(2)
    line.push(second, "2")
    line.put_first([first])
    assert wire.written == []
    await line.send('40{"sid":"x"}')
    await asyncio.sleep(0)
    assert wire.written == [first, second]


async def test_a_client_that_takes_its_events_gets_them_at_once_and_in_order() -> None:
    wire = Wire()
    line, _ = line_on(wire)
    await line.send("40")
    frames = numbered(5)
    for frame in frames:
        line.push(frame, "1")
    assert wire.written == frames


async def test_what_a_slow_client_does_not_take_is_bounded_and_it_is_told_so() -> None:
    wire = Wire()
    line, _ = line_on(wire)
    await line.send("40")
    wire._can_write.clear()
    for frame in numbered(MOST_WAITING * 3 + 10):
        line.push(frame, "7")
        assert len(line._outbox) <= MOST_WAITING
    assert wire.written == []
    wire._can_write.set()
    await asyncio.sleep(0.01)
    assert b'"resync"' in wire.written[0] and b'"slow"' in wire.written[0]
    assert wire.written[-1] == numbered(MOST_WAITING * 3 + 10)[-1]
    assert len(wire.written) <= MOST_WAITING + 1


async def test_an_ended_line_says_why_and_takes_nothing_more() -> None:
    wire = Wire()
    line, engine = line_on(wire)
    await line.send("40")
    line.end("unauthenticated", "The token has ended.")
    line.end("rate_limited", "said once only")
    line.push(event_frame("order_placed", {}), "9")
    assert len(wire.written) == 1 and b'"unauthenticated"' in wire.written[0]
    assert engine.queue.get_nowait().data == "1"
    assert engine.queue.get_nowait() is None
    wire.coming = ['42["subscribe",{}]']
    with pytest.raises(OSError):
        await line.wait()


@pytest.mark.parametrize("packet", ["", "9", "0{}", "5", b"\x04", None])
async def test_what_is_no_packet_ends_the_line(packet: Any) -> None:
    wire = Wire()
    line, _ = line_on(wire)
    wire.coming = [packet]
    with pytest.raises(OSError):
        await line.wait()


async def test_more_than_so_many_packets_a_second_end_the_line() -> None:
    wire = Wire()
    line, _ = line_on(wire)
    await line.send("40")
    wire.coming = ["3"] * (EVENTS_A_SECOND * 3)
    with pytest.raises(OSError):
        for _ in range(EVENTS_A_SECOND * 3):
            await line.wait()
    assert b'"rate_limited"' in wire.written[0]
