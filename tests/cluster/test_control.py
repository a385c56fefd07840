"""The control endpoint: who may use it, and what it does with requests that make no sense."""

from __future__ import annotations

import socket
import stat
import time
from urllib.parse import urlsplit

import psutil
import pytest

from tests.cluster.supervised import Place, until


def exchange(place: Place, request: bytes, *, seconds: float = 10) -> bytes:
    """What comes back for these bytes."""
    address = urlsplit(place.control()["url"])
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
        return answer


def test_nodes_are_described(shared: Place) -> None:
    status, answer = shared.ask("GET", "/nodes")
    assert status == 200
    assert set(answer) == {"topology", "uri", "sets", "nodes", "apps"}
    assert set(answer["nodes"][0]) == {"node", "host", "role", "set", "process", "pid"}


def test_an_action_answers_202_with_the_record(shared: Place) -> None:
    secondary = shared.in_state("SECONDARY")[0]
    status, record = shared.ask("POST", f"/nodes/{secondary}/kill")
    assert (status, record["node"], record["process"], record["pid"]) == (202, secondary, "killed", None)
    status, record = shared.ask("POST", f"/nodes/{secondary}/start")
    assert (status, record["process"]) == (202, "running")
    assert psutil.pid_exists(record["pid"])


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer \xff"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nodes"), ("POST", "/nodes/rs0-1/kill"), ("POST", "/shutdown")]
)
def test_without_the_token_nothing_is_told_or_done(shared: Place, method: str, path: str, token: str) -> None:
    status, answer = shared.ask(method, path, Authorization=token)
    assert (status, answer["error"]) == (401, "unauthorized")
    assert all(node["process"] == "running" for node in shared.ask("GET", "/nodes")[1]["nodes"])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/nodes/rs0-9/kill", 404),
        ("POST", "/nodes/rs0-1/explode", 404),
        ("POST", "/nodes/rs0-1/__init__", 404),
        ("GET", "/", 404),
        ("GET", "/nodes/rs0-1", 404),
        ("GET", "/nodes/rs0-1/kill", 405),
        ("DELETE", "/nodes", 405),
        ("POST", "/nodes/rs0-1/start", 409),
        ("POST", "/nodes/rs0-1/resume", 409),
    ],
)
def test_senseless_requests_are_refused(shared: Place, method: str, path: str, expected: int) -> None:
    status, answer = shared.ask(method, path)
    assert status == expected
    assert answer["message"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"nonsense\r\n\r\n", b" 400 "),
        (b"GET /nodes HTTP/1.1\r\nContent-Length: x\r\n\r\n", b" 400 "),
        (b"GET /nodes HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b" 413 "),
        (b"POST /nodes HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b" 413 "),
        (b"POST /nodes HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b" 413 "),
        (b"GET /nodes HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b" 431 "),
    ],
)
def test_malformed_and_large_requests_are_refused(shared: Place, request_: bytes, expected: bytes) -> None:
    assert expected in exchange(shared, request_).partition(b"\r\n")[0]


def test_a_request_that_does_not_end_is_cut_off_and_others_are_served_meanwhile(shared: Place) -> None:
    address = urlsplit(shared.control()["url"])
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as slow:
        slow.sendall(b"GET /nodes HTTP/1.1\r\n")
        assert shared.ask("GET", "/nodes")[0] == 200
        started = time.monotonic()
        slow.settimeout(10)
        assert b" 408 " in slow.recv(4096)
        assert time.monotonic() - started < 8


def test_many_idle_connections_do_not_stay(shared: Place) -> None:
    address = urlsplit(shared.control()["url"])
    idle = [socket.create_connection((str(address.hostname), int(address.port or 0))) for _ in range(60)]
    for connection in idle:
        connection.close()
    until(lambda: serves(shared), "it serves again")


def serves(place: Place) -> bool:
    try:
        return place.ask("GET", "/nodes")[0] == 200
    except OSError:
        return False


def test_the_token_is_readable_by_its_owner_only_and_the_endpoint_is_on_loopback(shared: Place) -> None:
    for name in ("control.json", "cluster.json", "processes.json"):
        assert stat.S_IMODE((shared.data / name).stat().st_mode) == 0o600
    control = shared.control()
    assert control["url"].startswith("http://127.0.0.1:")
    listening = [c.laddr for c in psutil.Process(control["pid"]).net_connections() if c.status == psutil.CONN_LISTEN]
    assert [address.ip for address in listening] == ["127.0.0.1"]
