"""Looks into a command's bytes for names that only servers may use, wherever they are nested or doubled.

Decoding would not do: of two fields with one name Python keeps the last and mongod may act on the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cluster.router.errors import UNKNOWN_STAGE, CommandError
from cluster.router.wire import INT32

# cheap first look: a type byte, then a name that begins like one of those that are not for clients
_SUSPECT = re.compile(rb"[\x01-\x13\x7f\xff]\$(?:_|mergeCursors\0)")
_FIXED = {
    0x01: 8,
    0x06: 0,
    0x07: 12,
    0x08: 1,
    0x09: 8,
    0x0A: 0,
    0x10: 4,
    0x11: 8,
    0x12: 8,
    0x13: 16,
    0x7F: 0,
    0xFF: 0,
}
_LENGTH_BEFORE = {0x02: 4, 0x0D: 4, 0x0E: 4, 0x05: 5, 0x0C: 16, 0x0F: 0}  # what is around the counted bytes
_DOCUMENTS, _REGEX = {0x03, 0x04}, 0x0B


def refuse_internal_names(documents: bytes) -> None:
    """Raise CommandError if one of the documents (back to back) has a field `$mergeCursors` or `$_…` at
    any depth."""
    if _SUSPECT.search(documents):
        for name in _names(documents):
            if name.startswith(b"$_") or name == b"$mergeCursors":
                raise CommandError(UNKNOWN_STAGE, f"Unrecognized name: '{name.decode(errors='replace')}'")


def _names(data: bytes) -> Iterator[bytes]:
    """Every field name, flat: an embedded document is entered by stepping over its length only."""
    position, depth = 0, 0
    while position < len(data):
        if depth == 0:
            position, depth = position + 4, 1
            continue
        kind = data[position]
        if kind == 0:
            position, depth = position + 1, depth - 1
            continue
        end = data.index(b"\0", position)
        yield data[position + 1 : end]
        position = end + 1
        if kind in _DOCUMENTS:
            position, depth = position + 4, depth + 1
        else:
            position = _after_value(data, kind, position)


def _after_value(data: bytes, kind: int, position: int) -> int:
    if kind in _FIXED:
        return position + _FIXED[kind]
    if kind == _REGEX:
        return data.index(b"\0", data.index(b"\0", position) + 1) + 1
    (length,) = INT32.unpack_from(data, position)
    if length < 0 or kind not in _LENGTH_BEFORE:
        raise ValueError(f"BSON type {kind}")
    return int(position + length + _LENGTH_BEFORE[kind])
