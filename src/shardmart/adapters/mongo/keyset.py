"""Paging by the sort key of the last item: a page costs the same at any depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from shardmart.domain import clock
from shardmart.domain.errors import InvalidCursor
from shardmart.domain.paging import Page, Position

Document = dict[str, Any]
T = TypeVar("T")
SortKeys = Sequence[tuple[str, int]]  # ends with _id, so that no two items are equal


NEWEST: SortKeys = [("created_at", -1), ("_id", -1)]


def newest_key(d: Document, field: str = "created_at") -> Position:
    """The position of a document in a list that shows the newest first."""
    return (clock.to_ms(d[field]), d["_id"])


def timed(after: Position | None) -> list[Any] | None:
    """A position that begins with milliseconds, as the database compares it. Raises InvalidCursor."""
    if after is None:
        return None
    try:
        return [clock.from_ms(int(after[0])), *after[1:]]
    except (ValueError, IndexError, OverflowError) as error:
        raise InvalidCursor from error


def beyond(filter: Document, sort: SortKeys, after: Sequence[Any] | None) -> Document:
    """`filter` narrowed to what comes after the position `after` in the order of `sort`.

    A rooted $or with one branch per prefix: each branch is a range of the same index, and MongoDB merges them in
    order without sorting. (`$lte` and a filter would walk through all items with an equal price.)
    """
    if after is None:
        return filter
    if len(after) != len(sort):
        raise InvalidCursor
    branches = []
    for i, (field, direction) in enumerate(sort):
        equal = {name: value for (name, _), value in zip(sort[:i], after, strict=False)}
        step = {"$gt" if direction > 0 else "$lt": after[i]}
        branches.append(_also(filter, equal | {field: step}))
    return {"$or": branches[::-1]}


def beyond_each(filter: Document, field: str, sort: SortKeys, after: Sequence[Any] | None) -> Document:
    """`beyond` for a filter with `{field: {"$in": values}}`, where `field` stands before the sort in the index.

    A branch for each value: with all of them in one, the server reads and sorts all that comes after the position.
    """
    if after is None or not isinstance(filter[field], dict):
        return beyond(filter, sort, after)
    parts = ({**filter, field: value} for value in filter[field]["$in"])
    return {"$or": [branch for part in parts for branch in beyond(part, sort, after)["$or"]]}


def _also(filter: Document, more: Mapping[str, Any]) -> Document:
    """Both conditions; two ranges on one field (a price filter and a position) are kept both, in one object."""
    both = dict(filter)
    for field, condition in more.items():
        there = both.get(field)
        if there is None:
            both[field] = condition
        elif isinstance(there, dict) and not isinstance(condition, dict):
            both[field] = {**there, "$eq": condition}
        else:
            both["$and"] = [*both.get("$and", ()), {field: condition}]
    return both


def page(
    found: list[Document], *, limit: int, entity: Callable[[Document], T], key: Callable[[Document], Position]
) -> Page[T]:
    """A page from `limit + 1` documents: the one too many tells that there is more."""
    more = len(found) > limit
    shown = found[:limit]
    return Page([entity(d) for d in shown], key(shown[-1]) if more and shown else None)
