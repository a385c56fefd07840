"""Everything is killed in turn, under load: what was acknowledged stays, nothing happens twice, and it
heals."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from bson import Int64
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from router_lab import Client, Lab, Process, RawConnection, wait_for

from cluster.router.bootstrap import shard_collection
from cluster.router.sessions import new_session, session_document

Doc = dict[str, Any]
ACID: dict[str, Any] = {"read_concern": ReadConcern("snapshot"), "write_concern": WriteConcern("majority")}
LONGEST_GAP = 12.0
ACCOUNTS = 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[Lab]:
    """Three config servers, three members in shard A, one in shard B."""
    lab = Lab(nodes=(3, 3, 1))
    lab.start()
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def shop(cluster: Lab) -> Iterator[Client]:
    """A client of the router."""
    with cluster.client() as client:
        client.admin.command("balancerStop")
        yield client


class Load:
    """Counters, transfers and a listener, each in a thread of its own, until it is stopped."""

    def __init__(self, client: Client, name: str) -> None:
        shard_collection(client, f"shop.{name}", {"seller_id": "hashed", "_id": 1})
        self.client = client
        self.items: Collection[Doc] = client["shop"][name].with_options(write_concern=WriteConcern("majority"))
        self.sellers = self._one_seller_per_shard()
        accounts = [{**self.key(n), "n": 100} for n in range(ACCOUNTS)]
        self.items.insert_many([*accounts, {**self.counter(0), "n": 0}, {**self.counter(1), "n": 0}])
        self.acknowledged, self.unknown = [0, 0], [0, 0]
        self.longest_gap = [0.0, 0.0]
        self.transfers = 0
        self.events: list[Doc] = []
        self._stop, self._listening = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._listen),
            threading.Thread(target=self._count, args=(0,)),
            threading.Thread(target=self._count, args=(1,)),
            threading.Thread(target=self._transfer),
        ]

    def _one_seller_per_shard(self) -> list[str]:
        found: dict[str, str] = {}
        for number in range(40):
            seller = f"s{number}"
            plan = self.items.find({"seller_id": seller}).explain()["queryPlanner"]["winningPlan"]
            found.setdefault(plan["shards"][0]["shardName"], seller)
        return [found["shardA"], found["shardB"]]

    def key(self, number: int) -> Doc:
        """An account's."""
        return {"_id": number, "seller_id": self.sellers[number % 2]}

    def counter(self, which: int) -> Doc:
        """The counter's on shard A (0) or B (1)."""
        return {"_id": 100 + which, "seller_id": self.sellers[which]}

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
            assert self._listening.wait(10), "the others must not be ahead of the listener"
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1)
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _count(self, which: int) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            try:
                self.items.update_one(self.counter(which), {"$inc": {"n": 1}})
            except PyMongoError:
                self.unknown[which] += 1
                continue
            self.acknowledged[which] += 1
            now = time.monotonic()
            self.longest_gap[which], last = max(self.longest_gap[which], now - last), now

    def _transfer(self) -> None:
        rng = random.Random(1)

        def body(session: Any) -> None:
            source, target = rng.sample(range(ACCOUNTS), 2)
            for number, change in ((source, -1), (target, 1)):
                self.items.update_one(self.key(number), {"$inc": {"n": change}}, session=session)

        while not self._stop.is_set():
            try:
                with self.client.start_session() as session:
                    session.with_transaction(body, **ACID)
                    self.transfers += 1
            except PyMongoError:
                time.sleep(0.1)

    def _listen(self) -> None:
        only = [{"$match": {"ns.coll": self.items.name, "documentKey._id": {"$gte": 100}}}]
        with self.client["shop"].watch(only, max_await_time_ms=300, full_document="updateLookup") as stream:
            self._listening.set()
            quiet_since = None
            while quiet_since is None or time.monotonic() - quiet_since < 2:
                event = stream.try_next()
                if event is not None:
                    self.events.append(event)
                quiet_since = (quiet_since or time.monotonic()) if self._stop.is_set() and event is None else None

    def check(self) -> None:
        """All books are in order."""
        stored = {d["_id"]: d["n"] for d in self.items.find()}
        assert sum(stored[n] for n in range(ACCOUNTS)) == 100 * ACCOUNTS
        assert self.transfers > 0
        for which in (0, 1):
            value = stored[100 + which]
            assert self.acknowledged[which] > 0
            assert self.acknowledged[which] <= value <= self.acknowledged[which] + self.unknown[which]
            changes = [e for e in self.events if e["documentKey"]["_id"] == 100 + which]
            told = [e["updateDescription"]["updatedFields"]["n"] for e in changes]
            assert told == list(range(1, value + 1)), "an event was lost, doubled or out of order"


