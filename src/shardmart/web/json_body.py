"""Reading JSON strictly: what two parsers could read in two ways is refused."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from shardmart.domain.errors import FieldError, InvalidInput, ShardmartError

DEEPEST = 20
LONGEST_NUMBER = 40


class MalformedJson(ShardmartError):
    """The body is not JSON, or not JSON that everybody reads alike."""

    code = "malformed_json"
    detail = "The body is not valid JSON."


def read_object(body: bytes) -> dict[str, Any]:
    """The object in `body`, numbers with a point as Decimals.

    Raises MalformedJson for anything that is not JSON (also for duplicate keys, NaN, lone surrogates), InvalidInput
    when it is no object or nested beyond reason. A number beyond reason is read as one that is out of every range.
    """
    try:
        text = body.decode("utf-8")
        value = _decoder.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")  # refuses lone surrogates
    except (ValueError, RecursionError):
        raise MalformedJson from None
    _check_depth(value)
    if not isinstance(value, dict):
        raise InvalidInput([FieldError("", "must be a JSON object")])
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _integer(digits: str) -> int:
    return int(digits[:LONGEST_NUMBER])  # the cut is as far out of range, and read without long arithmetic


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent that not even a Decimal can hold
        return Decimal("Infinity")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise InvalidInput([FieldError("", "is nested too deep")])


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_decimal
)
