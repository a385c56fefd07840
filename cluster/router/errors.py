"""Errors on their way to a client, and the server's error codes that the router must understand.

RouterError
├── CommandError    becomes an `ok: 0` answer
└── NetworkError    a mongod could not be reached, or was lost in the middle
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Doc = dict[str, Any]

TRANSIENT_TRANSACTION = "TransientTransactionError"
RETRYABLE_WRITE = "RetryableWriteError"
UNKNOWN_COMMIT = "UnknownTransactionCommitResult"
RESUMABLE_STREAM = "ResumableChangeStreamError"

BAD_VALUE = 2
HOST_UNREACHABLE = 6
UNAUTHORIZED = 13
TYPE_MISMATCH = 14
ILLEGAL_OPERATION = 20
NAMESPACE_NOT_FOUND = 26
CURSOR_NOT_FOUND = 43
COMMAND_NOT_FOUND = 59
SHARD_KEY_NOT_FOUND = 61
INVALID_OPTIONS = 72
INVALID_NAMESPACE = 73
CANNOT_SPLIT = 105
WRITE_CONFLICT = 112
NO_SUCH_TRANSACTION = 251
NOT_IN_TRANSACTION = 263
STALE_CONFIG = 13388
UNSUPPORTED_OP_QUERY = 352
UNKNOWN_FIELD = 40415
UNKNOWN_STAGE = 40324

NAMES = {
    1: "InternalError",
    2: "BadValue",
    6: "HostUnreachable",
    9: "FailedToParse",
    13: "Unauthorized",
    14: "TypeMismatch",
    20: "IllegalOperation",
    22: "InvalidBSON",
    26: "NamespaceNotFound",
    43: "CursorNotFound",
    59: "CommandNotFound",
    61: "ShardKeyNotFound",
    67: "CannotCreateIndex",
    70: "ShardNotFound",
    72: "InvalidOptions",
    73: "InvalidNamespace",
    76: "NoReplicationEnabled",
    105: "CannotSplit",
    112: "WriteConflict",
    118: "NamespaceNotSharded",
    244: "TransactionAborted",
    251: "NoSuchTransaction",
    256: "TransactionCommitted",
    263: "OperationNotSupportedInTransaction",
    292: "QueryExceededMemoryLimitNoDiskUseAllowed",
    352: "UnsupportedOpQueryCommand",
    13388: "StaleConfig",
}

# the member that answered is not, or no longer, the primary
NOT_PRIMARY = frozenset({91, 189, 10058, 10107, 11600, 11602, 13435, 13436})
# of those, the ones said before anything was done: even a write without a number may be repeated
NEVER_RAN = frozenset({10058, 10107, 13435})
# the routing table is out of date: StaleConfig (and its ancestors), StaleDbVersion and the like
STALE = frozenset({63, 150, 249, 374, 13297, STALE_CONFIG})
# errors after which a driver may repeat a write that carries a transaction number
RETRYABLE = NOT_PRIMARY | {6, 7, 89, 134, 262, 9001}


class RouterError(Exception):
    """Anything the router raises on purpose."""


class CommandError(RouterError):
    """An answer with `ok: 0`."""

    def __init__(self, code: int, message: str, *, labels: tuple[str, ...] = (), extra: Doc | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.labels = labels
        self.extra = extra or {}

    def reply(self) -> Doc:
        """The document a client gets."""
        name = NAMES.get(self.code, f"Location{self.code}")
        answer: Doc = {"ok": 0.0, "errmsg": str(self), "code": self.code, "codeName": name, **self.extra}
        if self.labels:
            answer["errorLabels"] = list(self.labels)
        return answer


class NetworkError(RouterError):
    """A mongod could not be reached (`sent` is false), or it was lost before it answered."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent

    def reply(self) -> Doc:
        """The document a client gets when nothing better can be said."""
        return CommandError(HOST_UNREACHABLE, str(self)).reply()


def is_stale(reply: Mapping[str, Any]) -> bool:
    """Does the shard say that our routing table is out of date, for the command or one of its statements?"""
    if reply.get("code") in STALE:
        return True
    return any(error["code"] in STALE for error in reply.get("writeErrors") or ())


def succeeded(reply: Mapping[str, Any]) -> bool:
    """Did the command itself run (its statements may have failed)?"""
    return bool(reply.get("ok"))
