"""Admins who come back are told of the nodes and of the lab's load, or that they must fetch it again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.changes import Announced, Heard, Position
from shardmart.domain.errors import Unavailable
from shardmart.domain.reports import Member
from shardmart.realtime import topology
from shardmart.realtime.admission import Admission
from shardmart.realtime.rooms import ADMINS
from shardmart.realtime.topology import TopologyWatch
from shardmart.service.live_sessions import LiveSessions
from tests.unit.builders import BUYER
from tests.unit.relay_scene import Line, Scene

ADMIN = Actor(BUYER, Role.ADMIN, "s1")


class Tokens:
    """Every token proves the same admin."""

    def read_access(self, token: str) -> Actor:
        return ADMIN

    def access_ends(self, token: str) -> Any:
        return clock.now() + timedelta(minutes=5)


class Nodes:
    """A replica set whose states the test sets."""

    def __init__(self) -> None:
        self.states = {"rs0-0": "PRIMARY", "rs0-1": "SECONDARY"}
        self.error: Exception | None = None

    async def describe(self) -> Any:
        if self.error is not None:
            raise self.error
        return {"set": "rs0", "members": [Member(node, "", state, None) for node, state in self.states.items()]}


class Watched(Scene):
    """With admission and a watch that looks when the test says so."""

    def __init__(self) -> None:
        self.nodes = Nodes()
        super().__init__(tokens=Tokens(), live_sessions=LiveSessions(self), topology=self.nodes)  # type: ignore[arg-type]
        self.alive = {ADMIN.session_id}
        self.admission = Admission(self.shop, self.rooms, self.relay)
        self.watch = TopologyWatch(self.shop, self.rooms, self.relay)

    async def look(self) -> None:
        await self.watch._look()

    def at(self, second: int) -> Position:
        """Nothing happened up to then."""
        self.relay._hear(Heard(Position(second << 32, 0), None))
        return self.relay.position

    async def come(self, last: Position) -> Line:
        line: Any = Line()
        await self.admission.admit(line, {"token": "t", "last_event_id": last.event_id()})
        seen: Line = line
        return seen

    def leave(self) -> None:
        for client in list(self.rooms.clients):
            self.rooms.remove(client)


@pytest.fixture
async def scene() -> Watched:
    """Watched since the 100th second, while an admin is there."""
    scene = Watched()
    await scene.hearing()
    scene.at(100)
    scene.client(ADMIN)
    await scene.look()
    return scene


def told(line: Line) -> list[dict[str, Any]]:
    return [json.loads(frame[frame.index(b"42[") + 2 :])[1] for frame in line.first]


async def test_what_happened_to_the_nodes_meanwhile_is_told_to_an_admin_who_comes_back(scene: Watched) -> None:
    last = scene.at(110)
    scene.leave()
    scene.nodes.states = {"rs0-0": "DOWN", "rs0-1": "PRIMARY"}
    await scene.look()
    scene.at(111)
    back = await scene.come(last)
    assert [(e["change"], e["node"]) for e in told(back)] == [("member_down", "rs0-0"), ("primary_changed", "rs0-1")]
    assert back.resyncs == []


async def test_an_admin_who_left_before_this_worker_watched_must_fetch_again(scene: Watched) -> None:
    back = await scene.come(Position(99 << 32, 0))
    assert len(back.resyncs) == 1
    late = await scene.come(scene.at(101))
    assert late.resyncs == ["nodes"], "within the margin of where the watch begins"


async def test_the_watch_goes_on_for_a_minute_without_admins_and_forgets_then(
    scene: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [topology.monotonic()]
    monkeypatch.setattr(topology, "monotonic", lambda: now[0])
    await scene.look()
    scene.leave()
    now[0] += topology.GRACE_SECONDS - 1
    await scene.look()
    assert scene.relay.nodes is not None
    now[0] += 2
    await scene.look()
    back = await scene.come(scene.at(200))
    assert back.resyncs == ["nodes"]
    await scene.look()
    assert scene.relay.nodes is not None


async def test_a_topology_that_cannot_be_read_is_compared_when_it_can(scene: Watched) -> None:
    scene.nodes.error = Unavailable()
    await scene.look()
    scene.nodes.error, scene.nodes.states["rs0-1"] = None, "DOWN"
    await scene.look()
    assert scene.relay.nodes is not None
    assert len(scene.relay.nodes.after(Position(0, 0), [ADMINS])) == 1


async def test_the_labs_load_is_told_to_an_admin_who_comes_back() -> None:
    scene = Watched()
    await scene.hearing()
    last = scene.at(100)
    await scene.hear()
    for second in (1, 2):
        change = Announced("load", {"second": second})
        scene.relay._hear(Heard(Position(101 << 32, 2 * second), change))
    back = await scene.come(last)
    assert [e["second"] for e in told(back)] == [1, 2]
    assert len({e["event_id"] for e in told(back)}) == 2
