"""What the relay does, on a feed that the test writes: pace, order, the ring, and what is no longer there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shardmart.domain.accounts import Actor, Role
from shardmart.domain.changes import Missed, Position, ProductChanged, SessionEnded, position_of
from shardmart.domain.reports import Member
from shardmart.realtime import relay
from shardmart.realtime.forever import forever
from shardmart.realtime.frames import event_frame
from shardmart.realtime.limits import EVENTS_A_SECOND, MOST_ROOMS, Bucket
from shardmart.realtime.ring import Kept, Ring, Shown, States
from shardmart.realtime.rooms import Client, Rooms, TooManyRooms, product_room, user_room
from shardmart.realtime.topology import differences
from tests.unit.relay_scene import PRODUCT, Line, Scene, changed


async def test_the_first_change_is_told_at_once_and_the_last_of_the_rest_after_the_pause() -> None:
    scene = await Scene().hearing()
    line = scene.client(None, product_room(PRODUCT))
    await scene.hear(*[changed(version, 100 - version) for version in range(1, 50)])
    assert [e["version"] for _, e in line.events] == [1]
    await asyncio.sleep(0.12)
    assert [e["version"] for _, e in line.events] == [1, 49]


async def test_an_older_version_and_the_same_state_again_are_not_told() -> None:
    scene = await Scene().hearing()
    line = scene.client(None, product_room(PRODUCT))
    await scene.hear(changed(5, 10), changed(4, 11), changed(5, 10))
    await asyncio.sleep(0.12)
    assert [(e["version"], e["stock"]) for _, e in line.events] == [(5, 10)]


async def test_the_end_of_a_session_ends_its_sockets_and_refuses_those_that_come_a_moment_late() -> None:
    scene = await Scene().hearing()
    mine = scene.client(Actor("u", Role.BUYER, "s1"))
    other = scene.client(Actor("u", Role.BUYER, "s2"))
    await scene.hear(SessionEnded("s1"))
    assert (mine.ends, other.ends) == (["unauthenticated"], [])
    assert scene.relay.has_ended("s1", "u")
    assert not scene.relay.has_ended("s2", "u")


async def test_a_hole_in_the_feed_is_told_to_all_and_their_sessions_are_looked_at_again() -> None:
    scene = await Scene().hearing()
    scene.alive = {"s2"}
    gone, there = scene.client(Actor("u", Role.BUYER, "s1")), scene.client(Actor("v", Role.BUYER, "s2"))
    await scene.hear(changed(1, 1), Missed())
    await asyncio.sleep(0.05)
    assert gone.resyncs == there.resyncs == ["missed"]
    assert (gone.ends, there.ends) == (["unauthenticated"], [])
    assert not scene.relay.states.covers(Position(1, 2))


async def test_sessions_are_looked_at_until_the_database_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "AWAY_SECONDS", 0.01)
    scene = await Scene().hearing()
    scene.away = 3
    gone, also_gone = scene.client(Actor("u", Role.BUYER, "s1")), scene.client(Actor("v", Role.BUYER, "s2"))
    await scene.hear(Missed())
    await asyncio.sleep(0.3)
    assert (gone.ends, also_gone.ends) == (["unauthenticated"], ["unauthenticated"])


async def test_a_fault_in_what_comes_again_and_again_is_logged_once_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns, enough = 0, asyncio.Event()

    async def work() -> None:
        nonlocal turns
        turns += 1
        if turns == 8:
            enough.set()
        if turns not in (1, 5):
            raise KeyError("a fault of ours")

    task = asyncio.create_task(forever(work, 0.001, "something"))
    await asyncio.wait_for(enough.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage() for record in warnings] == ["a look at something failed; it goes on"] * 2


async def test_a_product_taken_out_by_hand_makes_its_listeners_look_again() -> None:
    scene = await Scene().hearing()
    line, other = scene.client(None, product_room(PRODUCT)), scene.client(None, product_room("x"))
    await scene.hear(ProductChanged(PRODUCT, None))
    assert (line.resyncs, other.resyncs) == (["gone"], [])


def test_the_ring_knows_what_it_has_forgotten() -> None:
    ring = Ring(most=3)
    for n in range(1, 6):
        ring.add(Kept(Position(n, 2), frozenset({user_room(str(n % 2))}), b"%d" % n))
    assert not ring.covers(Position(1, 2))
    assert ring.covers(Position(2, 2))
    assert [kept.frame for kept in ring.after(Position(3, 2), [user_room("0"), user_room("1")])] == [b"4", b"5"]
    assert [kept.frame for kept in ring.after(Position(2, 2), [user_room("1")])] == [b"3", b"5"]


def test_states_keep_those_that_changed_last() -> None:
    states = States(most=2)
    for n, id in enumerate("abac"):
        states.put(id, Shown(Position(n, 2), n, {}, id.encode()))
    assert not states.covers(Position(0, 2))
    assert [shown.frame for shown in states.after(Position(1, 2), None)] == [b"a", b"c"]
    assert states.after(Position(1, 2), ["b"]) == []


def test_rooms_are_left_empty_and_no_more_than_allowed() -> None:
    rooms, line = Rooms(), Line()
    client = Client(line)  # type: ignore[arg-type]
    rooms.add(client)
    rooms.subscribe(client, [product_room(str(n)) for n in range(MOST_ROOMS)])
    with pytest.raises(TooManyRooms):
        rooms.subscribe(client, ["one more"])
    rooms.remove(client)
    assert rooms._rooms == {}


@pytest.mark.parametrize("text", ["", "x", "6b055ffb00000005", "6b055ffb00000005-", "6b055ffb00000005-2-", "é" * 20])
def test_what_is_no_event_id_is_none(text: str) -> None:
    assert position_of(text) is None


@pytest.mark.parametrize("mark", ["", "t12", "news"])
def test_an_event_id_is_its_position(mark: str) -> None:
    position = Position(7711843542016000005, 14)
    assert position_of(position.event_id(mark)) == position


def test_a_second_brings_so_many_events_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("shardmart.realtime.limits.monotonic", lambda: now[0])
    bucket = Bucket()
    assert sum(bucket.take() for _ in range(50)) == EVENTS_A_SECOND
    now[0] += 0.5
    assert sum(bucket.take() for _ in range(50)) == EVENTS_A_SECOND // 2


@pytest.mark.parametrize("size", [1, 100, 200, 70_000])
def test_a_frame_is_what_a_client_reads(size: int) -> None:
    frame = event_frame("e", {"x": "y" * size})
    body = b'42["e",{"x":"%s"}]' % (b"y" * size)
    head = frame[: len(frame) - len(body)]
    assert frame.endswith(body)
    assert head[0] == 0x81
    assert (head[1] if len(head) == 2 else int.from_bytes(head[2:], "big")) == len(body)


def test_what_changed_in_the_topology_is_named() -> None:
    def topology(*states: str) -> dict[str, Any]:
        members = [Member(f"rs0-{n}", f"h{n}", state, 0.0) for n, state in enumerate(states)]
        return {"kind": "replica", "set": "rs0", "members": members}

    before, after = topology("PRIMARY", "SECONDARY", "DOWN"), topology("DOWN", "PRIMARY", "SECONDARY")
    told = {(news["change"], news["node"]) for news in differences(before, after)}
    assert told == {("member_down", "rs0-0"), ("primary_changed", "rs0-1"), ("member_up", "rs0-2")}
    assert list(differences(after, after)) == []


def test_a_chunk_that_moved_is_named_with_its_shards() -> None:
    def topology(shard: str) -> dict[str, Any]:
        return {"kind": "sharded", "collections": {"products": {"chunks": [{"min": {"x": 1}, "shard": shard}]}}}

    (news,) = differences(topology("shard1"), topology("shard2"))
    assert (news["change"], news["from"], news["to"]) == ("chunk_moved", "shard1", "shard2")
