"""The control endpoint: HTTP on loopback, for those who know the token.

    GET  /nodes                   200 {"topology", "uri", "sets": {name: [node]}, "nodes": [record], "apps": [app]}
    POST /nodes/{node}/{action}   202 record; action: kill, start, pause, resume, stepdown; with --network also
                                  partition, delay, loss, reconnect
    POST /apps/{app}/{action}     202 app; the first four (apart: the lab speaks of database nodes)
    POST /shutdown                202 {}: the supervisor stops everything and ends

    record: {"node", "host", "role", "set", "process": "running"|"paused"|"killed"|"crashed", "pid"}
            and with --network {"network": "partition"|"delay"|"loss"|null}
    app:    {"node", "host", "state": "READY"|"STARTING"|"DOWN", "process", "pid"}, the proxy as the last of several
    errors: {"error": code, "message": text} with 400, 401, 404, 405, 408, 409, 413, 503

Written out on asyncio and not with a framework: it must answer in the supervisor's own loop, whatever happens to
the database and the shop. One request a connection, bounded in size, time and number.
"""

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Protocol

from cluster.errors import ActionRefused, UnknownNode
from cluster.network.rules import ACTIONS as NETWORK_ACTIONS
from cluster.topology import HOST

CONTROL_FILE = "control.json"
"""In the data directory: the endpoint's address and token, and the supervisor's process id."""

ACTIONS = frozenset({"kill", "start", "pause", "resume", "stepdown"})
MOST_HEAD_BYTES = 8192
MOST_BODY_BYTES = 4096
READ_SECONDS = 5
ACT_SECONDS = 25
MOST_CONNECTIONS = 32

Answer = dict[str, Any]


class Controlled(Protocol):
    """What the endpoint is for."""

    def describe(self) -> Answer:
        """The answer to GET /nodes."""

    async def act(self, node: str, action: str) -> Answer:
        """Do an action; raises UnknownNode, ActionRefused."""

    async def act_on_app(self, app: str, action: str) -> Answer:
        """Do an action on an app node or the proxy; raises UnknownNode, ActionRefused."""

    def request_stop(self) -> None:
        """Begin to stop everything."""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The server; `url` is known once it is started."""

    def __init__(self, controlled: Controlled, token: str) -> None:
        self._controlled = controlled
        self._token = f"Bearer {token}".encode()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.url = ""

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0, limit=MOST_HEAD_BYTES)
        self.url = "http://{}:{}".format(*self._server.sockets[0].getsockname())

    async def stop(self) -> None:
        """Listen no more and cut off whoever is still being served."""
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._connections.add(task)
        try:
            status, answer = await self._answer(reader)
            writer.write(_response(status, answer))
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(writer.drain(), READ_SECONDS)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, Answer]:
        try:
            method, path, authorization = await asyncio.wait_for(_read_request(reader), READ_SECONDS)
            if not hmac.compare_digest(authorization, self._token):
                raise _Refused(HTTPStatus.UNAUTHORIZED, "the control token is missing or wrong")
            return await asyncio.wait_for(self._route(method, path)(), ACT_SECONDS)
        except _Refused as refusal:
            return refusal.status, _problem(refusal.status, str(refusal))
        except UnknownNode as error:
            return HTTPStatus.NOT_FOUND, _problem(HTTPStatus.NOT_FOUND, str(error))
        except ActionRefused as error:
            return HTTPStatus.CONFLICT, _problem(HTTPStatus.CONFLICT, str(error))
        except asyncio.TimeoutError:  # before OSError, whose subclass it is since Python 3.11
            return HTTPStatus.REQUEST_TIMEOUT, _problem(HTTPStatus.REQUEST_TIMEOUT, "it took too long")
        except OSError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    def _route(self, method: str, path: str) -> Callable[[], Awaitable[tuple[HTTPStatus, Answer]]]:
        match path.split("/")[1:]:
            case ["nodes"]:
                allowed, handler = "GET", self._describe
            case ["shutdown"]:
                allowed, handler = "POST", self._shut_down
            case ["nodes", node, action] if action in ACTIONS | NETWORK_ACTIONS:
                allowed, handler = "POST", lambda: self._accepted(self._controlled.act(node, action))
            case ["apps", app, action] if action in ACTIONS:
                allowed, handler = "POST", lambda: self._accepted(self._controlled.act_on_app(app, action))
            case _:
                raise _Refused(HTTPStatus.NOT_FOUND, "no such resource")
        if method != allowed:
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"use {allowed}")
        return handler

    async def _describe(self) -> tuple[HTTPStatus, Answer]:
        return HTTPStatus.OK, self._controlled.describe()

    async def _accepted(self, work: Awaitable[Answer]) -> tuple[HTTPStatus, Answer]:
        return HTTPStatus.ACCEPTED, await work

    async def _shut_down(self) -> tuple[HTTPStatus, Answer]:
        self._controlled.request_stop()
        return HTTPStatus.ACCEPTED, {}


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    """Method, path and Authorization of one request; a body is read and thrown away."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request is too large") from None
    except (asyncio.IncompleteReadError, OSError):
        raise _Refused(HTTPStatus.BAD_REQUEST, "the request is incomplete") from None
    first, *lines = head.split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    try:
        method, path, _ = first.decode("ascii").split(" ")
        length = int(headers.get(b"content-length", b"0"))
    except ValueError:
        raise _Refused(HTTPStatus.BAD_REQUEST, "the request is malformed") from None
    if not 0 <= length <= MOST_BODY_BYTES or b"transfer-encoding" in headers:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    with contextlib.suppress(asyncio.IncompleteReadError):
        await reader.readexactly(length)
    return method, path.partition("?")[0], headers.get(b"authorization", b"")


def _problem(status: HTTPStatus, message: str) -> Answer:
    return {"error": status.name.lower(), "message": message}


def _response(status: HTTPStatus, answer: Answer) -> bytes:
    body = json.dumps(answer).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
