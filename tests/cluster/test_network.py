"""Members with a network of their own; where that cannot be had, the refusal."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.write_concern import WriteConcern

from cluster.errors import ActionRefused
from cluster.network import why_not
from cluster.network.namespaces import taken
from cluster.network.rules import DELAY_SECONDS, LOST_SHARE, Rules
from tests.cluster.supervised import Place, until, up

ONE, TWO, CLIENT = (socket.inet_aton(f"198.18.7.{number}") for number in (1, 2, 254))


@pytest.fixture
def rules() -> Rules:
    return Rules([ONE, TWO])


def test_a_whole_network_carries_everything_at_once(rules: Rules) -> None:
    assert rules.seconds(ONE, TWO) == rules.seconds(CLIENT, ONE) == 0
    assert rules.of(ONE) is None


def test_a_member_that_is_cut_off_hears_and_reaches_clients_alone(rules: Rules) -> None:
    rules.set(ONE, "partition")
    assert rules.of(ONE) == "partition" and rules.of(TWO) is None
    assert rules.seconds(ONE, TWO) is rules.seconds(TWO, ONE) is None
    assert rules.seconds(ONE, CLIENT) == rules.seconds(CLIENT, ONE) == rules.seconds(TWO, CLIENT) == 0
    rules.set(ONE, "reconnect")
    assert rules.seconds(ONE, TWO) == 0 and rules.of(ONE) is None


def test_a_slow_member_is_slow_both_ways(rules: Rules) -> None:
    rules.set(ONE, "delay")
    assert rules.seconds(ONE, TWO) == rules.seconds(TWO, ONE) == DELAY_SECONDS
    assert rules.seconds(CLIENT, ONE) == 0


def test_a_lossy_member_loses_a_share_and_nothing_of_its_clients(rules: Rules) -> None:
    rules.set(ONE, "loss")
    lost = sum(rules.seconds(ONE, TWO) is None for _ in range(10_000))
    assert lost == pytest.approx(10_000 * LOST_SHARE, rel=0.2)
    assert all(rules.seconds(ONE, CLIENT) == 0 for _ in range(100))


def test_what_is_no_member_is_not_touched(rules: Rules) -> None:
    with pytest.raises(ActionRefused):
        rules.set(CLIENT, "partition")


def test_an_address_in_use_is_known() -> None:
    assert taken("127.0.0") and not taken("127.0.0.1.7")


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place | None]:
    """Three nodes with a network each; None where the machine refuses, which is checked."""
    home = tmp_path_factory.mktemp("apart")
    if reason := why_not():
        assert reason in Place(home).refused("up", "--network")
        yield None
        return
    with up(home, "--network") as place:
        yield place


@pytest.fixture
def apart(members: Place | None) -> Place | None:
    if members:
        until(members.whole, "all members are up", within=60)
    return members


def says_primary(host: str) -> bool:
    """What a member says of itself to a client."""
    with MongoClient[dict[str, Any]](host, directConnection=True, serverSelectionTimeoutMS=5000) as client:
        return bool(client.admin.command("hello")["isWritablePrimary"])


def test_a_primary_that_is_cut_off_steps_down_and_another_takes_over_until_it_is_back(apart: Place | None) -> None:
    if apart is None:
        return
    old = apart.primary()
    hosts = {node["node"]: node["host"] for node in apart.status()["nodes"]}
    assert len({host.partition(":")[0] for host in hosts.values()}) == 3
    with MongoClient[dict[str, Any]](apart.status()["uri"], retryWrites=False) as client:
        kept = client["probe"].get_collection("kept")
        kept.insert_one({"_id": "before"})
        assert apart.ok("partition", old) == f"{old} partition"
        assert apart.node(old)["network"] == "partition"
        others = [host for node, host in hosts.items() if node != old]
        until(lambda: any(says_primary(host) for host in others), "another is elected", within=60)
        until(lambda: not says_primary(hosts[old]), "the one that is cut off steps down, and tells a client so")
        until(lambda: client.primary != tuple(hosts[old].split(":")), "the driver knows")
        kept.insert_one({"_id": "meanwhile"})
    assert not has(hosts[old], "meanwhile"), "nothing reaches a member that is cut off"
    apart.ok("reconnect", old)
    until(lambda: has(hosts[old], "meanwhile"), "it catches up", within=60)
    until(lambda: old in apart.in_state("SECONDARY"), "it is a secondary now", within=60)
    assert apart.node(old)["network"] is None


def has(host: str, id: str) -> bool:
    with MongoClient[dict[str, Any]](host, directConnection=True, serverSelectionTimeoutMS=5000) as client:
        found = client["probe"].get_collection("kept").find_one({"_id": id})
    return found is not None


def test_a_slow_link_takes_its_time_between_members_alone(apart: Place | None) -> None:
    if apart is None:
        return
    status = apart.status()
    slow = next(node["node"] for node in status["nodes"] if node["state"] == "SECONDARY")
    with MongoClient[dict[str, Any]](status["uri"]) as client:
        everywhere = client["probe"].get_collection("kept", write_concern=WriteConcern(w=3))
        apart.ok("delay", slow)
        assert seconds(lambda: everywhere.insert_one({"at": "last"})) > 2 * DELAY_SECONDS, "there and back"
        apart.ok("reconnect", slow)
        assert min(seconds(lambda: everywhere.insert_one({"at": "once"})) for _ in range(5)) < DELAY_SECONDS


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


@pytest.mark.parametrize("action", ["partition", "reconnect"])
def test_without_a_network_of_its_own_no_node_is_cut_off(shared: Place, action: str) -> None:
    assert "--network" in shared.refused(action, shared.in_state("SECONDARY")[0])
    assert "network" not in shared.status()["nodes"][0]


def test_a_directory_that_holds_documents_is_left_alone(new_place: Callable[..., Place]) -> None:
    place = new_place()
    (place.data / "nodes" / "rs0-1").mkdir(parents=True)
    (place.data / "nodes" / "rs0-1" / "WiredTiger").touch()
    assert ("new directory" if why_not() is None else "network namespace") in place.refused("up", "--network")
