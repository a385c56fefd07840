"""The built front end, served from memory: what the build made and nothing else, so no path can lead out of it.

`/assets/*` carries a hash of its content in its name and may be kept for ever; everything else is asked for again.
Files that the build compressed already (`x.js.br`, `x.js.gz` beside `x.js`) are sent so to whoever takes it. A page
of the application is whatever the browser opens that is not something of the server's: it gets `index.html`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sanic import Sanic
from sanic.request import Request

from shardmart.web.replies import Kind, Reply

INDEX = "index.html"
ASSETS = "/assets/"
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # in the order of preference
OF_THE_SERVER = ("/api", "/docs", "/metrics", "/healthz", "/readyz", "/socket.io", "/assets")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}


@dataclass(frozen=True)
class File:
    """A file of the build, plain and in the encodings that lie beside it."""

    body: bytes
    content_type: str
    kind: Kind
    encoded: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Site:
    """`files` by their paths; `/` is the application's page."""

    files: Mapping[str, File]
    tags: Mapping[str, str]

    def reply(self, request: Request[Any, Any], path: str) -> Reply:
        """The file, or 304 for whoever has it."""
        file, tag = self.files[path], self.tags[path]
        headers = {"etag": tag}
        if file.encoded:
            headers["vary"] = "Accept-Encoding"
        if tag in request.headers.get("if-none-match", ""):
            return Reply(status=304, headers=headers, kind=file.kind)
        accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
        encoding = next((name for name in file.encoded if name in accepted), None)
        if encoding is None:
            return Reply(file.body, headers=headers, content_type=file.content_type, kind=file.kind)
        headers["content-encoding"] = encoding
        return Reply(file.encoded[encoding], headers=headers, content_type=file.content_type, kind=file.kind)

    def is_page(self, request: Request[Any, Any]) -> bool:
        """Whether the request opens a page of the application: a browser that goes somewhere, not a script's call."""
        path = request.path
        return (
            request.method in ("GET", "HEAD")
            and "text/html" in request.headers.get("accept", "")
            and not any(path == own or path.startswith(f"{own}/") for own in OF_THE_SERVER)
        )


def read_site(directory: Path) -> Site:
    """All files of a build."""
    files = {f"/{path.relative_to(directory).as_posix()}": path for path in sorted(directory.rglob("*"))}
    plain = {
        name: path
        for name, path in files.items()
        if path.is_file() and not path.is_symlink() and path.suffix not in ENCODINGS.values()
    }
    read = {name: _file(name, path) for name, path in plain.items()}
    read["/"] = read.pop(f"/{INDEX}")
    return Site(read, {name: file.tag for name, file in read.items()})


def add_site(app: Sanic[Any, Any], site: Site) -> None:
    """A route for every file."""
    for number, name in enumerate(site.files):

        async def file(request: Request[Any, Any], name: str = name) -> Reply:
            finished: Reply = app.ctx.finish(request, site.reply(request, name))
            return finished

        app.add_route(file, name, methods=["GET", "HEAD"], name=f"site{number}")


def accepted_encodings(header: str) -> set[str]:
    """The names in an Accept-Encoding header that are not refused there by `q=0`."""
    parts = (part.partition(";") for part in header.lower().split(","))
    return {name.strip() for name, _, quality in parts if quality.replace(" ", "").rstrip("0.") != "q="}


def _file(name: str, path: Path) -> File:
    encoded = {
        encoding: beside.read_bytes()
        for encoding, suffix in ENCODINGS.items()
        if (beside := path.with_name(path.name + suffix)).is_file()
    }
    content_type = _TYPES.get(path.suffix, "application/octet-stream")
    page = Kind.SITE if path.suffix == ".html" else Kind.FRESH
    return File(path.read_bytes(), content_type, Kind.HASHED if name.startswith(ASSETS) else page, encoded)
