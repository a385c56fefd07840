"""Headers that every answer carries, and who may read answers from another origin."""

from __future__ import annotations

from typing import Any

from sanic.request import Request

from shardmart.settings import Settings
from shardmart.web.replies import HeaderLines, Kind, Reply

_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_CLOSED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OWN = "; script-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'"
_BY_KIND = {
    Kind.API: {"content-security-policy": _CLOSED, "cache-control": "no-store", "vary": "Origin"},
    Kind.PAGE: {"content-security-policy": f"{_CLOSED}{_OWN}; style-src 'self'", "cache-control": "no-cache"},
    # Swagger UI sets style attributes; scripts stay limited to files of our own
    Kind.DOCS: {
        "content-security-policy": f"{_CLOSED}{_OWN}; style-src 'self' 'unsafe-inline'",
        "cache-control": "no-cache",
    },
    Kind.ASSET: {"content-security-policy": _CLOSED, "cache-control": "public, max-age=3600"},
    # the front end's components set style attributes and elements; photos are looked at before they are sent (blob:)
    Kind.SITE: {
        "content-security-policy": f"{_CLOSED}; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; connect-src 'self'",
        "cache-control": "no-cache",
    },
    Kind.HASHED: {"content-security-policy": _CLOSED, "cache-control": "public, max-age=31536000, immutable"},
    Kind.FRESH: {"content-security-policy": _CLOSED, "cache-control": "no-cache"},
}
_HSTS = "max-age=31536000; includeSubDomains"
_READABLE = "Location, Retry-After, Idempotent-Replayed, X-Request-Id, X-Staleness-Bound"
_SENDABLE = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"


class Finish:
    """Completes every answer, of handlers and of errors alike."""

    def __init__(self, settings: Settings) -> None:
        self.closing = False  # the server stops: connections end with their running answer
        self._origins = frozenset(settings.origins)
        self._lines = {kind: _encoded(kind, settings) for kind in Kind}

    def __call__(self, request: Request, reply: Reply) -> Reply:
        if self.closing:
            stream: Any = request.stream
            stream.keep_alive = False
        reply.common = self._lines[reply.kind]
        reply.headers["x-request-id"] = request.id
        origin = request.headers.get("origin")
        if origin is not None and self.trusts(origin):
            reply.headers["access-control-allow-origin"] = origin
            reply.headers["access-control-allow-credentials"] = "true"
            reply.headers["access-control-expose-headers"] = _READABLE
        return reply

    def lines(self, kind: Kind) -> HeaderLines:
        return self._lines[kind]

    def trusts(self, origin: str) -> bool:
        return origin in self._origins

    def options(self, request: Request, methods: list[str]) -> Reply:
        """The answer to OPTIONS: what may be done here, and for pages of known origins a preflight's permission."""
        reply = Reply(status=204, headers={"allow": ", ".join(methods)})
        if self.trusts(request.headers.get("origin", "")) and "access-control-request-method" in request.headers:
            reply.headers["access-control-allow-methods"] = ", ".join(methods)
            reply.headers["access-control-allow-headers"] = _SENDABLE
            reply.headers["access-control-max-age"] = "600"
        return reply


def _encoded(kind: Kind, settings: Settings) -> HeaderLines:
    headers = {**_EVERYWHERE, **_BY_KIND[kind]}
    if kind is Kind.SITE:  # not every browser takes 'self' for WebSockets too: its page comes last in the policy
        sockets = (origin.replace("http", "ws", 1) for origin in settings.origins)
        headers["content-security-policy"] = " ".join((headers["content-security-policy"], *sockets))
    if not settings.loopback:
        headers["strict-transport-security"] = _HSTS
    return tuple((name.encode(), value.encode()) for name, value in headers.items())
