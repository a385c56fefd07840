"""A worker without sockets reads no feed; who comes wakes it, and misses nothing from then on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from socketio.exceptions import ConnectionRefusedError

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role, Session
from shardmart.domain.changes import START, Heard, Interrupted, Noticed, Position, SessionEnded
from shardmart.domain.notices import Kind, Notice
from shardmart.realtime import admission, relay
from shardmart.realtime.admission import Admission
from shardmart.realtime.rooms import product_room
from shardmart.service.live_sessions import LiveSessions
from tests.unit.builders import BUYER
from tests.unit.relay_scene import PRODUCT, Line, Scene, changed

SESSION = "s1"
OPEN = Heard(Position(100, 0), None)


class Tokens:
    """Every token proves the same buyer."""

    def read_access(self, token: str) -> Actor:
        return Actor(BUYER, Role.BUYER, SESSION)

    def access_ends(self, token: str) -> Any:
        return clock.now() + timedelta(minutes=5)


class Door(Scene):
    """With admission, and sessions that can be made to answer slowly."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = asyncio.Event()
        super().__init__(tokens=Tokens(), live_sessions=LiveSessions(self))  # type: ignore[arg-type]
        self.alive = {SESSION}
        self.admission = Admission(self.shop, self.rooms, self.relay)

    async def get(self, session_id: str) -> Session | None:
        found = await super().get(session_id)
        self.asked.set()
        await self.answers.wait()
        return found

    def come(self, line: Line, **auth: Any) -> asyncio.Task[Any]:
        given: Any = line
        return asyncio.create_task(self.admission.admit(given, auth or {"token": "t"}))


@asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[None]:
    task = asyncio.create_task(scene.relay.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], Any]) -> None:
    for _ in range(5_000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("not within 5 s")


async def test_a_worker_without_sockets_is_ready_and_reads_nothing() -> None:
    scene = Scene()
    scene.shop.relay.is_expected = True
    async with running(scene):
        await scene.shop.relay.require(within=5)
        await asyncio.sleep(0.02)
        assert scene.opened == []
        assert scene.shop.relay.lag_ms is None


async def test_the_relay_rests_some_time_after_the_last_client_left_and_begins_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("shardmart.realtime.relay.monotonic", lambda: now[0])
    monkeypatch.setattr("shardmart.realtime.rooms.monotonic", lambda: now[0])
    scene = await Scene().hearing()
    line = scene.client(None, product_room(PRODUCT))
    (client,) = scene.rooms.clients
    async with running(scene):
        now[0] += 10 * relay.GRACE_SECONDS
        scene.feed.put_nowait(Heard(Position(1, 2), changed(1, 9), clock.now()))
        await until(lambda: line.events)
        assert scene.shop.relay.lag_ms is not None
        scene.rooms.remove(client)
        now[0] += relay.GRACE_SECONDS
        scene.feed.put_nowait(Heard(Position(2, 2), changed(2, 8)))
        await asyncio.wait_for(scene.feed.join(), 5)
        assert scene.relay.states.covers(START), "who comes back finds what was missed"
        now[0] += 1
        scene.feed.put_nowait(Heard(Position(3, 0), None))
        await until(lambda: scene.opened[-1] == "closed")
        assert scene.shop.relay.lag_ms is None
        opened = len(scene.opened)
        scene.relay.call()
        scene.feed.put_nowait(OPEN)
        await until(lambda: scene.relay.hears_since is not None)
        assert scene.opened[opened:] == ["anew"]
        assert not scene.relay.states.covers(Position(2, 2)), "nobody knows what happened meanwhile"
        assert scene.relay.states.covers(OPEN.position)


async def test_the_first_client_is_let_in_when_the_feed_is_open_and_its_session_was_read_afterwards() -> None:
    door, line = Door(), Line()
    async with running(door):
        coming = door.come(line)
        await until(lambda: door.opened == ["anew"])
        await asyncio.sleep(0.02)
        assert not coming.done() and not door.asked.is_set()
        door.feed.put_nowait(OPEN)
        client = await asyncio.wait_for(coming, 5)
        assert door.asked.is_set() and client in door.rooms.clients
        assert line.resyncs == []


async def test_a_session_that_ended_before_the_feed_was_open_is_refused_though_it_is_remembered() -> None:
    door = Door()
    await door.shop.live_sessions.require(SESSION, BUYER)
    async with running(door):
        coming = door.come(Line())
        await until(lambda: door.opened)
        door.alive.clear()
        door.feed.put_nowait(OPEN)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.wait_for(coming, 5)


async def test_a_session_that_ends_when_the_feed_is_open_is_refused() -> None:
    door = Door()
    door.answers.clear()
    async with running(door):
        coming = door.come(Line())
        door.feed.put_nowait(OPEN)
        await asyncio.wait_for(door.asked.wait(), 5)
        door.feed.put_nowait(Heard(Position(101, 2), SessionEnded(SESSION)))
        await asyncio.wait_for(door.feed.join(), 5)
        door.answers.set()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.wait_for(coming, 5)


async def test_who_is_let_in_before_the_feed_is_open_is_looked_at_again_and_told_to_fetch_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "WAKE_SECONDS", 0.01)
    door, line, stranger = Door(), Line(), Line()
    async with running(door):
        for coming in (door.come(line), door.come(stranger, last_event_id=Position(1, 2).event_id())):
            await asyncio.wait_for(coming, 5)
        assert (line.resyncs, stranger.resyncs) == ([], ["unknown"])
        door.alive.clear()
        door.feed.put_nowait(OPEN)
        await until(lambda: line.ends)
        assert (line.resyncs, stranger.resyncs) == (["missed"], ["unknown", "missed"])
        assert (line.ends, stranger.ends) == (["unauthenticated"], [])


