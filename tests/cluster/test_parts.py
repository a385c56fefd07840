"""Parts that need no MongoDB."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from cluster import binaries, cli, mongod, plan, ports, topology
from cluster.datadir import DataDir
from cluster.errors import ClusterError


def test_mongod_is_looked_for_by_setting_then_on_path_then_in_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, on_path = tmp_path / "named", tmp_path / "bin" / "mongod"
    on_path.parent.mkdir()
    for program in (named, on_path):
        program.touch(0o755)
    monkeypatch.setenv("SHARDMART_MONGOD", str(named))
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert binaries.find_mongod() == str(named)
    monkeypatch.delenv("SHARDMART_MONGOD")
    assert binaries.find_mongod() == str(on_path)
    on_path.unlink()
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(ClusterError, match="no mongod found: install MongoDB"):
        binaries.find_mongod()
    embedded = tmp_path / "fiftyone" / "db" / "bin" / "mongod"
    embedded.parent.mkdir(parents=True)
    embedded.touch(0o644)
    assert binaries.find_mongod() == str(embedded)
    assert os.access(embedded, os.X_OK)


def test_chosen_ports_are_free_and_avoid_those_given() -> None:
    chosen = ports.choose(5)
    assert len(set(chosen)) == 5
    with closing(socket.create_server(("127.0.0.1", chosen[0]))):
        assert not ports.is_free(chosen[0])
    assert ports.is_free(chosen[0])


def test_ports_are_kept_until_one_is_taken_and_then_all_are_new(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.lock()
    first = plan.prepare(data, kind="replica", nodes=None)
    plan.settle(data, first)
    assert [node.name for node in first.topology.nodes] == ["rs0-1", "rs0-2", "rs0-3"]
    assert plan.prepare(data, kind="replica", nodes=3) == first
    taken = first.topology.nodes[1].port
    second = plan.prepare(data, kind="replica", nodes=None, avoid=frozenset({taken}))
    assert not {node.port for node in second.topology.nodes} & {node.port for node in first.topology.nodes}
    data.unlock()


def test_nodes_with_documents_are_relocated_until_that_has_succeeded(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.lock()
    first = plan.prepare(data, kind="replica", nodes=1)
    assert not first.relocated
    (data.node_path("rs0-1") / "WiredTiger").touch()
    assert plan.prepare(data, kind="replica", nodes=1).relocated
    plan.settle(data, first)
    assert not plan.prepare(data, kind="replica", nodes=1).relocated
    data.unlock()


def test_a_directory_of_another_topology_or_size_is_refused(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.lock()
    plan.prepare(data, kind="replica", nodes=3)
    with pytest.raises(ClusterError, match="holds 3 nodes"):
        plan.prepare(data, kind="replica", nodes=1)
    with pytest.raises(ClusterError, match="topology replica"):
        plan.prepare(data, kind="sharded", nodes=None)
    data.unlock()


def test_one_process_at_a_time_has_the_directory(tmp_path: Path) -> None:
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    first.lock()
    assert second.is_locked()
    with pytest.raises(ClusterError, match=rf"already in use .*process {os.getpid()}"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()
    assert not first.is_locked()


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    secret = data.secret("key")
    assert len(secret) == 64
    assert data.secret("key") == secret
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_damaged_file_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("{")
    assert DataDir(tmp_path).read_json("state") is None


def test_large_logs_are_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.datadir.KEPT_LOG_BYTES", 3)
    data = DataDir(tmp_path)
    data.lock()
    data.log_path("rs0-1").write_text("long")
    assert not data.log_path("rs0-1").exists()
    data.unlock()


def test_the_connection_string_names_all_members() -> None:
    built = topology.build("replica", {"rs0-1": 1, "rs0-2": 2})
    assert built.uri == "mongodb://127.0.0.1:1,127.0.0.1:2/?replicaSet=rs0"


def test_the_last_words_of_a_mongod_are_its_last_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"s":"E","msg":"Failed","attr":{"error":"port in use"}}\n{"s":"I","msg":"Now exiting"}\n')
    assert mongod.last_words(log).startswith("Failed port in use")


@pytest.mark.parametrize(
    "arguments", [["demo", "--port", "0"], ["demo", "--nodes", "8"], ["demo", "--workers", "x"], []]
)
def test_a_wrong_command_line_ends_with_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
