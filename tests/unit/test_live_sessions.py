from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shardmart.domain.errors import Unauthenticated, Unavailable
from shardmart.service import live_sessions
from shardmart.service.live_sessions import LiveSessions
from tests.unit.builders import a_session

USER = a_session(id="s").user_id


class Stored:
    """The sessions of a database; counts how often it is asked."""

    def __init__(self, *alive: str) -> None:
        self.alive, self.asked, self.away = set(alive), 0, False

    async def get(self, session_id: str) -> Any:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable
        return a_session(id=session_id) if session_id in self.alive else None


class Time:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(live_sessions, "time", clock)
    return clock


async def test_a_living_session_is_asked_for_once_a_second(time: Time) -> None:
    stored = Stored("s")
    live = LiveSessions(stored)  # type: ignore[arg-type]
    for _ in range(5):
        await live.require("s", USER)
    assert stored.asked == 1
    time.now += 1.01
    await live.require("s", USER)
    assert stored.asked == 2


async def test_a_session_that_ended_elsewhere_is_refused_within_two_seconds(time: Time) -> None:
    stored = Stored("s")
    live = LiveSessions(stored)  # type: ignore[arg-type]
    await live.require("s", USER)
    stored.alive.clear()
    time.now += 1.99
    with pytest.raises(Unauthenticated):
        await live.require("s", USER)


async def test_a_session_that_ended_here_is_refused_at_once(time: Time) -> None:
    stored = Stored("s")
    live = LiveSessions(stored)  # type: ignore[arg-type]
    await live.require("s", USER)
    stored.alive.clear()
    live.forget("s")
    with pytest.raises(Unauthenticated):
        await live.require("s", USER)


async def test_what_was_said_before_a_given_time_does_not_count(time: Time) -> None:
    stored = Stored("s")
    live = LiveSessions(stored)  # type: ignore[arg-type]
    await live.require("s", USER)
    time.now += 0.1
    stored.alive.clear()
    await live.require("s", USER, asked_since=time.now - 0.1)
    with pytest.raises(Unauthenticated):
        await live.require("s", USER, asked_since=time.now)


async def test_what_is_unknown_is_asked_for_every_time(time: Time) -> None:
    stored = Stored()
    live = LiveSessions(stored)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await live.require("s", USER)
    assert stored.asked == 3
    stored.alive.add("s")
    await live.require("s", USER)


async def test_memory_is_bounded(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_sessions, "MOST", 10)
    live = LiveSessions(Stored(*map(str, range(100))))  # type: ignore[arg-type]
    for n in range(100):
        await live.require(str(n), USER)
        assert len(live._alive) <= 10


async def test_a_database_that_is_away_is_no_end_of_a_session(time: Time) -> None:
    stored = Stored("s")
    live = LiveSessions(stored)  # type: ignore[arg-type]
    stored.away = True
    with pytest.raises(Unavailable):
        await live.require("s", USER)
    stored.away = False
    await live.require("s", USER)


async def test_another_users_session_proves_nothing(time: Time) -> None:
    live = LiveSessions(Stored("s"))  # type: ignore[arg-type]
    for _ in range(2):  # looked up, then remembered
        with pytest.raises(Unauthenticated):
            await live.require("s", "somebody else")
    await live.require("s", USER)
