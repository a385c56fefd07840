"""Breaks what a plan says, and mends it. In a thread of its own; what cannot be done is said and noted."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil

from cluster import commands
from cluster.control import CONTROL_FILE
from cluster.datadir import DataDir
from cluster.errors import ClusterError
from cluster.network.rules import FAULTS as NETWORK
from loadtests.console import log
from loadtests.faults.plan import Fault, steps

PRIMARY_SECONDS = 15.0  # how long a fault waits for a primary that it can hit
HEAL_SECONDS = 90.0
MOVE_SECONDS = 10.0  # transactions under way hold the lock that the move must get within half a second
UNDO = {"kill-primary": "start", "kill": "start", "kill-router": "start", "pause": "resume"}
UNDO |= dict.fromkeys(NETWORK, "reconnect")
UP = ("PRIMARY", "SECONDARY", "ROUTER")


@dataclass
class Hit:
    """A fault that was tried. `at`: monotonic; `nodes`: what it hit; `error`: why it hit nothing."""

    fault: Fault
    at: float
    nodes: list[str] = field(default_factory=list)
    error: str | None = None


class Breaker:
    """`seller`: whose chunk moves."""

    def __init__(self, data: DataDir, url: str, plan: Sequence[Fault], *, seller: str) -> None:
        self._data, self._url, self._seller = data, url, seller
        self._plan = list(plan)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._began = 0.0
        self.hits: list[Hit] = []

    def start(self, began: float) -> None:
        self._began = began
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        hits: dict[int, Hit] = {}
        for at, number, do in steps(self._plan):
            if self._stop.wait(max(0.0, self._began + at - time.monotonic())):
                return
            if do:
                hits[number] = self._break(self._plan[number])
            else:
                self._mend(hits[number])

    def _break(self, fault: Fault) -> Hit:
        hit = Hit(fault, time.monotonic())
        try:
            hit.nodes = self._actions()[fault.what](fault)
        except (ClusterError, OSError, psutil.Error, LookupError, ValueError) as error:
            hit.error = str(error).partition(", full error")[0]
        self.hits.append(hit)
        log(f"fault: {fault.what} {' '.join(hit.nodes)}{'not done: ' + hit.error if hit.error else ''}")
        return hit

    def _actions(self) -> dict[str, Callable[[Fault], list[str]]]:
        return {
            "kill-primary": lambda fault: self._each("kill", [self._primary()]),
            **{what: self._on_named(what) for what in ("kill", "pause", *NETWORK)},
            "stepdown": lambda fault: self._each("stepdown", [self._primary()]),
            "kill-router": lambda fault: self._each("kill", self._routers()),
            "kill-committer": lambda fault: [self._kill_process(self._committer(), "committer")],
            "kill-worker": lambda fault: [self._kill_process(self._worker(), "worker")],
            "move-chunk": lambda fault: [self._move_chunk()],
        }

    def _on_named(self, what: str) -> Callable[[Fault], list[str]]:
        return lambda fault: self._each(what, self._nodes(fault.node))

    def _mend(self, hit: Hit) -> None:
        if action := UNDO.get(hit.fault.what):
            for node in hit.nodes:
                with contextlib.suppress(ClusterError):  # another fault hit it meanwhile; `heal` sees to it
                    commands.act(self._data, node, action)

    # --- what is hit -----------------------------------------------------------------------------------

    def _each(self, action: str, nodes: list[str]) -> list[str]:
        for node in nodes:
            commands.act(self._data, node, action)
        return nodes

    def _status(self) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = commands.status(self._data)["nodes"]
        return nodes

    def _set(self) -> list[dict[str, Any]]:
        """The members of the set that is broken: the replica set, or the first shard."""
        nodes = [known for known in self._status() if known["role"] not in ("config", "engine", "router")]
        return [known for known in nodes if known["set"] == nodes[0]["set"]]

    def _primary(self) -> str:
        until = time.monotonic() + PRIMARY_SECONDS
        while time.monotonic() < until:
            for known in self._set():
                if known["state"] == "PRIMARY":
                    return str(known["node"])
            self._stop.wait(0.2)
        raise LookupError("there is no primary")

    def _nodes(self, name: str | None) -> list[str]:
        if name == "primary":
            return [self._primary()]
        if name == "secondaries":
            return [known["node"] for known in self._set() if known["state"] == "SECONDARY"]
        return [str(name)]

    def _routers(self) -> list[str]:
        return [known["node"] for known in self._status() if known["role"] == "router"]

    def _committer(self) -> int:
        lock = self._data.path / "run" / "committer.lock"
        try:
            return int(json.loads(lock.read_text())["pid"])
        except (OSError, KeyError):
            raise LookupError("there is no committer: the strategy commits in every worker") from None

    def _worker(self) -> int:
        """Whoever answers a new connection."""
        address = urlsplit(self._url)
        with socket.create_connection((address.hostname, address.port or 80), timeout=5) as probe:
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            probe.recv(12)
            ours = probe.getsockname()[1]
            supervisor = psutil.Process(int((self._data.read_json(CONTROL_FILE) or {})["pid"]))
            for process in supervisor.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if any(c.raddr and c.raddr.port == ours for c in process.net_connections(kind="tcp")):
                        return int(process.pid)
        raise LookupError("no worker was found")

    def _kill_process(self, pid: int, what: str) -> str:
        os.kill(pid, signal.SIGKILL)
        return f"{what} {pid}"

    def _move_chunk(self) -> str:
        """The seller's chunk goes to whichever shard it is not on; writers may hold the lock for a while."""
        before = commands.status(self._data)["chunks"]
        shards: list[str] = sorted({str(shard) for by_shard in before.values() for shard in by_shard})
        until = time.monotonic() + MOVE_SECONDS
        while True:
            try:
                for shard in shards:
                    commands.move_chunk(self._data, "products", to=shard, seller=self._seller)
                    if commands.status(self._data)["chunks"] != before:
                        return shard
                raise LookupError("there is no other shard")
            except ClusterError:  # a lock timeout most of the time
                if time.monotonic() > until or self._stop.wait(0.2):
                    raise


def heal(data: DataDir) -> bool:
    """Starts, resumes and connects whatever is down; whether every node is up in time."""
    until = time.monotonic() + HEAL_SECONDS
    while time.monotonic() < until:
        try:
            nodes = commands.status(data)["nodes"]
            for known in nodes:
                if known["process"] == "paused":
                    commands.act(data, known["node"], "resume")
                elif known["process"] == "killed":
                    commands.act(data, known["node"], "start")
                if known.get("network"):
                    commands.act(data, known["node"], "reconnect")
            if all(known["state"] in UP for known in nodes):
                return True
        except ClusterError:
            pass
        time.sleep(0.3)
    return False
