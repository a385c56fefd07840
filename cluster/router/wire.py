"""MongoDB's wire protocol: OP_MSG both ways, and OP_QUERY as far as old handshakes need it.

A message is a header of 16 bytes (length, request id, response to, opcode) and a payload. The payload of
OP_MSG is flag bits, one body section (kind 0) and any number of document sequences (kind 1).
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from cluster.router.errors import Doc

HEADER = struct.Struct("<iiii")
INT32 = struct.Struct("<i")
UINT32 = struct.Struct("<I")
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
MAX_MESSAGE = 48_000_000
CHECKSUM_PRESENT, MORE_TO_COME, REQUIRED_BITS = 1, 2, 0xFFFF
# dates stay milliseconds: Python's datetime cannot hold every BSON date
RAW = CodecOptions(document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_MS)
DECODED: CodecOptions[Doc] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)

_request_ids = itertools.count(1)


class MalformedMessageError(Exception):
    """Bytes that are no message; the connection is closed, as mongod does."""


@dataclass
class Message:
    """One request as it came in; nested documents are decoded only when somebody looks at them."""

    request_id: int
    opcode: int
    body: Doc
    raw: bytes
    flags: int = 0
    sequences: dict[str, bytes] = field(default_factory=dict)

    @property
    def wants_answer(self) -> bool:
        """False for unacknowledged writes."""
        return not self.flags & MORE_TO_COME


class Reply(dict[str, Any]):
    """A mongod's answer, decoded one level deep; `payload` lets it be handed on without encoding it again."""

    def __init__(self, payload: bytes, host: str = "") -> None:
        super().__init__(RawBSONDocument(payload[5:], RAW).items())
        self.payload = payload
        self.host = host


def encode_command(command: Mapping[str, Any]) -> bytes:
    """A whole OP_MSG request."""
    return frame(b"\0\0\0\0\0" + bson.encode(command), 0, OP_MSG)


def frame(payload: bytes, response_to: int, opcode: int) -> bytes:
    """Put a header in front of a payload."""
    return HEADER.pack(16 + len(payload), next(_request_ids) & 0x7FFFFFFF, response_to, opcode) + payload


def encode_answer(request: Message, answer: Mapping[str, Any]) -> bytes:
    """The answer to a request, in the opcode that the request calls for."""
    if request.opcode == OP_QUERY:
        return frame(struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(answer), request.request_id, OP_REPLY)
    payload = answer.payload if isinstance(answer, Reply) else b"\0\0\0\0\0" + bson.encode(answer)
    return frame(payload, request.request_id, OP_MSG)


def parse(message: bytes) -> Message:
    """Bytes of one message -> Message; MalformedMessageError if they are none."""
    _, request_id, _, opcode = HEADER.unpack_from(message)
    try:
        if opcode == OP_MSG:
            return _parse_msg(request_id, message)
        if opcode == OP_QUERY:
            return _parse_query(request_id, message)
    except (BSONError, ValueError, IndexError, struct.error, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessageError(str(error)) from error
    raise MalformedMessageError(f"opcode {opcode}")


def _parse_msg(request_id: int, message: bytes) -> Message:
    (flags,) = UINT32.unpack_from(message, 16)
    if flags & REQUIRED_BITS & ~(CHECKSUM_PRESENT | MORE_TO_COME):
        raise MalformedMessageError("unknown flag bits")
    end = len(message) - (4 if flags & CHECKSUM_PRESENT else 0)
    position, raw, sequences = 20, b"", {}
    while position < end:
        kind, start = message[position], position + 1
        (length,) = INT32.unpack_from(message, start)
        position = start + length
        if length < 5 or position > end:
            raise MalformedMessageError("section length")
        if kind == 0 and not raw:
            raw = message[start:position]
        elif kind == 1:
            name_end = message.index(b"\0", start + 4, position)
            sequences[message[start + 4 : name_end].decode()] = message[name_end + 1 : position]
        else:
            raise MalformedMessageError("section kind")
    if not raw:
        raise MalformedMessageError("no body")
    return Message(request_id, OP_MSG, dict(RawBSONDocument(raw, RAW).items()), raw, flags, sequences)


def _parse_query(request_id: int, message: bytes) -> Message:
    name_end = message.index(b"\0", 20)
    raw = message[name_end + 9 :]
    body = dict(RawBSONDocument(raw, RAW).items())
    body["$db"] = message[20:name_end].decode().split(".", 1)[0]
    return Message(request_id, OP_QUERY, body, raw)


def decode_sequence(data: bytes) -> list[RawBSONDocument]:
    """The documents of a kind 1 section."""
    return list(bson.decode_iter(data, RAW))
