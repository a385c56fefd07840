"""The web layer on a real socket, its shop in memory."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from shardmart.settings import Settings
from shardmart.web.app import create_app
from tests.unit.web.fakes import FakeShop

SECRET = "0123456789abcdef" * 4


@dataclass
class Served:
    """A running app: an HTTP client, its port for raw sockets, and the shop behind it."""

    port: int
    http: httpx.Client
    fake: FakeShop
    app: Any

    def headers(self, user_id: str | None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.fake.token(user_id)}"} if user_id else {}

    def call(self, method: str, path: str, as_: str | None = None, **more: Any) -> httpx.Response:
        headers = {**self.headers(as_), **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **more)

    def raw(self, request: bytes) -> bytes:
        """What comes back for these very bytes until the server closes or is silent for a moment."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as line:
            line.sendall(request)
            answer = b""
            try:
                while chunk := line.recv(65536):
                    answer += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            return answer


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts servers, each in a thread with a loop of its own, and stops them."""
    stops: list[Callable[[], None]] = []

    def start(fake: FakeShop | None = None, **settings: Any) -> Served:
        served, stop = _start(fake or FakeShop(), settings)
        stops.append(stop)
        return served

    yield start
    for stop in stops:
        stop()


@pytest.fixture(scope="session")
def running() -> Iterator[Served]:
    """One server for all tests that need no settings of their own."""
    served, stop = _start(FakeShop(), {})
    yield served
    stop()


@pytest.fixture
def served(running: Served) -> Iterator[Served]:
    """The running server with a fresh shop and a client without cookies."""
    fake = FakeShop()
    running.app.ctx.shop = fake.shop
    with httpx.Client(base_url=running.http.base_url, timeout=10, verify=False) as http:
        yield replace(running, fake=fake, http=http)


def _start(fake: FakeShop, changed: dict[str, Any]) -> tuple[Served, Callable[[], None]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    defaults = Settings("mongodb://nowhere", SECRET, origins=("http://shop.test",), request_seconds=2.0)
    loop, up = asyncio.new_event_loop(), threading.Event()
    made: dict[str, Any] = {}

    async def opened(_: Settings) -> FakeShop:
        return fake

    async def run() -> None:
        app = made["app"] = create_app(opened, replace(defaults, **changed))
        app.config.TOUCHUP = False  # Sanic can rewrite its own code once per process, and here are many apps
        server = made["server"] = await app.create_server("127.0.0.1", port, return_asyncio_server=True)
        await server.startup()
        await server.before_start()
        await server.start_serving()
        await server.after_start()
        up.set()

    async def shut() -> None:
        await made["server"].close()
        for connection in list(made["server"].connections):
            connection.close()
        await made["server"].after_stop()
        loop.stop()

    def failed(done: asyncio.Task[None]) -> None:
        if done.exception():
            made["error"] = done.exception()
            up.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(run())
        task.add_done_callback(failed)
        loop.run_forever()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert up.wait(10)
    if "error" in made:
        raise made["error"]

    def stop() -> None:
        http.close()
        asyncio.run_coroutine_threadsafe(shut(), loop)
        thread.join(10)

    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, verify=False)
    return Served(port, http, fake, made["app"]), stop