async def test_a_session_read_while_the_feed_was_opened_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "WAKE_SECONDS", 0.01)
    door = Door()
    door.answers.clear()
    async with running(door):
        coming = door.come(Line())
        await asyncio.wait_for(door.asked.wait(), 5)
        door.alive.clear()  # between the look and the opening: neither says it
        door.feed.put_nowait(OPEN)
        await until(lambda: door.relay.hears_since is not None)
        door.answers.set()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.wait_for(coming, 5)


@pytest.mark.parametrize("age", [-60, relay.CATCH_UP_SECONDS + 60])
async def test_who_comes_back_to_a_worker_that_rested_is_told_to_fetch_again(age: int) -> None:
    door, line = Door(), Line()
    last = Position((int(time.time()) - age) << 32, 2)
    async with running(door):
        coming = door.come(line, last_event_id=last.event_id())
        await until(lambda: door.opened)
        assert door.since is None
        door.feed.put_nowait(Heard(Position(last.time + 1, 0), None))
        await asyncio.wait_for(coming, 5)
        assert line.resyncs == ["too_old"]


async def test_who_comes_back_soon_is_told_what_a_worker_that_rested_had_not_heard() -> None:
    door, line = Door(), Line()
    last = Position((int(time.time()) - 5) << 32, 2)
    ids = ("before", "last", "missed")
    notices = [Noticed(Notice(id, BUYER, "seller", Kind.ORDER_COMPLETED, "-", id, clock.now())) for id in ids]
    places = [Position(last.time - 1, 2), last, Position(last.time, 4)]
    door.relay.position = Position(last.time + 1, 0)  # before it went to rest it had heard that there was no more
    async with running(door):
        coming = door.come(line, token="t", last_event_id=last.event_id())
        await until(lambda: door.opened)
        assert door.since is not None and door.since < places[0]
        for heard in (Heard(door.since, None), *map(Heard, places, notices)):
            door.feed.put_nowait(heard)
            await asyncio.wait_for(door.feed.join(), 5)
            await asyncio.sleep(0.01)  # time enough to be let in too soon, and to be told what it knows
        await asyncio.wait_for(coming, 5)
        told = [json.loads(frame[frame.index(b"42[") + 2 :])[1]["id"] for frame in line.first]
        told += [payload["id"] for _, payload in line.events]
        assert told == ["missed"]
        assert line.resyncs == []


class Cache:
    """A catalogue cache as the relay sees it."""

    def __init__(self) -> None:
        self.is_wanted = True
        self.heard: list[Heard] = []
        self.interruptions = 0

    def on_wanted(self, wake: Callable[[], None]) -> None:
        self.wake = wake

    def hear(self, heard: Heard) -> None:
        self.heard.append(heard)

    def interrupt(self) -> None:
        self.interruptions += 1


async def test_a_cache_in_use_wakes_the_relay_keeps_it_awake_and_is_told_before_the_sockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr("shardmart.realtime.relay.monotonic", lambda: now[0])
    monkeypatch.setattr("shardmart.realtime.rooms.monotonic", lambda: now[0])
    cache = Cache()
    scene = Scene(cache=cache)
    async with running(scene):
        cache.wake()
        scene.feed.put_nowait(OPEN)
        await until(lambda: scene.relay.hears_since is not None)
        assert cache.interruptions == 1, "what was kept before the feed was open is worth nothing"
        now[0] += 10 * relay.GRACE_SECONDS
        line = scene.client(None, product_room(PRODUCT))
        told_before: list[int] = []
        monkeypatch.setattr(line, "push", lambda frame, event_id: told_before.append(len(cache.heard)))
        change = Heard(Position(101, 2), changed(1, 9))
        scene.feed.put_nowait(change)
        await until(lambda: told_before)
        assert told_before == [2] and cache.heard[-1] == change
        (client,) = scene.rooms.clients
        scene.rooms.remove(client)
        now[0] += 10 * relay.GRACE_SECONDS
        scene.feed.put_nowait(Heard(Position(102, 0), None, asked_at=0.0))
        await asyncio.wait_for(scene.feed.join(), 5)
        assert scene.relay.hears_since is not None
        cache.is_wanted = False
        scene.feed.put_nowait(Heard(Position(103, 0), None, asked_at=0.0))
        await until(lambda: scene.opened[-1] == "closed")
        assert cache.interruptions == 2


async def test_an_interruption_is_for_the_cache_and_no_socket_hears_of_it() -> None:
    cache = Cache()
    scene = await Scene(cache=cache).hearing()
    line = scene.client(None, product_room(PRODUCT))
    await scene.hear(Interrupted())
    assert isinstance(cache.heard[-1].change, Interrupted)
    assert line.events == [] and line.resyncs == []
