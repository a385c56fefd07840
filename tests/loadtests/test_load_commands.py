"""What the command line says when it cannot run: one line, exit code 2."""

from __future__ import annotations

import http.server
import importlib.util
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.network.rules import FAULTS as NETWORK
from loadtests.cli import main
from tests.support.demo import free_port


def run(out: Path, *more: str) -> int:
    return main(["run", "--scenario", "hot_item", "--time", "5s", "--out", str(out), *more])


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is no shop."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_host_where_nothing_answers_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert run(tmp_path, "--host", url) == 2
    assert f"nothing answers on {url}" in capsys.readouterr().err


def test_a_host_that_is_no_shardmart_is_refused(
    stranger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--host", stranger) == 2
    assert f"{stranger} is not a Shardmart" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["shop", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"])
def test_what_is_no_address_is_refused(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--host", address) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_taken_port_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(tmp_path, "--port", str(port)) == 2
    assert f"port {port} is taken" in capsys.readouterr().err


def test_a_demo_that_does_not_come_up_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARDMART_MONGOD", str(tmp_path / "absent"))
    assert run(tmp_path) == 2
    said = capsys.readouterr().err
    assert "the demo did not come up" in said and "absent" in said


def test_locust_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run(tmp_path) == 2
    assert "Locust is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--faults", "explode@3s"], "explode"),
        (["--faults", "stepdown@2s", "--host", "http://127.0.0.1:1"], "--data-dir"),
        (["--host", "http://127.0.0.1:1", "--admin-password-file", "/absent"], "/absent"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_starts(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, *arguments) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("what", NETWORK)
def test_links_that_cannot_be_broken_here_are_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.run.why_not", lambda: "that takes root")
    assert run(tmp_path, "--faults", f"{what}:rs0-1@3s") == 2
    said = capsys.readouterr().err
    assert "network namespace" in said and "that takes root" in said and len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--time", "0s"],
        ["--time", "soon"],
        ["--users", "0"],
        ["--nodes", "8"],
        ["--strategy", "hope"],
        ["--write-concern", "0"],
        ["--scenario", "everything"],
    ],
)
def test_a_wrong_option_is_refused(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        run(tmp_path, *arguments)
    assert ended.value.code == 2


def test_what_holds_no_ledgers_cannot_be_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadtests.target.Target.identify", lambda self: None)
    assert main(["check", str(tmp_path), "--host", "http://127.0.0.1:1"]) == 2
    assert "does not hold the ledgers" in capsys.readouterr().err


def test_comparing_what_is_no_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path / "absent.json"), "--out", str(tmp_path / "out.html")]) == 2
    assert "absent.json" in capsys.readouterr().err
