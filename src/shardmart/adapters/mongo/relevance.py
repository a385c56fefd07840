"""Search by relevance: at most 1,000 candidates are looked at, however common the words are.

`$text` would examine and sort every match and knows no prefixes (docs/adr/0004). Here the rarest whole word drives:
its newest 1,000 products are ranked by how many of the words stand in the name itself, then by age.
"""

from __future__ import annotations

from typing import Any

from shardmart.adapters.mongo import keyset
from shardmart.adapters.mongo.client import Collection, Mongo
from shardmart.adapters.mongo.documents import PRODUCT_FIELDS
from shardmart.adapters.mongo.listing import listed, prefix, words_match
from shardmart.domain.listings import SEARCH_CANDIDATES, ListingQuery
from shardmart.domain.paging import Position

Document = dict[str, Any]

RANKED: keyset.SortKeys = [("score", -1), ("created_at", -1), ("_id", -1)]


async def candidates(mongo: Mongo, products: Collection, query: ListingQuery) -> list[Document]:
    """The stages that yield the candidates: exact when any word is rare enough, else the newest of the rarest."""
    driver = await _rarest(mongo, products, query.words[:-1])
    if driver is None:
        first: list[Document] = [{"$match": {"terms": prefix(query.words[-1])}}]
    else:
        first = [{"$match": {"terms": driver}}, {"$sort": {"created_at": -1, "_id": -1}}]
    rest = {**listed(query), "$and": words_match(query.words)}
    return [*first, {"$limit": SEARCH_CANDIDATES}, {"$match": rest}]


async def ranked_page(
    mongo: Mongo, products: Collection, query: ListingQuery, after: Position | None, limit: int
) -> list[Document]:
    """One document more than `limit`, if there is one, each with its `score`."""
    seen = None if after is None else [after[0], *(keyset.timed(after[1:]) or ())]
    pipeline = [
        *await candidates(mongo, products, query),
        {"$set": {"score": _score(query.words)}},
        {"$match": keyset.beyond({}, RANKED, seen)},
        {"$sort": dict(RANKED)},
        {"$limit": limit + 1},
        {"$project": {**PRODUCT_FIELDS, "score": 1}},
    ]
    return await mongo.aggregate(products, pipeline, hint="terms")


def position_of(d: Document) -> Position:
    return (int(d["score"]), *keyset.newest_key(d))


def _score(words: tuple[str, ...]) -> Document:
    """Two for each word that is a whole word of the name, one more if the name begins with the first."""
    in_name = {"$size": {"$setIntersection": [{"$split": ["$name_key", " "]}, list(words)]}}
    begins = {"$cond": [{"$eq": [{"$indexOfCP": ["$name_key", words[0]]}, 0]}, 1, 0]}
    return {"$add": [{"$multiply": [2, in_name]}, begins]}


async def _rarest(mongo: Mongo, products: Collection, words: tuple[str, ...]) -> str | None:
    """The word with the fewest products, counted no further than needed; None when there is no whole word."""
    best, fewest = None, SEARCH_CANDIDATES + 1
    for word in words:
        counted = await mongo.db.command("count", products.name, query={"terms": word}, limit=fewest, hint="terms")
        if best is None or counted["n"] < fewest:
            best, fewest = word, max(1, counted["n"])
    return best
