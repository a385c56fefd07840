"""Answers. `Reply` knows its headers as bytes already, which makes it cheaper than the response it replaces."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any

import orjson
from sanic.response import HTTPResponse
from sanic.response.types import HEADER_TRANSLATION_TABLE

JSON = "application/json"
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_WITHOUT_BODY = (204, 304)

HeaderLines = tuple[tuple[bytes, bytes], ...]


class Kind(Enum):
    """Which common headers an answer carries, see `web.headers`."""

    API = "api"
    PAGE = "page"
    DOCS = "docs"
    ASSET = "asset"
    SITE = "site"  # the front end's page, what it may keep for ever, and the rest of it
    HASHED = "hashed"
    FRESH = "fresh"


class Reply(HTTPResponse):
    """An answer of one kind; `common` are the encoded headers that all answers of that kind carry."""

    __slots__ = ("common", "kind")

    def __init__(
        self,
        body: bytes = b"",
        status: int = 200,
        *,
        headers: dict[str, str] | None = None,
        content_type: str = JSON,
        kind: Kind = Kind.API,
    ) -> None:
        super().__init__(body, status, headers, content_type)
        self.kind = kind
        self.common: HeaderLines = ()

    @property
    def processed_headers(self) -> Any:
        """All headers as pairs of bytes."""
        lines = [
            (name.encode("ascii"), str(value).translate(HEADER_TRANSLATION_TABLE).encode("latin-1", "replace"))
            for name, value in self.headers.items()
        ]
        if self.status not in _WITHOUT_BODY:
            lines.append((b"content-type", (self.content_type or JSON).encode("ascii")))
        lines.extend(self.common)
        return lines


def dumps(value: Any) -> bytes:
    """JSON with exact money as numbers and times in UTC with Z."""
    return orjson.dumps(value, default=_money, option=_OPTIONS)


def dumps_foreign(value: Any) -> bytes:
    """JSON of what another program made (a database's explain output): the unknown becomes text."""
    return orjson.dumps(value, default=str, option=_OPTIONS | orjson.OPT_NON_STR_KEYS)


def ok(value: Any) -> Reply:
    return Reply(dumps(value))


def created(value: Any, *, location: str | None = None) -> Reply:
    return Reply(dumps(value), 201, headers={"location": location} if location else None)


def accepted(value: Any) -> Reply:
    return Reply(dumps(value), 202)


def no_content() -> Reply:
    return Reply(status=204)


def _money(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)  # exact: two decimals and less than 15 digits
    raise TypeError(f"{type(value).__name__} is not JSON")
