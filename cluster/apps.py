"""The app nodes of a shop behind one address: one alone on it, or several with nginx before them.

Each app node has workers, a port and a runtime directory of its own (the committer's lock and socket); database,
signing key and public address are the same for all, which is what makes them one shop.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from cluster import ports, proxy
from cluster.app import App
from cluster.console import log
from cluster.datadir import DataDir
from cluster.guard import Guard
from cluster.service import Service
from cluster.topology import HOST

LONGEST_RUNTIME_DIR = 90  # the shop's limit: a Unix socket lies in it


class Apps:
    """`count` app nodes that answer at `port`; `environment` is what they are told of the database."""

    def __init__(
        self, count: int, *, port: int, environment: Mapping[str, str], data: DataDir, guard: Guard, nginx: str = ""
    ) -> None:
        self._proxy: Service | None = None
        own = [port] if count == 1 else ports.choose(count, avoid=frozenset({port}))
        self._apps: list[App] = []
        for number, app_port in enumerate(own, 1):
            told = {**environment, "SHARDMART_PORT": str(app_port)}
            if count > 1:
                told |= _behind_proxy(number, port, data)
            self._apps.append(App(f"app-{number}", app_port, environment=told, data=data, guard=guard))
        if count > 1:
            self._proxy = proxy.make(nginx, port, own, data=data, guard=guard)
        self.url = f"http://{HOST}:{port}"

    async def start(self) -> None:
        """Seed the shop and return once all its app nodes are ready; raises AppFailed."""
        first, *others = self._apps
        await first.seed()
        log("starting the shop")
        await first.start()  # alone: it prepares the collections for all
        await asyncio.gather(*(app.start() for app in others))
        if self._proxy:
            await self._proxy.start()

    def watches(self) -> list[Coroutine[Any, Any, None]]:
        """What starts again whatever ends by itself; to be run until the stop."""
        return [service.watch() for service in self._services]

    async def stop(self) -> None:
        """Let running requests finish, then end everything; the proxy last, which brings the answers."""
        await asyncio.gather(*(app.stop() for app in self._apps))
        if self._proxy:
            await self._proxy.stop()

    def named(self, name: str) -> Service | None:
        """The app node or proxy of that name."""
        return next((service for service in self._services if service.name == name), None)

    def records(self) -> list[dict[str, object]]:
        """What the control endpoint tells of app nodes and proxy."""
        return [service.record() for service in self._services]

    @property
    def names(self) -> list[str]:
        """Their names, as commands take them."""
        return [service.name for service in self._services]

    @property
    def _services(self) -> Iterable[Service]:
        return [*self._apps, *([self._proxy] if self._proxy else [])]


def _behind_proxy(number: int, public_port: int, data: DataDir) -> dict[str, str]:
    """What an app node is told when it is one of several: pages come from the proxy's address, clients from it."""
    pages = f"http://{HOST}:{public_port},http://localhost:{public_port}"
    return {
        "SHARDMART_ORIGINS": os.environ.get("SHARDMART_ORIGINS") or pages,
        "SHARDMART_TRUSTED_PROXIES": HOST,
        "SHARDMART_RUNTIME_DIR": str(_runtime_dir(number, data)),
    }


def _runtime_dir(number: int, data: DataDir) -> Path:
    """In the data directory, or in the temporary one when that path is too long for a socket."""
    inside = data.path / f"run-{number}"
    if len(os.fsencode(inside)) <= LONGEST_RUNTIME_DIR:
        return inside
    name = hashlib.sha256(os.fsencode(data.path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"shardmart-{os.getuid()}-{name}-{number}"
