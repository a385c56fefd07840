"""The order of BSON values, as keys that Python can compare: chunk bounds and merged sorts depend on it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from bson import Decimal128, MaxKey, MinKey, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS

Key = tuple[Any, ...]

MIN_KEY: Key = (-1,)
MAX_KEY: Key = (127,)
_ABSENT, _NUMBER, _STRING, _OBJECT, _ARRAY, _BINARY, _ID, _BOOL, _DATE, _TIMESTAMP = (
    5,
    10,
    15,
    20,
    25,
    30,
    35,
    40,
    45,
    47,
)


class UnorderableError(Exception):
    """A value (a regular expression, code, …) that the router does not compare."""


def sort_key(value: Any) -> Key:
    """A tuple that sorts as MongoDB sorts the value; its first item is the server's canonical type number."""
    simple = _simple_key(value)
    if simple is not None:
        return simple
    if isinstance(value, Mapping):
        return (
            _OBJECT,
            tuple((sort_key(item)[0], name.encode(), sort_key(item)) for name, item in value.items()),
        )
    if isinstance(value, list | tuple):
        return (_ARRAY, tuple(sort_key(item) for item in value))
    if isinstance(value, bytes):  # a Binary is one, too
        return (_BINARY, len(value), getattr(value, "subtype", 0), bytes(value))
    if isinstance(value, MinKey | MaxKey):
        return MIN_KEY if isinstance(value, MinKey) else MAX_KEY
    raise UnorderableError(f"cannot order a {type(value).__name__}")


def _simple_key(value: Any) -> Key | None:
    result: Key | None = None
    if value is None:
        result = (_ABSENT,)
    elif isinstance(value, bool):  # before int: True is an int in Python
        result = (_BOOL, value)
    elif isinstance(value, int | float | Decimal128):
        result = _number_key(value)
    elif isinstance(value, str):
        result = (_STRING, value.encode())
    elif isinstance(value, ObjectId):
        result = (_ID, value.binary)
    elif isinstance(value, DatetimeMS):
        result = (_DATE, int(value))
    elif isinstance(value, datetime.datetime):
        result = (_DATE, int(DatetimeMS(value)))
    elif isinstance(value, Timestamp):
        result = (_TIMESTAMP, value.time, value.inc)
    return result


def _number_key(value: int | float | Decimal128) -> Key:
    number = value.to_decimal() if isinstance(value, Decimal128) else value
    # NaN equals itself and sorts before every other number
    return (_NUMBER, 1, number) if not is_nan(number) else (_NUMBER, 0)


def is_nan(number: Any) -> bool:
    """Also for decimals, where math.isnan will not do."""
    return bool(number != number)  # noqa: PLR0124
