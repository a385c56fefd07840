"""The Compose files' nginx, run as Debian has it before the two app nodes of a demo."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shardmart.settings import load
from shardmart.web.headers import Finish
from shardmart.web.replies import Kind
from tests.compose.parts import nginx, short_home
from tests.support.api import connect, ok, problem
from tests.support.shop import Shop

SETTINGS = {"SHARDMART_MONGO_URI": "mongodb://127.0.0.1", "SHARDMART_SECRET_KEY": "0123456789abcdef" * 2}
PAGE = "<!doctype html><title>Shardmart</title>"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built front end in small: one page, one file with a hash in its name."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "index.html").write_text(PAGE)
    (folder / "assets").mkdir()
    (folder / "assets" / "index-abc123.js").write_text("export {};")
    return folder


@dataclass
class Front:
    """Clients of what the world sees, and of what is inside the network; the home with the logs."""

    world: httpx.Client
    inside: httpx.Client
    home: Path


@contextmanager
def proxy(backends: list[str], pages: Path, **access: str) -> Iterator[Front]:
    home = short_home()
    program, public, inside = nginx(home, backends=backends, pages=pages, **access)
    try:
        with connect(f"http://127.0.0.1:{public}") as world, connect(f"http://127.0.0.1:{inside}") as within:
            yield Front(world, within, home)
    finally:
        program.stop(signal.SIGQUIT)
        shutil.rmtree(home, ignore_errors=True)


def hosts(shop: Shop) -> list[str]:
    return [app["host"] for app in shop.demo.status()["apps"] if app["node"].startswith("app-")]


@pytest.fixture(scope="module")
def front(two_apps: Shop, pages: Path) -> Iterator[Front]:
    with proxy(hosts(two_apps), pages) as started:
        yield started


@pytest.fixture
def world(front: Front) -> httpx.Client:
    return front.world


def test_the_shop_and_its_documentation_are_reached(world: httpx.Client) -> None:
    ok(world.get("/readyz"))
    ok(world.get("/api/products/"))
    assert world.get("/docs").headers["content-type"].startswith("text/html")
    assert ok(world.get("/docs/openapi.json"))["openapi"]
    refused = world.post("/api/auth/login", json={"email": "buyer@demo.com", "password": "demo123"}, headers={
        "Origin": "https://elsewhere.example"
    })  # fmt: skip
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("path", ["/", "/cart", "/seller/products", "/index.html"])
def test_every_page_is_the_front_end(world: httpx.Client, path: str) -> None:
    answer = world.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    page = f"{world.base_url.host}:{world.base_url.port}"
    own = Finish(load({**SETTINGS, "SHARDMART_ORIGINS": f"http://{page}"}, env_file=None)).lines(Kind.SITE)
    assert len(own) > 5
    for name, value in own:  # as when the app serves it; this one does not know under which scheme it is reached
        told = answer.headers[name.decode()].removesuffix(f" wss://{page}")
        assert told == value.decode(), name
    assert answer.headers["server"] == "nginx"


def test_files_with_a_hash_in_their_name_are_kept_for_long(world: httpx.Client) -> None:
    answer = world.get("/assets/index-abc123.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].split(";")[0] in ("application/javascript", "text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem(world.get("/assets/index-gone.js"), 404, "not_found")


CLOSED = ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/api/lab/topology", "/api/lab", "/api//lab/audit",
          "/api/x/../lab/audit", "/api/%6cab/topology"]  # fmt: skip


@pytest.mark.parametrize("path", CLOSED)
def test_figures_and_lab_are_closed(front: Front, path: str) -> None:
    """Sent by hand: a client would tidy such a path up."""
    answer = raw(front.world, path)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"application/problem+json" in answer


def raw(client: httpx.Client, path: str) -> bytes:
    url = client.base_url
    with closing(socket.create_connection((url.host, int(url.port or 80)), timeout=10)) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer


def test_figures_and_lab_can_be_opened_and_are_open_inside(front: Front, two_apps: Shop, pages: Path) -> None:
    token = {"Authorization": f"Bearer {two_apps.admin().api.token}"}
    with proxy(hosts(two_apps), pages, metrics="open", lab="open") as opened:
        for client in (opened.world, front.inside):
            assert "shardmart_requests_total" in client.get("/metrics").text
            problem(client.get("/api/lab/topology"), 401)
            ok(client.get("/api/lab/topology", headers=token))


def test_what_nginx_refuses_itself_looks_like_every_other_refusal(front: Front, pages: Path) -> None:
    world = front.world
    problem(world.post("/api/products/import", content=b"x" * 7_000_000), 413, "payload_too_large")
    problem(world.get("/api/" + "x" * 20_000), 414, "uri_too_long")
    for broken in ("no-slash", "/\0", "/ HTTP/1.1\r\nHost: a\r\nHost: b\r\nX: "):
        assert b'"code":"bad_request"' in raw(world, broken)
    with proxy(["127.0.0.1:9", "127.0.0.1:9"], pages) as lonely:
        problem(lonely.world.get("/api/products/"), 503, "unavailable")
        problem(lonely.world.post("/api/orders/", json={}), 503, "unavailable")
    assert "emerg" not in (front.home / "nginx.log").read_text()


class Backend:
    """Speaks just enough HTTP to be asked by nginx: notes each request, then answers, upgrades or breaks the line."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.requests: list[bytes] = []
        self._breaks = breaks
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._up = threading.Event()
        self.host = ""

    def __enter__(self) -> Backend:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.host = "{}:{}".format(*server.sockets[0].getsockname())
        self._up.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(server.wait_closed())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        if self._breaks:
            writer.close()
            return
        if b"upgrade: websocket" in head.lower():
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            while piece := await reader.read(100):
                writer.write(piece[::-1])
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()


