"""`up`, `status`, `kill`, `start`, `pause`, `resume`, `stepdown`, `down` on three real nodes."""

from __future__ import annotations

import json
import time
from typing import Any

import psutil
import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.cluster.supervised import Place, until


def test_up_makes_a_set_with_one_primary_and_says_how_to_reach_it(shared: Place) -> None:
    until(shared.whole, "all members are up")
    status = json.loads(shared.ok("status", "--json"))
    assert status["topology"] == "replica"
    assert status["sets"] == {"rs0": ["rs0-1", "rs0-2", "rs0-3"]}
    assert sorted(node["state"] for node in status["nodes"]) == ["PRIMARY", "SECONDARY", "SECONDARY"]
    hosts = [node["host"] for node in status["nodes"]]
    assert status["uri"] == f"mongodb://{','.join(hosts)}/?replicaSet=rs0"
    assert all(node["process"] == "running" and psutil.pid_exists(node["pid"]) for node in status["nodes"])
    assert all(node["lag_seconds"] is not None for node in status["nodes"])


def test_status_is_readable_for_people_too(shared: Place) -> None:
    text = shared.ok("status")
    assert "mongodb://" in text
    assert all(node in text for node in ("rs0-1", "rs0-2", "rs0-3"))


def test_nodes_run_with_the_agreed_settings(shared: Place) -> None:
    with MongoClient[dict[str, Any]](shared.status()["uri"]) as client:
        settings = client.admin.command("replSetGetConfig")["config"]["settings"]
        assert settings["electionTimeoutMillis"] == 2000
        assert settings["heartbeatIntervalMillis"] == 500
        assert (
            client.admin.command("getParameter", transactionLifetimeLimitSeconds=1)["transactionLifetimeLimitSeconds"]
            == 5
        )
        options = client.admin.command("getCmdLineOpts")["parsed"]
        assert options["net"]["bindIp"] == "127.0.0.1"
        assert options["storage"]["wiredTiger"]["engineConfig"]["cacheSizeGB"] == 0.25


def test_a_second_up_on_the_same_directory_is_refused(shared: Place) -> None:
    assert "already" in shared.refused("up")


def test_a_demo_on_the_same_directory_is_refused(shared: Place) -> None:
    assert "already in use" in shared.refused("demo", "--port", str(shared.port))


def test_a_node_killed_on_purpose_stays_down_until_it_is_started(shared: Place) -> None:
    secondary = shared.in_state("SECONDARY")[0]
    shared.ok("kill", secondary)
    time.sleep(2)
    assert shared.node(secondary) | {"host": "", "pid": None} == {
        "node": secondary, "host": "", "role": "data", "set": "rs0", "process": "killed", "pid": None,
        "state": "DOWN", "lag_seconds": None,
    }  # fmt: skip
    assert f"{secondary} is killed" in shared.refused("kill", secondary)
    assert f"{secondary} is killed" in shared.refused("pause", secondary)
    shared.ok("start", secondary)
    until(lambda: shared.node(secondary)["state"] == "SECONDARY", "it is back")
    assert "running already" in shared.refused("start", secondary)


def test_a_node_that_crashed_is_started_again(shared: Place) -> None:
    secondary = shared.node(shared.in_state("SECONDARY")[0])
    psutil.Process(secondary["pid"]).kill()
    until(lambda: shared.node(secondary["node"])["state"] == "SECONDARY", "it is back")
    assert shared.node(secondary["node"])["pid"] != secondary["pid"]


def test_after_the_primary_is_killed_another_takes_over_and_writes_go_on(shared: Place) -> None:
    primary = shared.primary()
    with MongoClient[dict[str, Any]](shared.status()["uri"], w="majority", timeoutMS=15_000) as client:
        shared.ok("kill", primary)
        started = time.monotonic()
        client.test.failover.insert_one({})
        assert time.monotonic() - started < 8
    assert shared.primary() != primary


def test_a_paused_node_is_down_and_comes_back_when_it_is_resumed(shared: Place) -> None:
    secondary = shared.in_state("SECONDARY")[0]
    shared.ok("pause", secondary)
    assert (shared.node(secondary)["process"], shared.node(secondary)["state"]) == ("paused", "DOWN")
    assert "is paused" in shared.refused("start", secondary)
    assert "is paused" in shared.refused("pause", secondary)
    shared.ok("resume", secondary)
    until(lambda: shared.node(secondary)["state"] == "SECONDARY", "it is back")
    assert "is running" in shared.refused("resume", secondary)


def test_a_paused_node_can_be_killed_and_started(shared: Place) -> None:
    secondary = shared.in_state("SECONDARY")[0]
    shared.ok("pause", secondary)
    shared.ok("kill", secondary)
    assert shared.node(secondary)["process"] == "killed"
    shared.ok("start", secondary)


def test_a_stepdown_changes_the_primary(shared: Place) -> None:
    before = shared.primary()
    assert before in shared.ok("stepdown")
    assert until(lambda: shared.in_state("PRIMARY"), "a new primary") != [before]


def test_only_the_primary_can_step_down(shared: Place) -> None:
    shared.primary()
    secondary = shared.in_state("SECONDARY")[0]
    assert "not the primary" in shared.refused("stepdown", secondary)


def test_control_works_while_two_of_three_nodes_are_dead_and_starting_them_heals(shared: Place) -> None:
    with MongoClient[dict[str, Any]](shared.status()["uri"], w="majority") as client:
        kept = client.test.kept.insert_one({}).inserted_id
        primary = shared.primary()
        survivor = shared.in_state("SECONDARY")[0]
        dead = [node["node"] for node in shared.status()["nodes"] if node["node"] != survivor]
        for node in dead:
            shared.ok("kill", node)
        until(lambda: shared.node(survivor)["state"] == "SECONDARY", "nobody is primary", within=15)
        assert shared.in_state("PRIMARY") == []
        assert "no primary" in shared.refused("stepdown")
        with pymongo.timeout(1), pytest.raises(PyMongoError):
            client.test.kept.insert_one({})
        for node in dead:
            shared.ok("start", node)
        until(shared.whole, "all nodes are back")
        assert primary in dead
        assert client.test.kept.find_one({"_id": kept})


def test_an_unknown_node_is_named_in_the_answer(shared: Place) -> None:
    assert "'rs0-9'" in shared.refused("kill", "rs0-9")


@pytest.mark.parametrize(
    "command", [("status",), ("down",), ("kill", "rs0-1"), ("start", "rs0-1"), ("resume", "rs0-1"), ("stepdown",)]
)
def test_a_command_says_when_nothing_runs(place: Place, command: tuple[str, ...]) -> None:
    assert "nothing runs on" in place.refused(*command)


def test_up_and_down_keep_the_documents_and_leave_no_process(place: Place) -> None:
    uri = place.ok("up", "--nodes", "1")
    with MongoClient[dict[str, Any]](uri, w="majority") as client:
        kept = client.test.kept.insert_one({}).inserted_id
    place.ok("down")
    assert not place.processes()
    assert place.ok("up") == uri
    with MongoClient[dict[str, Any]](uri) as client:
        assert client.test.kept.find_one({"_id": kept})
    assert len(place.status()["nodes"]) == 1
    place.ok("down")
    assert "holds 1 nodes" in place.refused("up", "--nodes", "3")
