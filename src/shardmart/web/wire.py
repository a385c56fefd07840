"""What is read off the wire before a handler sees it.

Sanic is lenient where two servers could disagree about where a message ends or whom it is for; here such a head is
refused. It is checked where Sanic builds its request object: a handler on `http.lifecycle.read_head` does the same
and costs 13 microseconds a request (see docs/performance.md), this costs 2.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import secrets
from typing import Any

from async_timeout import timeout
from sanic.compat import Header
from sanic.exceptions import BadRequest, BadURL, SanicException
from sanic.request import Request

# the request line, then names without spaces, values without control characters, nothing folded over lines
_HEAD = re.compile(rb"[^\r\n\x00]*(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\x00]*)*")
_HOST = re.compile(r"[A-Za-z0-9._~%-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_LENGTH = re.compile(r"[0-9]{1,18}")
_TARGETS = (b"/", b"http://", b"https://")
LARGEST_DRAINED, DRAIN_SECONDS = 8 * 1024 * 1024, 0.5
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_process = secrets.token_hex(6)
_counter = itertools.count(1)


async def drain(request: ShopRequest) -> None:
    """Reads what is left of a body that nobody wants, up to a point.

    Closing a line on which data is still coming in resets it, and the client would never see its answer.
    """
    stream: Any = request.stream
    if stream is None or not stream.request_body:
        return
    stream.request_max_size = LARGEST_DRAINED
    with contextlib.suppress(asyncio.TimeoutError, SanicException):
        async with timeout(DRAIN_SECONDS):
            async for _ in stream:
                pass


def check_head(head: bytes, headers: Header, version: str) -> None:
    """Raises BadRequest for a head that another server could read in another way."""
    if _HEAD.fullmatch(head) is None:
        raise BadRequest("A header is malformed.")
    hosts = headers.getall("host", ())
    if (len(hosts) != 1 and (hosts or version != "1.0")) or (hosts and _HOST.fullmatch(hosts[0].rstrip()) is None):
        raise BadRequest("Exactly one valid Host header is needed.")
    lengths = headers.getall("content-length", ())
    encodings = headers.getall("transfer-encoding", ())
    if len(lengths) + len(encodings) > 1:
        raise BadRequest("The length of the body is ambiguous.")
    if lengths and _LENGTH.fullmatch(lengths[0].rstrip()) is None:
        raise BadRequest("Content-Length is not a number.")
    if encodings and (encodings[0].rstrip() != "chunked" or version == "1.0"):
        raise BadRequest("The transfer encoding is not supported.")


class ShopRequest(Request[Any, Any]):
    """Sanic's request with a checked head and an id that appears in the answer and the logs."""

    __slots__ = ()

    def __init__(  # noqa: PLR0917 - Sanic's signature
        self,
        url_bytes: bytes,
        headers: Header,
        version: str,
        method: str,
        transport: Any,
        app: Any,
        head: bytes = b"",
        stream_id: int = 0,
    ) -> None:
        try:
            super().__init__(url_bytes, headers, version, method, transport, app, head, stream_id)
        except BadURL:
            if head:
                raise
            # the stand-in that Sanic makes to answer an unreadable request
            super().__init__(b"/", headers, version, method, transport, app, head, stream_id)
        if head:
            if not url_bytes.startswith(_TARGETS) and method != "OPTIONS":
                raise BadRequest("The request target is malformed.")
            check_head(head, headers, version)

    @property
    def id(self) -> str:
        """A sane incoming X-Request-Id, else one of our own."""
        if self._id is None:
            given = self.headers.get("x-request-id")
            ours = given is None or _REQUEST_ID.fullmatch(given) is None
            self._id = f"{_process}-{next(_counter):x}" if ours else given
        return str(self._id)