def restart(process: Process) -> None:
    """Start a process again and wait for it."""
    process.start()
    wait_for(process)


@pytest.mark.parametrize("victim", ["shardA", "config"])
def test_a_primary_is_killed(cluster: Lab, shop: Client, victim: str) -> None:
    with Load(shop, f"kill_{victim}") as load:
        killed = cluster.primary(victim)
        killed.kill()
        new = cluster.primary(victim)
        assert new is not killed
        time.sleep(2)
        restart(killed)
    load.check()
    assert max(load.longest_gap) < LONGEST_GAP


def test_a_primary_hangs(cluster: Lab, shop: Client) -> None:
    with Load(shop, "hang") as load:
        hung = cluster.primary("shardA")
        hung.pause()
        time.sleep(9)
        hung.resume()
        cluster.primary("shardA")
    load.check()
    assert max(load.longest_gap) < LONGEST_GAP


@pytest.mark.dev_router
def test_the_engine_is_killed(cluster: Lab, shop: Client) -> None:
    engine = cluster.sets["engine"][0]
    with Load(shop, "kill_engine") as load:
        engine.kill()
        for _ in range(20):
            assert len(list(load.items.find().sort("n", 1))) == ACCOUNTS + 2
        restart(engine)
        cluster.primary("engine")
        for _ in range(20):
            assert len(list(load.items.find().sort("n", 1))) == ACCOUNTS + 2
    load.check()
    assert load.unknown == [0, 0]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_router_is_killed(cluster: Lab, shop: Client, number: int) -> None:
    with Load(shop, f"kill_router_{int(number)}") as load:
        cluster.router.kill(number)
        restart(cluster.router)
    load.check()
    assert max(load.longest_gap) < LONGEST_GAP


def test_a_shards_only_member_is_away(cluster: Lab, shop: Client) -> None:
    with Load(shop, "away") as load:
        only = cluster.sets["shardB"][0]
        only.kill()
        began, before = time.monotonic(), load.acknowledged[0]
        while time.monotonic() - began < 5:
            time.sleep(0.1)
        assert load.acknowledged[0] > before + 10, "the other shard goes on"
        restart(only)
        cluster.primary("shardB")
        time.sleep(1)
    load.check()
    assert load.longest_gap[0] < 3


@pytest.mark.parametrize("how", ["killed", "paused"])
def test_a_transaction_does_not_wait_for_a_shard_that_it_has_no_part_in(cluster: Lab, shop: Client, how: str) -> None:
    """A snapshot needs a time, and every shard is asked for it: the one that is away must not hold it up."""
    load = Load(shop, f"apart_{how}")
    only = cluster.sets["shardB"][0]
    (only.kill if how == "killed" else only.pause)()
    try:
        for _ in range(3):
            time.sleep(1.1)  # until the time that the router knows counts as old
            began = time.monotonic()
            with shop.start_session() as session, session.start_transaction(**ACID):
                load.items.update_one(load.counter(0), {"$inc": {"n": 1}}, session=session)
            assert time.monotonic() - began < 2
    finally:
        if how == "killed":
            restart(only)
        else:
            only.resume()
        cluster.primary("shardB")


