"""A sharded cluster of real mongods for the router's tests: config set, two shards, and a router of either
kind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bson
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure

from cluster.router import bootstrap
from cluster.router.wire import encode_command

ROOT = Path(__file__).parents[2]
FAST_ELECTIONS = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}
Doc = dict[str, Any]
Client = MongoClient[Doc]


def find_mongod() -> str:
    """The mongod of the environment, of the PATH, or of the wheel."""
    named = os.environ.get("SHARDMART_MONGOD") or shutil.which("mongod")
    if named:
        return named
    for folder in sys.path:
        wheel = Path(folder) / "fiftyone/db/bin/mongod"
        if wheel.is_file():
            wheel.chmod(wheel.stat().st_mode | 0o100)
            return str(wheel)
    raise FileNotFoundError("no mongod: set SHARDMART_MONGOD")


def free_port() -> int:
    """A port nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A program that can be killed and started again with the same command line."""

    def __init__(self, name: str, command: list[str], folder: Path, port: int) -> None:
        self.name, self.command, self.port = name, command, port
        self._log = folder / f"{name}.log"
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Is it running?"""
        return self.popen is not None and self.popen.poll() is None

    def log(self) -> str:
        """Everything it wrote."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Start it in a process group of its own."""
        with self._log.open("ab") as log:
            output = subprocess.PIPE if self.name.startswith("router") else subprocess.DEVNULL
            self.popen = subprocess.Popen(self.command, stdout=output, stderr=log, cwd=ROOT, start_new_session=True)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.popen is not None
        self.popen.send_signal(number)
        code = self.popen.wait(20)
        if self.popen.stdout is not None:
            self.output = self.popen.stdout.read()
            self.popen.stdout.close()
        return code

    def pause(self) -> None:
        """SIGSTOP."""
        assert self.popen is not None
        self.popen.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self.popen is not None
        self.popen.send_signal(signal.SIGCONT)


class Lab:
    """The cluster. `nodes`: members of the config set, of shard A and of shard B."""

    def __init__(self, nodes: tuple[int, int, int] = (1, 1, 1)) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="router-lab-"))
        self.mongos = os.environ.get("SHARDMART_MONGOS")
        self.sets = {
            "config": self._set("config", "--configsvr", nodes[0]),
            "shardA": self._set("shardA", "--shardsvr", nodes[1]),
            "shardB": self._set("shardB", "--shardsvr", nodes[2]),
        }
        if not self.mongos:
            self.sets["engine"] = self._set("engine", "--shardsvr", 1)
        self.router = self._router("router")
        self.second_router = self._router("router2")

    def _set(self, name: str, role: str, members: int) -> list[Process]:
        return [self._mongod(f"{name}{number}", name, role) for number in range(members)]

    def _mongod(self, name: str, set_name: str, role: str) -> Process:
        port = free_port()
        data = self.folder / name
        data.mkdir()
        parameters = ["diagnosticDataCollectionEnabled=false", "orphanCleanupDelaySecs=1"]
        parameters.append("enableTestCommands=1")  # for _hashBSONElement
        if set_name != "engine":
            parameters.append("transactionLifetimeLimitSeconds=5")
        command = [find_mongod(), role, "--replSet", set_name, "--port", str(port), "--bind_ip", "127.0.0.1"]
        command += [
            "--dbpath",
            str(data),
            "--logpath",
            f"{data}.mongod.log",
            "--wiredTigerCacheSizeGB",
            "0.25",
        ]
        command += [item for parameter in parameters for item in ("--setParameter", parameter)]
        return Process(name, command, self.folder, port)

    def _router(self, name: str) -> Process:
        port = free_port()
        config = ",".join(self.hosts("config"))
        if self.mongos:
            command = [self.mongos, "--port", str(port), "--bind_ip", "127.0.0.1"]
            command += ["--configdb", f"config/{config}", "--logpath", f"{self.folder / name}.mongos.log"]
        else:
            command = [sys.executable, "-m", "cluster.router", "--port", str(port), "--config", config]
            command += ["--engine", ",".join(self.hosts("engine")), "--verbose"]
        return Process(name, command, self.folder, port)

    def hosts(self, name: str) -> list[str]:
        """The addresses of a set's members."""
        return [process.host for process in self.sets[name]]

    def processes(self) -> list[Process]:
        """Every mongod."""
        return [process for members in self.sets.values() for process in members]

    def start(self) -> None:
        """Bring everything up, or nothing."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        for process in self.processes():
            process.start()
        for process in self.processes():
            wait_for(process)
        for name, members in self.sets.items():
            hosts = [process.host for process in members]
            bootstrap.initiate(hosts[0], name, hosts, config_server=name == "config", **FAST_ELECTIONS)
        for name in self.sets:
            self.primary(name)
        for router in (self.router, self.second_router):
            router.start()
            wait_for(router)
        with self.client() as client:
            bootstrap.add_shards(client, {name: self.hosts(name) for name in ("shardA", "shardB")})
        if not self.mongos:
            bootstrap.give_engine_its_identity(
                self.hosts("engine")[0], config_set="config", config_hosts=self.hosts("config")
            )

    def stop(self) -> None:
        """End every process that was started, and remove the data."""
        for process in [self.router, self.second_router, *self.processes()]:
            if process.alive:
                process.resume()
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self, **options: Any) -> Client:
        """A client of the router."""
        return MongoClient(self.router.host, serverSelectionTimeoutMS=15_000, **options)

    def direct(self, name: str) -> Client:
        """A client of a set's primary, behind the router's back."""
        return MongoClient(self.primary(name).host, directConnection=True, serverSelectionTimeoutMS=15_000)

    def primary(self, name: str) -> Process:
        """The member that is primary now; waits for an election."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for process in self.sets[name]:
                if process.alive and is_primary(process):
                    return process
            time.sleep(0.05)
        raise TimeoutError(f"no primary in {name}")


def is_primary(process: Process) -> bool:
    """Does the mongod call itself primary?"""
    try:
        with MongoClient(process.host, directConnection=True, serverSelectionTimeoutMS=500) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except ConnectionFailure:
        return False


def wait_for(process: Process) -> None:
    """Wait until it answers."""
    end = time.monotonic() + 30
    while True:
        try:
            with MongoClient(process.host, directConnection=True, serverSelectionTimeoutMS=300) as client:
                client.admin.command("ping")
                return
        except ConnectionFailure:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class RawConnection:
    """Speaks the wire protocol by hand: what no driver would send."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=15)

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """One whole message; empty when the connection was closed."""
        data = b""
        while len(data) < 4 or len(data) < int.from_bytes(data[:4], "little"):
            part = self._socket.recv(65536)
            if not part:
                return b""
            data += part
        return data

    def command(self, db: str, command: Doc) -> Doc:
        """Run a command given as a document."""
        self.send(encode_command({**command, "$db": db}))
        return bson.decode(self.receive()[21:])
