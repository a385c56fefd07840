"""What the driver's failures mean for the shop: the database is away, or something is wrong with us."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from shardmart.domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C")

WRITE_CONFLICT = 112
# Codes that mean «not now»: elections, shutdowns, interrupted and expired operations, a stale or moving chunk.
_NOT_NOW = frozenset(
    {6, 7, 24, 50, 63, 64, 79, 89, 91, 100, 112, 117, 133, 134, 150, 189, 202, 225, 234, 246, 249, 251, 262, 286}
    | {290, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436, 50915}
)
_LABELS = ("TransientTransactionError", "RetryableWriteError", "UnknownTransactionCommitResult")


def is_away(error: BaseException) -> bool:
    """Whether the error says that the database cannot answer at the moment."""
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WTimeoutError | WaitQueueTimeoutError):
        return True
    if isinstance(error, PyMongoError) and any(error.has_error_label(label) for label in _LABELS):
        return True
    if isinstance(error, BulkWriteError):  # a mongos tells of a shard that is away document by document
        return any(failed.get("code") in _NOT_NOW for failed in error.details.get("writeErrors", ()))
    return isinstance(error, OperationFailure) and error.code in _NOT_NOW


def answers_unavailable(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Turns «the database is away» into Unavailable; every other driver error stays a bug to be seen."""

    @functools.wraps(function)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await function(*args, **kwargs)
        except PyMongoError as error:
            if is_away(error):
                raise Unavailable from error
            raise

    return wrapped


def repository(cls: type[C]) -> type[C]:
    """Class decorator: `answers_unavailable` for every public coroutine method, inherited ones too."""
    for name, member in inspect.getmembers(cls):
        if inspect.iscoroutinefunction(member) and not name.startswith("_"):
            wrapped: Any = answers_unavailable(member)
            setattr(cls, name, wrapped)
    return cls
