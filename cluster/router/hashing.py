"""Hashed shard keys: the server's 64-bit hash of a BSON value, bit for bit (it decides where a document
lives)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import Any

import bson
from bson import Decimal128, Int64
from bson.regex import Regex

from cluster.router.ordering import UnorderableError, is_nan, sort_key
from cluster.router.wire import INT32

_INT64 = struct.Struct("<q")
_SEED = INT32.pack(0)
_NUMBER, _OBJECT, _ARRAY = 10, 20, 25


def hash_value(value: Any) -> int:
    """What `_hashBSONElement` answers for the value; a missing field hashes like null."""
    digest = hashlib.md5(_SEED, usedforsecurity=False)
    _feed(digest, value, None)
    return int(_INT64.unpack_from(digest.digest())[0])


def hashed_key(value: Any) -> tuple[Any, ...]:
    """The hash as a key that can be compared with chunk bounds."""
    return sort_key(Int64(hash_value(value)))


def _feed(digest: Any, value: Any, name: str | None) -> None:
    if isinstance(value, Regex):
        raise UnorderableError("cannot hash a regular expression")
    kind = sort_key(value)[0]
    digest.update(INT32.pack(kind))
    if name is not None:
        digest.update(name.encode() + b"\0")
    if kind == _NUMBER:
        digest.update(_INT64.pack(_truncated(value)))
    elif kind in (_OBJECT, _ARRAY):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            _feed(digest, item, str(key))
        digest.update(INT32.pack(0))  # the end of an object counts as an element, too
    else:
        # the value's bytes: what is between the header (length, type, name) and the final zero
        digest.update(bson.encode({"": value})[6:-1])


def _truncated(value: Any) -> int:
    """Numbers hash by their whole part, so that 1, 1.0 and 1.5 meet; out of range ones are clamped, NaN is
    0."""
    number = value.to_decimal() if isinstance(value, Decimal128) else value
    if is_nan(number):
        return 0
    low, high = -(2**63), 2**63 - 1
    if number >= high:
        return high
    if number <= low:
        return low
    return round(number) if isinstance(value, Decimal128) else int(number)
