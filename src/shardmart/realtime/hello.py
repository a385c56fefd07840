"""What clients send: at the handshake and afterwards. Strict, like the bodies of the HTTP API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shardmart.domain.ids import is_owned_id
from shardmart.realtime.rooms import CATALOG, product_room

LONGEST_TOKEN, LONGEST_EVENT_ID = 4_096, 100


class Malformed(Exception):
    """What was sent is not what this server takes; the message says what it takes."""


@dataclass(slots=True, frozen=True)
class Hello:
    """`auth` of the handshake."""

    token: str | None
    last_event_id: str | None


def read_hello(auth: Any) -> Hello:
    """Raises Malformed."""
    given = _fields({} if auth is None else auth, "token", "last_event_id")
    return Hello(
        _text(given, "token", longest=LONGEST_TOKEN), _text(given, "last_event_id", longest=LONGEST_EVENT_ID)
    )


def read_token(data: Any) -> str:
    """Raises Malformed."""
    token = _text(_fields(data, "token"), "token", longest=LONGEST_TOKEN)
    if token is None:
        raise Malformed("token is missing")
    return token


@dataclass(slots=True, frozen=True)
class Wish:
    """What to subscribe to: these products, or every one."""

    product_ids: tuple[str, ...]
    catalog: bool

    @property
    def rooms(self) -> list[str]:
        return [product_room(id) for id in self.product_ids] + ([CATALOG] if self.catalog else [])


def read_wish(data: Any) -> Wish:
    """Raises Malformed. How many rooms there may be is counted where they are joined."""
    given = _fields(data, "product_ids", "catalog")
    ids, catalog = given.get("product_ids", []), given.get("catalog", False)
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise Malformed("product_ids must be a list of product ids")
    if not isinstance(catalog, bool):
        raise Malformed("catalog must be true or false")
    if not ids and not catalog:
        raise Malformed("product_ids or catalog is needed")
    known = tuple(id for id in ids if is_owned_id(id))  # an impossible id is a product that never changes
    return Wish(known, catalog)


def _fields(data: Any, *names: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Malformed("an object is needed")
    if unknown := set(data) - set(names):
        raise Malformed(f"unknown field {min(unknown, key=str)!s:.60}")
    return data


def _text(given: dict[str, Any], name: str, *, longest: int) -> str | None:
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= longest):
        raise Malformed(f"{name} must be a string")
    return value
