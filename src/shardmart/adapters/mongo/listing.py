"""Catalogue queries: which index serves which page.

Every equality filter is part of the list's name (`documents.lists_of`), so a page is one range of one index for each
stock state, which the server merges, and the index is named in the query: nothing to plan and nothing to sort.
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
    if query.words:
        return Plan(keyset.beyond(listed(query), sort, seen), sort, None)
    pages = [keyset.beyond(each, sort, seen) for each in _by_stock(query)]
    branches = [branch for page in pages for branch in page.get("$or", (page,))]
    return Plan(branches[0] if len(branches) == 1 else {"$or": branches}, sort, index)


def listed(query: ListingQuery) -> Document:
    """The filter of a list without its position."""
    which: Document = {
        "listed_in": list_name(category=query.category, seller_id=query.seller_id),
        # both values rather than none: a field left open in an index hides those behind it
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


def _by_stock(query: ListingQuery) -> list[Document]:
    """The list in parts of which each has one stock state.

    With both states in one range list the server merges what the index gives only as long as nothing else is equal
    before the sort: a position or a single price would make it read and sort all that is left.
    """
    which = listed(query)
    return [which] if query.in_stock else [{**which, "in_stock": state} for state in (True, False)]


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
