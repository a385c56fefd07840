"""Events as the bytes that go over the wire, made once for all who hear them.

A Socket.IO event in the default namespace is the text `42["name",payload]`; what a server sends is not masked
(RFC 6455), so the finished frame is the same for everybody.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from shardmart.web.replies import dumps

_TEXT, _SHORT, _MEDIUM = 0x81, 126, 1 << 16


def event_frame(name: str, payload: Mapping[str, Any]) -> bytes:
    """The frame of one event."""
    return text_frame(b'42["%s",%s]' % (name.encode(), dumps(payload)))


def text_frame(text: bytes) -> bytes:
    """One unfragmented text frame."""
    size = len(text)
    if size < _SHORT:
        return struct.pack("!BB", _TEXT, size) + text
    if size < _MEDIUM:
        return struct.pack("!BBH", _TEXT, 126, size) + text
    return struct.pack("!BBQ", _TEXT, 127, size) + text
