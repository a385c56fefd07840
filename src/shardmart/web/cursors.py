"""Cursors: where the next page begins, signed, and good only for the list that gave them.

Opaque to clients, base64url of a keyed BLAKE2b and the position. The list (its path, who asks, filters, sort) goes
into the signature and not into the cursor, so a cursor taken to another list does not verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import orjson

from shardmart.domain.errors import InvalidCursor
from shardmart.domain.paging import Position

_SIGNATURE_BYTES = 16
LONGEST = 2_000


class Cursors:
    """Signs and reads cursors with a key derived from the shop's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"cursors", digest_size=32).digest()

    def write(self, position: Position, *, of: str) -> str:
        """The cursor for `position` in the list named by `of`."""
        payload = orjson.dumps(position)
        return base64.urlsafe_b64encode(self._sign(payload, of) + payload).rstrip(b"=").decode()

    def read(self, cursor: str, *, of: str) -> Position:
        """The inverse of `write`. Raises InvalidCursor for a damaged cursor or one of another list."""
        if len(cursor) > LONGEST:
            raise InvalidCursor
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidCursor from None
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:  # one spelling only
            raise InvalidCursor
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(payload, of)):
            raise InvalidCursor
        return tuple(orjson.loads(payload))

    def _sign(self, payload: bytes, of: str) -> bytes:
        name = of.encode("utf-8", "surrogatepass")
        head = len(name).to_bytes(4, "big")
        return hashlib.blake2b(head + name + payload, key=self._key, digest_size=_SIGNATURE_BYTES).digest()
