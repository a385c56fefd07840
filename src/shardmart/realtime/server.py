"""The Socket.IO server of one worker: WebSocket only, origins from the list, every event in and out of one place."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import engineio
import socketio
from sanic import Sanic
from sanic.exceptions import BadRequest
from sanic.request import Request
from sanic_ext import openapi

from shardmart.domain.changes import Position
from shardmart.domain.errors import Forbidden, ShardmartError, Unavailable
from shardmart.realtime.admission import Admission
from shardmart.realtime.forever import forever
from shardmart.realtime.hello import Malformed, read_token, read_wish
from shardmart.realtime.limits import HANDSHAKE_SECONDS, LARGEST_MESSAGE, MOST_ROOMS
from shardmart.realtime.line import ENVIRON, Line
from shardmart.realtime.relay import MARGIN, Relay
from shardmart.realtime.rooms import CATALOG, Client, Rooms, TooManyRooms
from shardmart.realtime.topology import TopologyWatch
from shardmart.service.shop import Shop
from shardmart.settings import Settings
from shardmart.web.errors import problem
from shardmart.web.wire import ShopRequest

PATH = "/socket.io/"
log = logging.getLogger("shardmart.realtime")
LOOK_SECONDS = 0.5  # how often ended tokens and unfinished handshakes are looked for
MOST_REPLAYED = 200  # product states told to one client that subscribes again
Ack = dict[str, Any]


def attach(app: Sanic[Any, Any], settings: Settings) -> None:
    """Adds the sockets to the app, before it serves."""
    server = SocketServer(settings)
    app.enable_websocket()
    app.config.WEBSOCKET_MAX_SIZE = LARGEST_MESSAGE
    app.config.WEBSOCKET_PING_INTERVAL = None  # Engine.IO has pings of its own

    async def connect(request: ShopRequest) -> Any:
        return await server.handle(request)

    connect.is_websocket = True  # type: ignore[attr-defined]  # Sanic expects no answer from it then
    openapi.exclude()(connect)  # no call of the HTTP API
    app.add_route(connect, PATH, methods=["GET"], name="realtime.connect")
    app.register_listener(server.start, "before_server_start")
    app.register_listener(server.stop, "before_server_stop")


class _Engine(engineio.AsyncServer):  # type: ignore[misc]
    """Knows its tasks: the one that will ping a client in 25 s outlives the client, and would outlive the worker."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._tasks: set[asyncio.Task[Any]] = set()

    def start_background_task(self, target: Any, *given: Any, **named: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = super().start_background_task(target, *given, **named)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def shutdown(self) -> None:
        await super().shutdown()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Server(socketio.AsyncServer):  # type: ignore[misc]
    """Ends a connection with its first packet that cannot be handled, where the original logs each and goes on."""

    def _engineio_server_class(self) -> type[_Engine]:
        return _Engine

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            await super()._handle_eio_message(eio_sid, data)
        except Exception as error:
            if not isinstance(error, (ValueError, TypeError, LookupError)):
                log.error("a packet could not be handled", exc_info=error)
            line: Line = self.environ[eio_sid][ENVIRON]
            line.end("malformed", "This is not a packet that this server takes.")


class SocketServer:
    def __init__(self, settings: Settings) -> None:
        self._origins = settings.origins
        self._tasks: list[asyncio.Task[None]] = []

    # ---- with the worker

    async def start(self, app: Sanic[Any, Any]) -> None:
        shop: Shop = app.ctx.shop
        shop.relay.is_expected = True
        self.finish, self.rooms = app.ctx.finish, Rooms()
        self.relay = Relay(shop, self.rooms)
        self.admission = Admission(shop, self.rooms, self.relay)
        self._clients: dict[str, Client] = {}
        self.sio = self._make()
        watch = TopologyWatch(shop, self.rooms, self.relay)
        self._tasks = [asyncio.create_task(work()) for work in (self.relay.run, self._look_around, watch.run)]

    async def stop(self, app: Sanic[Any, Any]) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.relay.close()
        await self.sio.shutdown()

    def _make(self) -> socketio.AsyncServer:
        sio = _Server(
            async_mode="sanic",
            transports=["websocket"],
            cors_allowed_origins=list(self._origins),
            max_http_buffer_size=LARGEST_MESSAGE,
            async_handlers=False,  # one event of a client after the other: nobody can pile them up
            allow_upgrades=False,
            http_compression=False,
        )
        sio.eio._async = {**sio.eio._async, "websocket": Line}
        for handler in (self.connect, self.disconnect, self.subscribe, self.unsubscribe, self.auth):
            sio.on(handler.__name__, handler)
        return sio

    # ---- over HTTP

    async def handle(self, request: ShopRequest) -> Any:
        """The handshake; refusals are in the contract's form."""
        refused = self._refusal(request)
        if refused is not None:
            return self.finish(request, refused)
        protocol: Any = request.transport.get_protocol()  # which a transport forgets when it is closed
        await self.sio.handle_request(request)
        if protocol.websocket is not None:
            return None  # it was a socket, and has ended
        return self.finish(request, problem(BadRequest("This is not a Socket.IO handshake.")))

    def _refusal(self, request: Request[Any, Any]) -> Any | None:
        origin = request.headers.get("origin")
        if origin is not None and origin not in self._origins:
            return problem(Forbidden("Requests from this origin are not allowed."))
        if request.headers.get("upgrade", "").lower() != "websocket":
            return problem(BadRequest("Socket.IO is served over WebSocket only."))
        return None

    # ---- clients

    async def connect(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        """Raises ConnectionRefusedError."""
        line: Line = environ[ENVIRON]
        self._clients[sid] = await self.admission.admit(line, auth)

    async def disconnect(self, sid: str, reason: str) -> None:
        client = self._clients.pop(sid, None)
        if client is not None:
            self.rooms.remove(client)
            if client.line.is_up():  # it said goodbye and would keep the line
                client.line.end("disconnected", "Disconnected.")

    async def subscribe(self, sid: str, data: Any = None) -> Ack:
        client = self._clients.get(sid)
        if client is None:
            return _no("unauthenticated", "This socket is being closed.")
        try:
            wish = read_wish(data)
            new = self.rooms.subscribe(client, wish.rooms)
        except Malformed as error:
            return _no("validation_failed", str(error))
        except TooManyRooms:
            detail = f"No more than {MOST_ROOMS} subscriptions."
            asyncio.get_running_loop().call_soon(client.line.end, "too_many_rooms", detail)  # after the answer
            return _no("too_many_rooms", detail)
        self._replay(client, new)
        return {"ok": True, "subscriptions": len(client.subscribed)}

    async def unsubscribe(self, sid: str, data: Any = None) -> Ack:
        client = self._clients.get(sid)
        if client is None:
            return _no("unauthenticated", "This socket is being closed.")
        try:
            self.rooms.unsubscribe(client, read_wish(data).rooms)
        except Malformed as error:
            return _no("validation_failed", str(error))
        return {"ok": True, "subscriptions": len(client.subscribed)}

    async def auth(self, sid: str, data: Any = None) -> Ack:
        """A new token for this socket; a bad one, or another user's, ends it."""
        client = self._clients.get(sid)
        if client is None:
            return _no("unauthenticated", "This socket is being closed.")
        try:
            await self.admission.renew(client, read_token(data))
        except Malformed as error:
            return _no("validation_failed", str(error))
        except Unavailable as error:
            return _no(error.code, error.detail)
        except ShardmartError as error:
            asyncio.get_running_loop().call_soon(client.line.end, error.code, error.detail)
            return _no(error.code, error.detail)
        return {"ok": True, "ends_at": int(client.token_ends)}

    def _replay(self, client: Client, rooms: list[str]) -> None:
        """To a client that came back: the states that changed while it was away."""
        last, states = client.resumes_after, self.relay.states
        if last is None:
            return
        since = Position(max(0, last.time - MARGIN), 0)
        ids = None if CATALOG in rooms else [room.removeprefix("product:") for room in rooms]
        found = states.after(since, ids) if states.covers(last) else []
        if not states.covers(last) or len(found) > MOST_REPLAYED:
            client.resumes_after = None  # what it has is too old for every room: told once
            client.line.resync(self.relay.position.event_id(), "too_old")
            return
        for shown in found:
            client.line.push(shown.frame, shown.position.event_id())

    async def _look_around(self) -> None:
        await forever(self._look, LOOK_SECONDS, "the sockets")

    async def _look(self) -> None:
        """Ends sockets whose token has ended, and those that never finished their handshake; forgets what is gone."""
        now, event_id = time.time(), self.relay.position.event_id()
        for client in list(self.rooms.clients):
            if not client.line.is_up():
                self.rooms.remove(client)  # cut off before it was let in
            elif client.actor is not None and client.token_ends <= now:
                client.line.end("unauthenticated", "The token has ended.", event_id=event_id)
        for line in list(Line.unfinished):
            if asyncio.get_running_loop().time() - line.opened_at > HANDSHAKE_SECONDS:
                line.end("handshake_timeout", "Nothing was said in time.", event_id=event_id)


def _no(code: str, detail: str) -> Ack:
    return {"ok": False, "code": code, "detail": detail}
