"""The one table from domain errors to statuses, and problem documents (RFC 9457) for everything that goes wrong."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from sanic.exceptions import BadRequest, MethodNotAllowed, SanicException
from sanic.exceptions import NotFound as NoSuchRoute
from sanic.handlers import ErrorHandler

from shardmart.domain.errors import (
    Conflict,
    Forbidden,
    InsufficientStock,
    InvalidInput,
    NotFound,
    ProductUnavailable,
    RateLimited,
    ShardmartError,
    Unauthenticated,
    Unavailable,
)
from shardmart.web.json_body import MalformedJson
from shardmart.web.replies import Reply, dumps
from shardmart.web.wire import ShopRequest, drain

log = logging.getLogger(__name__)

STATUS: dict[type[ShardmartError], int] = {
    MalformedJson: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    InvalidInput: 422,
    RateLimited: 429,
    Unavailable: 503,
}
PROBLEM = "application/problem+json"
_CODES = {
    400: "bad_request",
    404: NotFound.code,
    405: "method_not_allowed",
    408: "request_timeout",
    413: "payload_too_large",
    414: "uri_too_long",
    417: "expectation_failed",
    503: Unavailable.code,
}
_DETAILS = {404: NotFound.detail, 413: "The request is too large.", 503: Unavailable.detail}


def status_of(error: type[ShardmartError]) -> int:
    """The status of an error class or of the nearest of its ancestors that is in the table."""
    return next((STATUS[ancestor] for ancestor in error.__mro__ if ancestor in STATUS), 500)


def problem(error: BaseException) -> Reply:
    """The answer to an exception. Only what the shop's own errors say reaches a client."""
    if isinstance(error, ShardmartError):
        return _domain_problem(error, status_of(type(error)))
    if isinstance(error, (asyncio.TimeoutError, asyncio.CancelledError)):
        return _domain_problem(Unavailable(), 503)
    if isinstance(error, SanicException) and (error.status_code < 500 or error.status_code == 503):
        return _framework_problem(error)
    return _document(500, "internal", "Something went wrong on our side.")


def report(error: BaseException, request: ShopRequest, reply: Reply) -> None:
    """Logs what nobody expected, with the trace; everything else is an ordinary answer."""
    if reply.status == 500:
        details = {"request_id": request.id, "method": request.method, "path": request.path}
        log.error("request failed", exc_info=error, extra=details)


class Problems(ErrorHandler):
    """Answers what happens outside our endpoints: unknown paths, wrong methods, unreadable requests."""

    async def response(self, request: ShopRequest, exception: Exception) -> Reply:
        ctx = request.app.ctx
        await drain(request)
        if isinstance(exception, MethodNotAllowed):
            methods = ctx.methods_of(request.path)
            reply = ctx.finish.options(request, methods) if request.method == "OPTIONS" else problem(exception)
            reply.headers["allow"] = ", ".join(methods)
        elif isinstance(exception, NoSuchRoute) and ctx.site is not None and ctx.site.is_page(request):
            reply = ctx.site.reply(request, "/")
        else:
            reply = problem(exception)
        report(exception, request, reply)
        ctx.outside_meter.observe(request.method, reply.status, 0.0)
        finished: Reply = ctx.finish(request, reply)
        return finished


def _domain_problem(error: ShardmartError, status: int) -> Reply:
    extra: dict[str, Any] = {}
    if isinstance(error, (InsufficientStock, ProductUnavailable)) and error.items:
        extra["items"] = [
            {"product_id": item.product_id, "requested": item.requested, "available": item.available}
            for item in error.items
        ]
    if isinstance(error, InvalidInput) and (error.errors or error.code == InvalidInput.code):
        extra["errors"] = [{"field": one.field, "message": one.message} for one in error.errors]
    reply = _document(status, error.code, error.detail, **extra)
    if isinstance(error, (RateLimited, Unavailable)):
        reply.headers["retry-after"] = str(max(1, error.retry_after))
    if status == 401:
        reply.headers["www-authenticate"] = "Bearer"
    return reply


def _framework_problem(error: SanicException) -> Reply:
    status = int(error.status_code)
    detail = str(error) if type(error) is BadRequest else _DETAILS.get(status, HTTPStatus(status).phrase)
    reply = _document(status, _CODES.get(status, "bad_request"), detail)
    if status == 503:
        reply.headers["retry-after"] = "1"
    return reply


def _document(status: int, code: str, detail: str, **extra: Any) -> Reply:
    document = {
        "type": f"urn:shardmart:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **extra,
    }
    return Reply(dumps(document), status, content_type=PROBLEM)
