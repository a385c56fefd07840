"""What is not the API: the front end or, without a build, a landing page; and Swagger UI from its PyPI package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from sanic import Sanic
from sanic.request import Request
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]

from shardmart.domain.errors import NotFound
from shardmart.web.errors import problem
from shardmart.web.replies import Kind, Reply
from shardmart.web.site import add_site

_STATIC = files("shardmart.web") / "static"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
_SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")
PATHS = ("/", "/docs", "/docs/assets/{name}", "/docs/openapi.json")


def add_pages(app: Sanic[Any, Any]) -> None:
    """The routes of the pages; their files are read once."""
    finish, site = app.ctx.finish, app.ctx.site
    pages = {"/docs": ("docs.html", Kind.DOCS)}
    if site is None:
        pages["/"] = ("index.html", Kind.PAGE)
    else:
        add_site(app, site)
    assets = {name: (swagger_ui_path / name).read_bytes() for name in _SWAGGER}
    assets |= {name: (_STATIC / name).read_bytes() for name in ("docs.js", "page.css")}

    for number, (path, (file, kind)) in enumerate(pages.items()):
        body = (_STATIC / file).read_bytes()

        async def page(request: Request, body: bytes = body, kind: Kind = kind) -> Reply:
            answered: Reply = finish(request, Reply(body, content_type=_TYPES["html"], kind=kind))
            return answered

        app.add_route(page, path, methods=["GET", "HEAD"], name=f"page{number}")

    async def asset(request: Request, name: str) -> Reply:
        body = assets.get(name)
        if body is None:
            reply = problem(NotFound())
        else:
            reply = Reply(body, content_type=_TYPES[name.rsplit(".", 1)[-1]], kind=Kind.ASSET)
        answered: Reply = finish(request, reply)
        return answered

    app.add_route(asset, "/docs/assets/<name>", methods=["GET", "HEAD"], name="asset")
