"""From a row of the route table to a Sanic handler: deadline, access, input, the row's own handler, one answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from async_timeout import timeout
from sanic import Sanic

from shardmart.domain.errors import ShardmartError
from shardmart.web import json_body, schemas
from shardmart.web.access import PUBLIC, Access, admit
from shardmart.web.answers import Answer
from shardmart.web.calls import Call
from shardmart.web.errors import problem, report
from shardmart.web.metrics import Meter
from shardmart.web.queries import Query
from shardmart.web.replies import Reply
from shardmart.web.schemas import Body
from shardmart.web.wire import ShopRequest, drain

Handler = Callable[..., Coroutine[Any, Any, Reply]]


@dataclass(frozen=True)
class Upload:
    """A body that is a file: how many bytes it may have, and what it may be."""

    limit: int
    media_types: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """One row of the table. `path` is written as in the contract; both slash forms are answered.

    `errors`: what its handler can raise beyond what follows from access, path and input.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    tag: str
    summary: str
    answer: type[Answer] | None = None
    status: int = 200
    body: type[Body] | None = None
    upload: Upload | None = None
    query: Query | None = None
    errors: tuple[type[ShardmartError], ...] = ()
    headers: tuple[str, ...] = ()  # documented request headers, by name
    answer_headers: tuple[str, ...] = ()
    media_type: str = "application/json"

    @property
    def name(self) -> str:
        """Unique and fit for Sanic and OpenAPI: `products.search`."""
        return f"{self.handler.__module__.rsplit('.', 1)[-1]}.{self.handler.__name__}"

    @property
    def methods(self) -> tuple[str, ...]:
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)


def endpoint(app: Sanic[Any, Any], route: Route) -> Handler:
    """The handler that Sanic calls for `route`."""
    ctx, meter, run = app.ctx, Meter(route.path), route.handler
    seconds = ctx.settings.request_seconds

    async def handle(request: ShopRequest, **parts: str) -> Reply:
        started = perf_counter()
        try:
            async with timeout(seconds):
                call = Call(request, ctx.shop, ctx.settings, ctx.cursors)
                await _prepare(call, route)
                reply = await run(call, **parts)
        except Exception as error:  # the one place where every error becomes an answer
            reply = problem(error)
            report(error, request, reply)
            await drain(request)
        meter.observe(request.method, reply.status, perf_counter() - started)
        finished: Reply = ctx.finish(request, reply)
        return finished

    return handle


async def _prepare(call: Call, route: Route) -> None:
    """Who asks comes before what is asked: 401 before 403 before 400 and 422."""
    request = call.request
    if route.access is not PUBLIC:
        call.visitor = await admit(call.shop, request, route.access)
    if request.stream is not None and request.stream.request_body:
        if route.upload is not None:
            request.stream.request_max_size = route.upload.limit
        await request.receive_body()  # type: ignore[no-untyped-call]  # here and not in Sanic, so that the deadline covers slow senders
    if route.query is not None:
        call.query = route.query.read(request.query_string)
    if route.body is not None:
        call.body = schemas.read(route.body, json_body.read_object(request.body))
