"""A cluster of its own, and on it databases and servers."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient

from bench.console import log
from bench.processes import Processes
from bench.server import Server
from cluster import ports

WORKERS = 2  # on both sides of every comparison
SELLERS, BUYERS = 5, 64


class Stack:
    """A cluster in the background; its databases are seeded once and named after their size."""

    def __init__(self, data_dir: Path, *, topology: str, nodes: int, driver: str) -> None:
        self.data_dir = data_dir
        self.topology, self._nodes = topology, nodes
        self._processes = Processes(data_dir)
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("SHARDMART_MONGO_")} | {
            "SHARDMART_SECRET_KEY": secrets.token_hex(32),
            "SHARDMART_MONGO_DRIVER": driver,
            "SHARDMART_TOPOLOGY": topology,
            "SHARDMART_DEMO": "on",
            "SHARDMART_LIMITS": "off",
            "SHARDMART_BCRYPT_ROUNDS": "4",
        }

    def start(self) -> None:
        """Starts the nodes. Raises subprocess.CalledProcessError."""
        log(f"starting: {self.topology}, {self._nodes} in each set")
        up = ["cluster", "up", "--topology", self.topology, "--nodes", str(self._nodes)]
        done = self._processes.run([*up, "--data-dir", str(self.data_dir)], self._env)
        self._env["SHARDMART_MONGO_URI"] = done.split()[-1]
        status = self._processes.run(["cluster", "status", "--json", "--data-dir", str(self.data_dir)], self._env)
        self._database = [(node["role"], psutil.Process(node["pid"])) for node in json.loads(status)["nodes"]]

    @property
    def uri(self) -> str:
        """The connection string, once started."""
        return self._env["SHARDMART_MONGO_URI"]

    def cpu_seconds(self, *roles: str) -> float:
        """What all nodes, or those of these roles, have used so far, user and system; the router is one of them."""
        return sum(sum(process.cpu_times()[:2]) for role, process in self._database if not roles or role in roles)

    def settle(self, *, within: float = 30.0) -> None:
        """Returns when no transaction is open any more. wrk leaves in the middle of them; what the yardstick then
        abandons keeps its locks until the server ends it, which the next round would pay for. Raises RuntimeError.
        """
        end = time.monotonic() + within
        with MongoClient[dict[str, Any]](self.uri) as mongo:
            while mongo.admin.command("serverStatus")["transactions"]["currentOpen"]:
                if time.monotonic() > end:
                    raise RuntimeError(f"transactions are still open after {within:.0f} s")
                time.sleep(0.1)

    def close(self) -> None:
        self._processes.close()

    def seed(self, products: int) -> str:
        """The name of a database with that many products; in a kept data directory it is seeded once."""
        database = f"bench_{products}"
        done = self.data_dir / f"{database}.seeded"
        if not done.exists():
            log(f"seeding {products:,} products")
            numbers = {"--sellers": SELLERS, "--buyers": BUYERS, "--products": products}
            arguments = [text for name, number in numbers.items() for text in (name, str(number))]
            self._processes.run(["shardmart", "seed", *arguments], self._env | _settings(MONGO_DATABASE=database))
            done.touch()
        return database

    @contextlib.contextmanager
    def shop(self, database: str, *, workers: int = WORKERS, **settings: str) -> Iterator[Server]:
        """The shop on a database; `settings` are those of the environment, without their prefix."""
        port = ports.choose(1)[0]
        given = _settings(MONGO_DATABASE=database, PORT=str(port), WORKERS=str(workers), **settings)
        with self._server(["shardmart", "serve"], port, workers, given) as server:
            yield server

    @contextlib.contextmanager
    def bare(self, database: str, module: str = "bare") -> Iterator[Server]:
        """A yardstick (bare.py, bare_checkout.py) on a database."""
        port = ports.choose(1)[0]
        command = ["sanic", f"bench.{module}:app", "--host=127.0.0.1", f"--port={port}", f"--workers={WORKERS}"]
        command += ["--no-access-logs", "--no-motd"]
        with self._server(command, port, WORKERS, _settings(MONGO_DATABASE=database)) as server:
            yield server

    @contextlib.contextmanager
    def _server(self, module: Sequence[str], port: int, workers: int, env: dict[str, str]) -> Iterator[Server]:
        with self._processes.start(module, self._env | env) as process:
            server = Server(process, port, workers)
            server.wait_until_ready()
            yield server


@contextlib.contextmanager
def stack(data_dir: Path, *, topology: str, nodes: int, driver: str) -> Iterator[Stack]:
    """A running stack; what was seeded below `data_dir` is there again the next time."""
    running = Stack(data_dir / f"{topology}-{nodes}", topology=topology, nodes=nodes, driver=driver)
    with contextlib.closing(running):
        running.start()
        yield running


def _settings(**values: str) -> dict[str, str]:
    return {f"SHARDMART_{name}": value for name, value in values.items()}
