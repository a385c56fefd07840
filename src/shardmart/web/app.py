"""The Sanic app: routes from the table, one way for every error, the shop opened and closed with the server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from sanic import Sanic
from sanic.response import BaseHTTPResponse
from sanic_ext import Extend, openapi
from sanic_ext.extensions.openapi.builders import SpecificationBuilder
from sanic_ext.extensions.openapi.extension import OpenAPIExtension

from shardmart.service.shop import Shop
from shardmart.settings import Settings
from shardmart.web import logging, pages
from shardmart.web.client import Clients
from shardmart.web.cursors import Cursors
from shardmart.web.endpoints import endpoint
from shardmart.web.errors import Problems
from shardmart.web.headers import Finish
from shardmart.web.metrics import Meter
from shardmart.web.openapi import document
from shardmart.web.replies import Kind
from shardmart.web.routes import ROUTES, TAGS
from shardmart.web.site import read_site
from shardmart.web.wire import ShopRequest

NAME = "shardmart"
LARGEST_BODY, LARGEST_HEAD = 64 * 1024, 8 * 1024
KEEP_ALIVE_SECONDS = 75
HEAD_SECONDS = 6  # Sanic looks every half of it, so that a head which never ends is answered after 9 s
AFTER_DEADLINE_SECONDS = 1.5  # between a request's own deadline and the server's, which would only cut the line


class Document(OpenAPIExtension):  # type: ignore[no-untyped-call]
    """sanic-ext's document without its pages, of which its label wants to know the address."""

    name = "document"

    def label(self) -> str:
        return ""


class OpenShop(Protocol):
    """What the factory opens: the shop with its connections."""

    @property
    def shop(self) -> Shop: ...

    async def close(self) -> None: ...


ShopFactory = Callable[[Settings], Awaitable[OpenShop]]


def create_app(shop_factory: ShopFactory, settings: Settings) -> Sanic[Any, Any]:
    """The app, not yet serving. The shop is opened in the process that serves, before it serves."""
    logging.configure(settings.log_level)
    Sanic._app_registry.pop(NAME, None)  # tests make many apps in one process
    app: Sanic[Any, Any] = Sanic(NAME, request_class=ShopRequest, error_handler=Problems(), configure_logging=False)
    _configure(app, settings)
    _add_state(app, settings, shop_factory)
    for route in ROUTES:
        path = re.sub(r"{(\w+)}", r"<\1>", route.path)
        app.route(path, methods=route.methods, name=route.name, ignore_body=True)(endpoint(app, route))
    pages.add_pages(app)
    _add_document(app)
    return app


def _configure(app: Sanic[Any, Any], settings: Settings) -> None:
    server_seconds = settings.request_seconds + AFTER_DEADLINE_SECONDS
    app.config.update(
        {
            "ACCESS_LOG": False,
            "AUTO_EXTEND": False,
            "FALLBACK_ERROR_FORMAT": "json",
            "GRACEFUL_SHUTDOWN_TIMEOUT": server_seconds,
            "KEEP_ALIVE_TIMEOUT": KEEP_ALIVE_SECONDS,
            "MOTD": False,
            "REQUEST_MAX_HEADER_SIZE": LARGEST_HEAD,
            "REQUEST_MAX_SIZE": LARGEST_BODY,
            "REQUEST_TIMEOUT": HEAD_SECONDS,
            "RESPONSE_TIMEOUT": server_seconds,
        }
    )


def _add_state(app: Sanic[Any, Any], settings: Settings, shop_factory: ShopFactory) -> None:
    app.ctx.settings = settings
    app.ctx.cursors = Cursors(settings.secret_key)
    app.ctx.finish = Finish(settings)
    app.ctx.clients = Clients(settings.trusted_proxies)
    app.ctx.site = read_site(settings.static_dir) if settings.static_dir else None
    app.ctx.methods_of = partial(_methods_of, set(app.ctx.site.files) if app.ctx.site else set())
    app.ctx.outside_meter = Meter("none")

    async def open_shop(app: Sanic[Any, Any]) -> None:
        app.ctx.open_shop = await shop_factory(settings)
        app.ctx.shop = app.ctx.open_shop.shop

    async def close_shop(app: Sanic[Any, Any]) -> None:
        await app.ctx.open_shop.close()

    app.register_listener(open_shop, "before_server_start")
    app.register_listener(close_shop, "after_server_stop")  # after: running requests still need it


def _add_document(app: Sanic[Any, Any]) -> None:
    """sanic-ext with its OpenAPI extension alone: the others put work on every request."""
    SpecificationBuilder.reset()  # type: ignore[no-untyped-call]
    config = {"oas_ui_redoc": False, "oas_ui_swagger": False, "oas_autodoc": False}
    extended = Extend(app, built_in_extensions=False, extensions=[Document], config=config)
    extended.openapi.raw(document(ROUTES, TAGS))  # type: ignore[no-untyped-call]
    for route in app.router.routes:
        openapi.exclude()(route.handler)  # the table describes them, sanic-ext need not guess
        route.extra.ignore_body = True  # endpoints read theirs themselves, pages want none
    lines = {name.decode(): value.decode() for name, value in app.ctx.finish.lines(Kind.API)}

    async def finish(request: Any, response: BaseHTTPResponse) -> None:
        response.headers.update({**lines, "x-request-id": request.id})

    app.register_named_middleware(finish, [f"{NAME}.openapi.spec"], "response")


_PATTERNS = [
    (re.compile(re.sub(r"{\w+}", "[^/]+", route.path.rstrip("/")) + "/?"), route.methods) for route in ROUTES
] + [(re.compile(re.sub(r"{\w+}", "[^/]+", path.rstrip("/")) + "/?"), ("GET", "HEAD")) for path in pages.PATHS]


def _methods_of(files: set[str], path: str) -> list[str]:
    """What can be done at `path`."""
    found = {method for pattern, methods in _PATTERNS if pattern.fullmatch(path) for method in methods}
    if path in files:
        found |= {"GET", "HEAD"}
    return sorted(found | {"OPTIONS"})
