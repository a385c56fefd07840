"""The parts of the Compose files run one by one on this machine: paths and addresses substituted, nothing else."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from pymongo import MongoClient

from cluster import binaries
from tests.support.clock import wait_until
from tests.support.demo import ROOT, clean_environment, free_port

COMPOSE = ROOT / "cluster" / "compose"
NGINX = ROOT / "cluster" / "nginx"
FILES = {kind: ROOT / f"docker-compose.{kind}.yml" for kind in ("replica", "sharded")}
PYTHON_PROGRAMS = Path(sys.executable).parent
Document = dict[str, Any]


def compose_config(kind: str, **settings: str) -> Document:
    """What the Compose tool makes of a file: merged, interpolated, checked."""
    command = ["docker-compose", "--profile", "load", "-f", str(FILES[kind]), "config"]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(**settings), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: Document = yaml.safe_load(done.stdout)
    return found


def substitute(text: str, **places: str) -> str:
    """The text with each place replaced; a place that is not there fails."""
    for old, new in places.items():
        assert old in text, f"{old!r} is not there"
        text = text.replace(old, new)
    return text


def run(*command: str | Path, timeout: float = 120, **settings: str) -> str:
    """A command that must succeed; its standard output and error."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=tempfile.gettempdir(),
        env=clean_environment() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
    return done.stdout


def shardmart(*arguments: str, **settings: str) -> str:
    """The shop's command line."""
    return run(PYTHON_PROGRAMS / "shardmart", *arguments, **settings)


def mongosh(script: str, **settings: str) -> str:
    """An init script, as the Compose files run it."""
    named = os.environ.get("SHARDMART_MONGOSH") or shutil.which("mongosh")
    program = named or str(ROOT / "tools" / "mongosh" / "node_modules" / ".bin" / "mongosh")
    assert Path(program).exists(), "no mongosh: make mongosh (it needs npm)"
    return run(program, "--nodb", "--quiet", "--norc", COMPOSE / "init" / script, **settings)


class Program:
    """A server that runs until it is stopped; its messages go to a file."""

    def __init__(self, command: Sequence[str | Path], log: Path, **settings: str) -> None:
        self.command, self.log = [str(word) for word in command], log
        self.environment = clean_environment() | settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, port: int) -> Program:
        """Start it and wait until it listens."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(lambda: self._listens(port), f"{self.command[0]} listens", within=60)
        return self

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, with all that it started."""
        if self.process is None:
            return
        self.process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def _listens(self, port: int) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False


class Mongod:
    """A mongod started with one of the Compose files' configurations."""

    def __init__(self, configuration: str, home: Path, *, keyfile: Path | None, data: Path | None = None) -> None:
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.home = home
        self.data = data or home / "db"
        self.data.mkdir(parents=True, exist_ok=True)
        text = (COMPOSE / "mongod" / f"{configuration}.conf").read_text()
        secured = "security:\n  keyFile: /secrets/nodes/keyfile\n"
        places = {
            "port: 27017": f"port: {self.port}",
            "bindIpAll: true": "bindIp: 127.0.0.1",
            "dbPath: /data/db": f"dbPath: {self.data}",
            # the development router cannot log in, so nodes behind it run without
            secured: secured.replace("/secrets/nodes/keyfile", str(keyfile)) if keyfile else "",
        }
        (home / "mongod.conf").write_text(substitute(text, **places))
        self.program = Program([binaries.find_mongod(), "--config", home / "mongod.conf"], home / "mongod.log")

    def start(self) -> Mongod:
        self.program.start(self.port)
        return self

    def kill(self) -> None:
        """At the end: an orderly stop waits for clients, 15 s by default, and nobody needs the documents any more."""
        self.program.stop(signal.SIGKILL)


@contextlib.contextmanager
def connected(uri: str) -> Iterator[MongoClient[Document]]:
    client: MongoClient[Document] = MongoClient(uri, serverSelectionTimeoutMS=20_000)
    with client:
        yield client


@contextlib.contextmanager
def serving(home: Path, **settings: str) -> Iterator[str]:
    """`shardmart serve`, ready; the shop's address."""
    port = free_port()
    program = Program(
        [PYTHON_PROGRAMS / "shardmart", "serve"],
        home / "shop.log",
        SHARDMART_PORT=str(port),
        SHARDMART_WORKERS="1",
        SHARDMART_BCRYPT_ROUNDS="10",
        SHARDMART_RUNTIME_DIR=str(home / "run"),
        **settings,
    )
    try:
        program.start(port)
        wait_until(lambda: http_status(port, "/readyz") == 200, "the shop is ready", within=60)
        yield f"http://127.0.0.1:{port}"
    finally:
        program.stop()


def http_status(port: int, path: str) -> int:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        head = line.recv(64).split()
        return int(head[1]) if len(head) > 1 else 0
    return 0


def short_home() -> Path:
    """A directory for paths that must stay short: Unix sockets end at 108 bytes."""
    return Path(tempfile.mkdtemp(prefix="smc-"))


def nginx(
    home: Path, *, backends: Sequence[str], pages: Path, metrics: str = "closed", lab: str = "closed"
) -> tuple[Program, int, int]:
    """Debian's nginx with the Compose files' configuration; the public port, and the one inside the network."""
    public, inside = free_port(), free_port()
    for part in NGINX.glob("*.conf"):
        shutil.copyfile(part, home / part.name)
    access = home / "access"
    access.mkdir()
    shutil.copyfile(NGINX / f"metrics-{metrics}.conf", access / "metrics.conf")
    shutil.copyfile(NGINX / f"lab-{lab}.conf", access / "lab.conf")
    text = substitute(
        (NGINX / "compose.conf").read_text(),
        **{
            "/tmp/": f"{home}/",  # first: what follows may lie there
            "app-1:8000": backends[0],
            "app-2:8000": backends[1],
            "listen 8080": f"listen 127.0.0.1:{public}",
            "listen 8081": f"listen 127.0.0.1:{inside}",
            "/etc/shardmart/access": str(access),
            "/usr/share/nginx/shop": str(pages),
            "/dev/stdout": str(home / "access.log"),
        },
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # the workers must read this test's files
    (home / "nginx.conf").write_text(user + text)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", home, "-c", home / "nginx.conf", "-e", "stderr", "-g", "daemon off;"]
    return Program(command, home / "nginx.log").start(public), public, inside
