"""`cluster demo --apps N`: several app nodes behind one address, with a stand-in for the shop."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psutil
import pytest

from tests.cluster.supervised import Place, until

SMALL = ("--nodes", "1", "--apps", "2", "--workers", "1")


def get(place: Place, path: str = "/readyz", port: int | None = None) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port or place.port, timeout=5)
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def apps(place: Place) -> dict[str, dict[str, Any]]:
    return {known["node"]: known for known in place.status()["apps"]}


def answering(place: Place, times: int = 12) -> set[str]:
    """The ports of the app nodes that answered."""
    answers = [get(place) for _ in range(times)]
    assert {status for status, _ in answers} == {200}
    return {told["SHARDMART_PORT"] for _, told in answers}


def test_several_app_nodes_are_one_shop_behind_one_address(place: Place) -> None:
    place.start(*SMALL)
    assert place.said() == f"READY http://127.0.0.1:{place.port}\n"
    known = apps(place)
    assert list(known) == ["app-1", "app-2", "proxy"]
    assert {app["state"] for app in known.values()} == {"READY"}
    assert known["proxy"]["host"] == f"127.0.0.1:{place.port}"
    assert "app-2" in place.ok("status")

    ports = [known[name]["host"].rpartition(":")[2] for name in ("app-1", "app-2")]
    assert answering(place) == set(ports)
    told = [get(place, port=int(port))[1] for port in ports]
    for name in ("SHARDMART_MONGO_URI", "SHARDMART_SECRET_KEY", "SHARDMART_DATA_DIR", "SHARDMART_CONTROL_URL"):
        assert told[0][name] == told[1][name]
    assert told[0]["SHARDMART_RUNTIME_DIR"] != told[1]["SHARDMART_RUNTIME_DIR"]
    assert {one["SHARDMART_TRUSTED_PROXIES"] for one in told} == {"127.0.0.1"}
    pages = f"http://127.0.0.1:{place.port},http://localhost:{place.port}"
    assert {one["SHARDMART_ORIGINS"] for one in told} == {pages}
    assert (place.data / "seeds").read_text() == "seed\n"
    assert place.stop() == 0
    assert place.nothing_left(0)


def test_an_app_node_that_is_killed_stays_away_until_it_is_started_and_costs_nobody_an_answer(place: Place) -> None:
    place.start(*SMALL)
    other = apps(place)["app-2"]["host"].rpartition(":")[2]
    place.ok("kill", "app-1")
    assert apps(place)["app-1"] | {"host": ""} == {
        "node": "app-1", "host": "", "state": "DOWN", "process": "killed", "pid": None
    }  # fmt: skip
    assert answering(place) == {other}
    assert "is killed" in place.refused("pause", "app-1")
    place.ok("start", "app-1")
    assert "running already" in place.refused("start", "app-1")
    until(lambda: apps(place)["app-1"]["state"] == "READY", "app-1 is ready again")
    until(lambda: len(answering(place)) == 2, "both are asked again")

    place.ok("pause", "app-2")
    assert apps(place)["app-2"]["process"] == "paused"
    place.ok("resume", "app-2")
    assert apps(place)["app-2"]["state"] == "READY"
    assert "no member of a replica set" in place.refused("stepdown", "app-2")
    assert "app-1, app-2, proxy" in place.refused("kill", "app-3")
    assert place.ask("POST", "/nodes/app-1/kill")[0] == 404  # the shop's lab speaks of database nodes
    place.ok("pause", "app-2")  # a paused one is stopped like any other
    assert place.stop() == 0
    assert place.nothing_left(0)


def test_app_nodes_and_proxy_that_die_are_started_again(place: Place) -> None:
    place.start(*SMALL)
    for name in ("app-2", "proxy"):
        before = psutil.Process(apps(place)[name]["pid"])
        before.send_signal(signal.SIGKILL)
        psutil.wait_procs([before], timeout=5)
        until(lambda name=name: apps(place)[name]["state"] == "READY", f"{name} is there again")
        assert apps(place)[name]["pid"] != before.pid
        assert f"{name} ended by itself" in place.errors()
    assert answering(place)
    assert place.stop() == 0
    assert place.nothing_left(0)


def test_without_any_app_node_the_proxy_answers_as_the_shop_would(place: Place) -> None:
    place.start(*SMALL)
    place.ok("kill", "app-1")
    place.ok("kill", "app-2")
    status, problem = get(place)
    assert (status, problem["status"], problem["code"]) == (503, 503, "unavailable")
    assert place.stop() == 0


def test_after_kill_9_of_the_supervisor_no_app_node_and_no_proxy_is_left(place: Place) -> None:
    supervisor = place.start(*SMALL)
    assert len(place.processes("standin.py work")) == 2
    supervisor.kill()
    supervisor.wait()
    assert place.nothing_left()
    place.start(*SMALL)
    assert place.stop() == 0


def test_what_outlives_supervisor_and_guardian_does_not_hold_the_address(place: Place) -> None:
    supervisor = place.start(*SMALL)
    guardian = place.processes("guardian.py")[0]
    supervisor.send_signal(signal.SIGSTOP)  # so that it does not start another guardian
    guardian.kill()
    supervisor.kill()
    supervisor.wait()
    place.start(*SMALL)
    assert answering(place)
    assert place.stop() == 0


@pytest.mark.parametrize("moment", ["seeding", "starting the shop"])
def test_a_start_that_is_interrupted_leaves_nothing(new_place: Callable[..., Place], moment: str) -> None:
    place = new_place(STANDIN_SEED_SECONDS="0.5")
    supervisor = place.begin(*SMALL)
    until(lambda: f"cluster: {moment}" in place.errors(), moment)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert place.nothing_left(0)


def test_without_nginx_it_says_what_to_install(new_place: Callable[..., Place]) -> None:
    place = new_place(SHARDMART_NGINX="/nowhere/nginx")
    assert "apt-get install nginx" in place.refused("demo", *SMALL)
    place.start("--nodes", "1")  # one app node needs none
    assert list(apps(place)) == ["app-1"]
    assert place.stop() == 0