def test_a_shards_only_member_hangs(cluster: Lab, shop: Client) -> None:
    load = Load(shop, "hanging")
    only = cluster.sets["shardB"][0]

    def both(session: Any) -> None:
        for which in (0, 1):
            load.items.update_one(load.counter(which), {"$inc": {"n": 1}}, session=session)

    only.pause()
    try:
        began = time.monotonic()
        with pytest.raises(PyMongoError), shop.start_session() as session, pymongo.timeout(5):
            session.with_transaction(both, **ACID)
        assert time.monotonic() - began < 10
        assert load.items.update_one(load.counter(0), {"$inc": {"n": 5}}).modified_count == 1
    finally:
        only.resume()
    with shop.start_session() as session:
        session.with_transaction(both, **ACID)
    assert [load.items.find_one(load.counter(which))["n"] for which in (0, 1)] == [6, 1]


def open_transaction(load: Load, raw: RawConnection) -> Doc:
    """A transaction that has written on both shards; the fields to commit it with."""
    identity: Doc = {"lsid": session_document(new_session()), "txnNumber": Int64(1), "autocommit": False}
    reply: Doc = {}
    for which in (0, 1):
        updates = [{"q": load.counter(which), "u": {"$inc": {"n": 1}}}]
        start = {"startTransaction": True} if which == 0 else {}
        reply = raw.command("shop", {"update": load.items.name, "updates": updates, **identity, **start})
        assert reply["ok"], reply
    return {"commitTransaction": 1, **identity, "recoveryToken": reply["recoveryToken"]}


@pytest.mark.parametrize("victim", ["shardA", "shardB"])
def test_a_participant_dies_before_the_commit(cluster: Lab, shop: Client, victim: str) -> None:
    load = Load(shop, f"before_{victim}")
    with RawConnection(cluster.router.port) as raw:
        commit = open_transaction(load, raw)
        killed = cluster.primary(victim)
        killed.kill()
        restart(killed)
        cluster.primary(victim)
        reply = raw.command("admin", commit)
    assert reply["ok"] == 0.0
    assert "TransientTransactionError" in reply["errorLabels"]
    assert [load.items.find_one(load.counter(which))["n"] for which in (0, 1)] == [0, 0]


@pytest.mark.parametrize("victim", ["shardA", "shardB", "router"])
def test_a_commit_is_asked_for_again_after_a_kill(cluster: Lab, shop: Client, victim: str) -> None:
    load = Load(shop, f"after_{victim}")
    with RawConnection(cluster.router.port) as raw:
        commit = open_transaction(load, raw)
        assert raw.command("admin", commit)["ok"] == 1.0
    killed = cluster.router if victim == "router" else cluster.primary(victim)
    killed.kill()
    restart(killed)
    with RawConnection(cluster.router.port) as raw:
        end = time.monotonic() + 20
        while not (reply := raw.command("admin", commit))["ok"]:
            assert "UnknownTransactionCommitResult" in reply.get("errorLabels", []), reply
            assert time.monotonic() < end
    for which in (0, 1):
        assert load.items.find_one(load.counter(which))["n"] == 1


@pytest.mark.dev_router
def test_the_router_stops_cleanly_and_says_nothing(cluster: Lab) -> None:
    router = cluster.second_router
    with RawConnection(router.port) as raw:
        raw.command("admin", {"aggregate": 1, "pipeline": [{"$changeStream": {}}], "cursor": {}})
        raw.command("shop", {"aggregate": 1, "pipeline": [{"$changeStream": {}}], "cursor": {}})
        assert router.popen is not None
        router.popen.send_signal(signal.SIGINT)
        router.popen.send_signal(signal.SIGTERM)
        assert router.kill(signal.SIGTERM) == 0
    assert router.output == b""
    assert "Traceback" not in router.log()
    restart(router)
    assert "Traceback" not in cluster.router.log()
