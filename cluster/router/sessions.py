"""Logical sessions: the ids that clients send, and private ones of the router's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bson import Binary

from cluster.router.errors import BAD_VALUE, INVALID_OPTIONS, CommandError, Doc

_UUID_SUBTYPE, _UUID_BYTES = 4, 16
_LONGEST_LIST = 10_000


def parse_session(lsid: Any) -> bytes:
    """The id in a client's `lsid`; nothing else may be in it (extra fields mark the servers' internal
    sessions)."""
    identifier = lsid.get("id") if isinstance(lsid, Mapping) else None
    if not isinstance(identifier, Binary) or identifier.subtype != _UUID_SUBTYPE or len(identifier) != _UUID_BYTES:
        raise CommandError(INVALID_OPTIONS, "lsid must be a document {id: UUID}")
    if set(lsid) - {"id", "uid"}:
        raise CommandError(INVALID_OPTIONS, "lsid has fields that clients may not send")
    return bytes(identifier)


def parse_session_list(value: Any) -> list[bytes]:
    """The argument of killSessions, endSessions and refreshSessions."""
    if not isinstance(value, list) or len(value) > _LONGEST_LIST:
        raise CommandError(BAD_VALUE, "a list of at most 10000 sessions is expected")
    return [parse_session(item) for item in value]


def session_document(identifier: bytes) -> Doc:
    """The `lsid` to send."""
    return {"id": Binary(identifier, _UUID_SUBTYPE)}


def new_session() -> bytes:
    """A random version 4 UUID."""
    raw = bytearray(os.urandom(_UUID_BYTES))
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    return bytes(raw)


class PrivateSessions:
    """Sessions for cursors on the engine: one each, so that a kill can be aimed, and used again, because
    every session id stays half an hour in the servers' memory."""

    def __init__(self) -> None:
        self._free: list[bytes] = []

    def lease(self) -> bytes:
        """A session nobody else uses."""
        return self._free.pop() if self._free else new_session()

    def release(self, identifier: bytes) -> None:
        """Its cursor is gone."""
        self._free.append(identifier)
