"""`python -m cluster demo` with a stand-in for the shop: start, restart, what it refuses."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import urllib.request
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psutil
from pymongo import MongoClient

from tests.cluster.supervised import Place, until


def told(place: Place) -> dict[str, str]:
    """What the shop was told by its environment; it answers GET /readyz with that."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{place.port}/readyz", timeout=5) as response:
        answer: dict[str, str] = json.loads(response.read())
    return answer


def keep(place: Place, value: str) -> None:
    with MongoClient[dict[str, Any]](place.status()["uri"], w="majority") as client:
        client.test.kept.insert_one({"value": value})


def kept(place: Place) -> list[str]:
    with MongoClient[dict[str, Any]](place.status()["uri"]) as client:
        return sorted(document["value"] for document in client.test.kept.find())


def remembered_ports(place: Place) -> dict[str, int]:
    found: dict[str, int] = json.loads((place.data / "cluster.json").read_text())["nodes"]
    return found


def test_a_demo_says_ready_once_and_a_second_start_finds_everything_again(place: Place) -> None:
    place.start("--workers", "3")
    assert place.said() == f"READY http://127.0.0.1:{place.port}\n"
    shop = told(place)
    assert shop["SHARDMART_MONGO_URI"] == place.status()["uri"]
    assert shop["SHARDMART_WORKERS"] == "3"
    assert {"url": shop["SHARDMART_CONTROL_URL"], "token": shop["SHARDMART_CONTROL_TOKEN"]}.items() <= (
        place.control().items()
    )
    assert len(place.processes("standin.py work")) == 3
    keep(place, "first")
    first_secret = (place.data / "secret_key").read_text()
    assert len(bytes.fromhex(first_secret)) >= 32
    assert stat.S_IMODE((place.data / "secret_key").stat().st_mode) == 0o600
    ports = remembered_ports(place)
    assert place.stop() == 0
    assert not place.processes()
    assert (place.data / "stopped").read_text() == "orderly"

    place.start()
    assert kept(place) == ["first"]
    assert remembered_ports(place) == ports
    assert (place.data / "secret_key").read_text() == first_secret
    assert (place.data / "seeds").read_text() == "seed\n"
    assert told(place)["SHARDMART_CONTROL_TOKEN"] != shop["SHARDMART_CONTROL_TOKEN"]
    place.ok("pause", place.in_state("SECONDARY")[0])
    assert place.stop() == 0
    assert place.nothing_left(0)


def test_the_shop_is_started_again_when_it_dies_and_its_workers_with_it(place: Place) -> None:
    place.start("--nodes", "1")
    workers = place.processes("standin.py work")
    place.processes("standin.py serve")[0].kill()
    psutil.wait_procs(workers, timeout=5)
    assert not any(worker.is_running() for worker in workers)
    until(lambda: len(place.processes("standin.py work")) == 2, "new workers")
    until(lambda: answers(place), "the shop answers again")
    assert place.said().count("READY") == 1
    assert place.stop() == 0


def answers(place: Place) -> bool:
    try:
        return bool(told(place))
    except OSError:
        return False


def test_a_shop_that_refuses_to_start_ends_the_demo_with_one_line(new_place: Callable[..., Place]) -> None:
    place = new_place(STANDIN_EXIT="3")
    assert place.begin("--nodes", "1").wait(60) == 1
    assert place.said() == ""
    assert "ended before it was ready (exit code 3)" in place.errors().splitlines()[-1]
    assert place.nothing_left(0)


def test_seeding_can_be_switched_off(new_place: Callable[..., Place]) -> None:
    place = new_place(SHARDMART_SEED="off")
    place.start("--nodes", "1")
    assert not (place.data / "seeds").exists()
    assert place.stop() == 0


def test_several_demos_run_side_by_side(new_place: Callable[..., Place]) -> None:
    one, other = new_place("one"), new_place("other")
    one.begin("--nodes", "1")
    other.begin("--nodes", "1")
    one.await_ready()
    other.await_ready()
    assert not set(remembered_ports(one).values()) & set(remembered_ports(other).values())
    assert (one.stop(), other.stop()) == (0, 0)


def test_a_taken_port_is_named(place: Place) -> None:
    with closing(socket.create_server(("127.0.0.1", place.port))):
        assert f"port {place.port} is taken" in place.refused("demo", "--port", str(place.port))


def test_a_demo_without_mongod_says_what_to_install(new_place: Callable[..., Place]) -> None:
    missing = new_place("missing", SHARDMART_MONGOD="/nowhere/mongod")
    assert "SHARDMART_MONGOD names /nowhere/mongod" in missing.refused("demo")
    assert "install MongoDB" in missing.refused("up")


def test_a_mongod_that_cannot_run_is_reported_with_its_own_words(new_place: Callable[..., Place]) -> None:
    place = new_place()
    broken = place.home / "mongod"
    broken.write_text("#!/bin/sh\necho 'a library is missing' >&2\nexit 1\n")
    broken.chmod(0o755)
    place.environment["SHARDMART_MONGOD"] = str(broken)
    done = place.run("demo", "--port", str(place.port), "--nodes", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a library is missing" in done.stderr
    assert place.nothing_left(0)


def test_a_directory_that_cannot_be_used_is_named(place: Place) -> None:
    place.data.write_text("a file")
    assert "cannot use the data directory" in place.refused("demo", "--port", str(place.port))


def test_a_remembered_port_that_somebody_took_is_replaced(place: Place) -> None:
    place.start("--nodes", "2")
    keep(place, "before")
    assert place.stop() == 0
    before = remembered_ports(place)
    with closing(socket.create_server(("127.0.0.1", before["rs0-2"]))):
        place.start()
        assert not set(before.values()) & set(remembered_ports(place).values())
        until(place.whole, "all members are up")
        assert kept(place) == ["before"]
        keep(place, "after")
        assert place.stop() == 0


def test_a_copied_data_directory_is_a_cluster_of_its_own(new_place: Callable[..., Place]) -> None:
    original, copy = new_place("original"), new_place("copy")
    original.start("--nodes", "2")
    keep(original, "both")
    assert original.stop() == 0
    shutil.copytree(original.data, copy.data)
    original.start()
    before = {process.pid for process in original.processes()}
    # as if it had been copied from a running one: the record of its processes must not be believed
    shutil.copy(original.data / "processes.json", copy.data)
    copy.start()
    assert {process.pid for process in original.processes()} >= before
    keep(original, "original")
    keep(copy, "copy")
    assert kept(original) == ["both", "original"]
    assert kept(copy) == ["both", "copy"]
    assert (copy.stop(), original.stop()) == (0, 0)


def test_a_lost_state_file_is_made_anew(place: Place) -> None:
    place.start("--nodes", "1")
    keep(place, "before")
    assert place.stop() == 0
    (place.data / "cluster.json").unlink()
    place.start()
    assert kept(place) == ["before"]
    assert place.stop() == 0


def test_a_reader_of_standard_error_that_is_gone_does_no_harm(place: Place) -> None:
    place.start("--nodes", "1", prefix=("bash", "-c", 'exec "$@" 2> >(exec true)', "bash"))
    assert place.stop() == 0
