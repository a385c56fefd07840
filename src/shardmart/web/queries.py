"""Query strings, as strict as bodies: a parameter is known, given once and well-formed, or the answer is 422."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from shardmart.domain import money
from shardmart.domain.errors import FieldError, InvalidInput

DEFAULT_LIMIT, MOST = 20, 100
_AMOUNT = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,2})?")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,8}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(?:\d{3}|\d{6}))?)Z", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """One query parameter: how it is read, and how the OpenAPI document shows it."""

    name: str
    read: Callable[[str], Any]  # raises ValueError with what is wrong
    schema: Mapping[str, Any]
    description: str
    default: Any = None


@dataclass(frozen=True)
class Values:
    """A query string that was read. `name` is the same for two strings that ask for pages of one list."""

    given: Mapping[str, Any]
    name: str
    cursor: str | None
    limit: int

    def __getitem__(self, parameter: str) -> Any:
        return self.given[parameter]


@dataclass(frozen=True)
class Query:
    """The parameters of a route. Reading is remembered: pages of a shop are asked for again and again.

    `settle` looks at all values together: it raises InvalidInput, or fills in a default that follows from others.
    """

    parameters: tuple[Parameter, ...] = ()
    settle: Callable[[dict[str, Any]], None] = lambda given: None
    read: Callable[[str], Values] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", lru_cache(maxsize=512)(self._read))

    def _read(self, query_string: str) -> Values:
        """Raises InvalidInput that names every wrong parameter."""
        raw, errors = self._split(query_string)
        given = {one.name: one.default for one in self.parameters}
        for one in self.parameters:
            if one.name in raw:
                try:
                    given[one.name] = one.read(raw[one.name])
                except ValueError as wrong:
                    errors.append(FieldError(one.name, str(wrong)))
        if errors:
            raise InvalidInput(errors)
        self.settle(given)
        filters = {name: value for name, value in given.items() if name not in ("cursor", "limit")}
        return Values(given, repr(filters), given.get("cursor"), given.get("limit", DEFAULT_LIMIT))

    def _split(self, query_string: str) -> tuple[dict[str, str], list[FieldError]]:
        try:
            pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=40)
        except ValueError:
            raise InvalidInput([FieldError("", "the query string is malformed")]) from None
        known, raw, errors = {one.name for one in self.parameters}, {}, []
        for name, text in pairs:
            if name not in known:
                errors.append(FieldError(name[:100], "is not a parameter here"))
            elif name in raw:
                errors.append(FieldError(name, "is given more than once"))
            raw[name] = text
        return raw, errors


def text(name: str, description: str, *, longest: int) -> Parameter:
    def read(value: str) -> str:
        if not 1 <= len(value) <= longest:
            raise ValueError(f"must have between 1 and {longest} characters")
        if "\0" in value:
            raise ValueError("must not contain NUL")  # which no name does, and which no regex can look for
        return value

    schema = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^\x00]*$"}
    return Parameter(name, read, schema, description)


def integer(name: str, description: str, *, least: int, most: int, default: int) -> Parameter:
    def read(value: str) -> int:
        if _INTEGER.fullmatch(value) is None or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number between {least} and {most}")
        return int(value)

    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return Parameter(name, read, schema, description, default)


def amount(name: str, description: str) -> Parameter:
    def read(value: str) -> Decimal:
        if _AMOUNT.fullmatch(value) is None or Decimal(value) > money.MAX_PRICE:
            raise ValueError(f"must be an amount between 0 and {money.MAX_PRICE} with at most two decimals")
        return money.exact(Decimal(value))

    schema = {"type": "number", "minimum": 0, "maximum": float(money.MAX_PRICE), "multipleOf": 0.01}
    return Parameter(name, read, schema, description)


def choice(name: str, description: str, options: tuple[str, ...], *, default: str | None = None) -> Parameter:
    def read(value: str) -> str:
        if value not in options:
            raise ValueError(f"must be one of {', '.join(options)}")
        return value

    return Parameter(name, read, {"type": "string", "enum": list(options)}, description, default)


def flag(name: str, description: str) -> Parameter:
    def read(value: str) -> bool:
        if value not in ("true", "false"):
            raise ValueError("must be true or false")
        return value == "true"

    return Parameter(name, read, {"type": "boolean"}, description, False)


def moment(name: str, description: str, *, end: bool = False) -> Parameter:
    """A time with Z, or a date: as a beginning its first moment, as an end (`end`) the first one after it."""

    def read(value: str) -> datetime:
        if (exact := _TIME.fullmatch(value)) is not None:
            return datetime.fromisoformat(exact[1])
        if _DATE.fullmatch(value) is None:
            raise ValueError("must be a date (2026-01-31) or a time in UTC (2026-01-31T12:00:00Z)")
        try:
            return datetime.combine(date.fromisoformat(value) + timedelta(days=end), time())
        except OverflowError:
            raise ValueError("is out of range") from None

    schema = {"type": "string", "pattern": rf"^{_DATE.pattern}(T\d{{2}}:\d{{2}}:\d{{2}}(\.(\d{{3}}|\d{{6}}))?Z)?$"}
    return Parameter(name, read, schema, description)


LIMIT = integer("limit", "How many items a page has.", least=1, most=MOST, default=DEFAULT_LIMIT)
CURSOR = text("cursor", "`next_cursor` of the page before, with the same filters and sort.", longest=2_000)
PAGE = (LIMIT, CURSOR)
