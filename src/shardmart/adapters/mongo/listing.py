"""Catalogue queries: which index serves which page.

Every equality filter is part of the list's name (`documents.lists_of`), so a page is one range of one index, and
the index is named in the query: there is nothing to plan and nothing to sort.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bson.decimal128 import Decimal128

from shardmart.adapters.mongo import keyset
from shardmart.adapters.mongo.documents import decimal_of, list_name
from shardmart.domain.errors import InvalidCursor
from shardmart.domain.listings import ListingQuery, Sort
from shardmart.domain.paging import Position

Document = dict[str, Any]

SORTS: Mapping[Sort, tuple[str, keyset.SortKeys]] = {
    Sort.NEWEST: ("listed_newest", keyset.NEWEST),
    Sort.PRICE: ("listed_price", [("price", 1), ("_id", 1)]),
    Sort.PRICE_DESCENDING: ("listed_price", [("price", -1), ("_id", -1)]),
    Sort.NAME: ("listed_name", [("name_key", 1), ("_id", 1)]),
}


@dataclass(slots=True, frozen=True)
class Plan:
    """A find: its filter, its sort, and the index that serves it (None: searches choose themselves)."""

    filter: Document
    sort: keyset.SortKeys
    index: str | None


def plan(query: ListingQuery, after: Position | None) -> Plan:
    """The find for a page of a list. Raises InvalidCursor for a position that is none of this sort."""
    index, sort = SORTS[query.sort]
    seen = _seen(query.sort, after)
    if seen is None:
        which = listed(query)
    else:
        # a branch for each value: with both in one, the server sorts all that comes after the position in memory
        stocked = (True,) if query.in_stock else (True, False)
        pages = [keyset.beyond({**listed(query), "in_stock": value}, sort, seen) for value in stocked]
        which = {"$or": [branch for page in pages for branch in page["$or"]]}
    return Plan(which, sort, None if query.words else index)


def listed(query: ListingQuery) -> Document:
    """The filter of a list without its position."""
    which: Document = {
        "listed_in": list_name(category=query.category, seller_id=query.seller_id),
        # both values rather than none: equality on every field before the sort lets the index give the order
        "in_stock": True if query.in_stock else {"$in": [True, False]},
    }
    bounds: Document = {}
    if query.min_price is not None:
        bounds["$gte"] = Decimal128(query.min_price)
    if query.max_price is not None:
        bounds["$lte"] = Decimal128(query.max_price)
    if bounds:
        which["price"] = bounds
    if query.words:
        which["$and"] = words_match(query.words)
    return which


def words_match(words: tuple[str, ...]) -> list[Document]:
    """All words, the last one as a prefix."""
    *whole, last = words
    return [{"terms": word} for word in whole] + [{"terms": prefix(last)}]


def prefix(word: str) -> Document:
    """A range of one array element: a plain range on an array would match its ends by different elements."""
    return {"$elemMatch": {"$gte": word, "$lt": word + "\U0010ffff"}}


def position_of(sort: Sort, d: Document) -> Position:
    """The position of a document in a list: JSON scalars."""
    if sort is Sort.NEWEST:
        return keyset.newest_key(d)
    if sort is Sort.NAME:
        return (d["name_key"], d["_id"])
    return (str(decimal_of(d["price"])), d["_id"])


def _seen(sort: Sort, after: Position | None) -> list[Any] | None:
    if after is None or sort is Sort.NAME:
        return None if after is None else list(after)
    if sort is Sort.NEWEST:
        return keyset.timed(after)
    try:
        return [Decimal128(Decimal(str(after[0]))), *after[1:]]
    except (InvalidOperation, IndexError) as error:
        raise InvalidCursor from error
