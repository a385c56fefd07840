"""However a demo ends, nothing of it is left, and its documents are whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cluster import processes
from cluster.app import App
from cluster.datadir import DataDir
from cluster.guard import Guard
from tests.cluster.supervised import Place, until

SMALL = ("--nodes", "1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_repeated_and_group_wide_signals_stop_it_once_and_in_order(
    new_place: Callable[..., Place], number: int
) -> None:
    place = new_place(STANDIN_STOP_SECONDS="1")
    supervisor = place.start(*SMALL)
    for _ in range(10):
        os.killpg(supervisor.pid, number)
        supervisor.send_signal(number)
        time.sleep(0.03)
    while supervisor.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(supervisor.pid, signal.SIGTERM)
        time.sleep(0.002)
    assert supervisor.returncode == 0
    assert place.nothing_left(0)
    assert (place.data / "stopped").read_text() == "orderly"
    assert place.errors().count("stopping") == 1


def handles_signals(pid: int) -> bool:
    with Path(f"/proc/{pid}/status").open() as status:
        caught = next(line.split()[1] for line in status if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("seconds", [0, 0.1, 0.5, 1.5, 3])
def test_it_can_be_stopped_at_any_moment_of_its_start(new_place: Callable[..., Place], seconds: float) -> None:
    place = new_place(STANDIN_SEED_SECONDS="2")
    supervisor = place.begin()
    until(lambda: handles_signals(supervisor.pid), "it listens")
    time.sleep(seconds)
    os.killpg(supervisor.pid, signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert place.said() == ""
    assert place.nothing_left(0)


def test_a_start_that_was_interrupted_can_be_repeated(new_place: Callable[..., Place]) -> None:
    place = new_place()
    supervisor = place.begin()
    until((place.data / "control.json").exists, "the nodes are started")
    supervisor.kill()
    assert place.nothing_left()
    place.start()
    assert place.stop() == 0


def test_a_background_job_that_started_with_sigint_ignored_stops_on_sigint(place: Place) -> None:
    supervisor = place.start(*SMALL, prefix=("sh", "-c", 'trap "" INT; exec "$@"', "sh"))
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert place.nothing_left(0)


async def test_a_shop_that_does_not_stop_is_killed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("cluster.service.STOP_SECONDS", 1)
    data = DataDir(place.data)
    data.lock()
    guard = Guard(data)
    told = {"SHARDMART_PORT": str(place.port), "SHARDMART_WORKERS": "1", "STANDIN_STOP_SECONDS": "60"}
    shop = App("app-1", place.port, environment=told, data=data, guard=guard)
    try:
        await asyncio.wait_for(shop.start(), 20)
        serving = place.processes("standin.py")
        await shop.stop()
        assert len(serving) == 2
        assert not any(process.is_running() for process in serving)
    finally:
        await guard.close()
        data.unlock()


# --- the parent --------------------------------------------------------------------------------------


def test_it_stops_when_the_process_that_started_it_is_killed(place: Place) -> None:
    parent = place.start(*SMALL, prefix=("sh", "-c", '"$@"; true', "sh"))
    parent.kill()
    assert place.nothing_left(15)
    assert "its parent process" in place.errors()
    assert (place.data / "stopped").read_text() == "orderly"


def test_it_outlives_a_shell_that_started_it_with_nohup(place: Place) -> None:
    assert_outlives_parent(place, ("sh", "-c", 'nohup "$@" & wait', "sh"))


def test_it_outlives_its_parent_when_told_to(place: Place) -> None:
    assert_outlives_parent(place, ("sh", "-c", '"$@"; true', "sh"), "--outlive-parent")


def assert_outlives_parent(place: Place, prefix: tuple[str, ...], *arguments: str) -> None:
    parent = place.start(*SMALL, *arguments, prefix=prefix)
    parent.kill()
    parent.wait()
    time.sleep(1.5)
    supervisor = place.control()["pid"]
    assert psutil.pid_exists(supervisor)
    os.kill(supervisor, signal.SIGTERM)
    assert place.nothing_left(15)


def test_under_nohup_of_a_script_the_script_is_still_watched(place: Place) -> None:
    script = place.start(*SMALL, prefix=("nohup", "sh", "-c", '"$@"; true', "sh"))
    script.kill()
    assert place.nothing_left(15)


# --- kill -9 -----------------------------------------------------------------------------------------


def test_after_kill_9_of_the_supervisor_nothing_is_left_and_a_new_start_recovers(place: Place) -> None:
    supervisor = place.start()
    place.ok("pause", place.in_state("SECONDARY")[0])
    assert len(place.processes("standin.py work")) == 2
    supervisor.kill()
    supervisor.wait()
    assert place.nothing_left()
    assert "nothing runs" in place.refused("status")
    place.start()
    assert place.status()["nodes"]
    assert place.stop() == 0


def test_a_new_start_at_once_after_kill_9_recovers(place: Place) -> None:
    place.start(*SMALL).kill()
    place.start()
    assert place.stop() == 0


def test_what_outlives_supervisor_and_guardian_is_ended_by_the_next_start(place: Place) -> None:
    supervisor = place.start(*SMALL)
    workers = place.processes("standin.py work")
    guardian = place.processes("guardian.py")[0]
    supervisor.send_signal(signal.SIGSTOP)  # so that it does not start another guardian
    guardian.kill()
    supervisor.kill()
    supervisor.wait()
    until(lambda: not place.processes("mongod"), "the kernel ends the nodes")
    assert [worker.is_running() for worker in workers] == [True, True]
    place.start()
    # by what still runs: a killed orphan stays in the table of processes until whoever inherited it looks
    assert not {worker.pid for worker in workers} & {process.pid for process in place.processes()}
    assert "an earlier, killed supervisor left" in place.errors()
    assert place.stop() == 0


def test_a_killed_guardian_is_replaced(place: Place) -> None:
    supervisor = place.start(*SMALL)
    killed = place.processes("guardian.py")[0]
    killed.kill()
    # another one: a killed process is to be seen for a moment
    until(lambda: {one.pid for one in place.processes("guardian.py")} - {killed.pid}, "a new guardian")
    supervisor.kill()
    assert place.nothing_left()


def test_a_process_that_only_has_the_number_of_a_recorded_one_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        known = until(lambda: processes.identify(bystander.pid), "it runs")
        assert known
        for changed in ({"started": "1"}, {"command": "mongod"}, {"boot": "another"}):
            recorded = processes.Identity(**{**known.as_dict(), **changed})  # type: ignore[arg-type]
            assert processes.left_by("no such run", [recorded]) == []
        assert processes.left_by("no such run", [known]) == [bystander.pid]
        bystander.communicate(b"\n")