def test_a_websocket_passes_in_both_directions(pages: Path) -> None:
    with Backend() as backend, proxy([backend.host, backend.host], pages) as front:
        url = front.world.base_url
        with closing(socket.create_connection((url.host, int(url.port or 80)), timeout=10)) as line:
            upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            line.sendall(f"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: shop\r\n{upgrade}\r\n".encode())
            answer = line.recv(4096)
            assert answer.startswith(b"HTTP/1.1 101 ")
            line.sendall(b"ping")
            assert line.recv(4) == b"gnip"
            line.sendall(b"abc")
            assert line.recv(3) == b"cba"


def test_nginx_says_where_a_client_is_whatever_the_client_says(pages: Path) -> None:
    with (
        Backend() as backend,
        proxy([backend.host, backend.host], pages) as front,
        connect(str(front.world.base_url), local_address="127.0.0.9") as client,
    ):
        client.get("/api/products/", headers={"X-Forwarded-For": "203.0.113.1, 10.0.0.1"})
    (request,) = backend.requests
    told = [line for line in request.lower().split(b"\r\n") if line.startswith(b"x-forwarded-for:")]
    assert told == [b"x-forwarded-for: 127.0.0.9"]


def test_a_post_that_was_sent_is_never_sent_again_and_a_get_is(pages: Path) -> None:
    with (
        Backend(breaks=True) as one,
        Backend(breaks=True) as other,
        proxy([one.host, other.host], pages) as front,
    ):
        problem(front.world.post("/api/orders/", json={}), 503, "unavailable")
        assert len(one.requests) + len(other.requests) == 1
    with Backend(breaks=True) as one, Backend() as other, proxy([one.host, other.host], pages) as front:
        assert {front.world.get("/api/products/").text for _ in range(4)} == {"ok"}
        assert len(one.requests) == 1  # put aside after that


def test_a_post_that_could_not_be_sent_goes_to_the_other_node(pages: Path) -> None:
    with Backend() as backend, proxy(["127.0.0.1:9", backend.host], pages) as front:
        assert {front.world.post("/api/orders/", json={}).text for _ in range(4)} == {"ok"}
