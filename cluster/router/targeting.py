"""Which shards a document or a query concerns, from the routing table alone."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from bson.regex import Regex

from cluster.router.errors import SHARD_KEY_NOT_FOUND, CommandError, Doc
from cluster.router.hashing import hashed_key
from cluster.router.ordering import MAX_KEY, MIN_KEY, Key, UnorderableError, sort_key

_MOST_COMBINATIONS = 2000
_LOWER, _UPPER = ("$gt", "$gte"), ("$lt", "$lte")


class ChunkMap:
    """The chunks of one collection: shard key, bounds in order, owners."""

    def __init__(self, key: Mapping[str, Any], chunks: list[Doc]) -> None:
        self.key = dict(key)
        self.fields = list(self.key)
        self.hashed = {name for name, kind in self.key.items() if kind == "hashed"}
        self.chunks = chunks
        self.owners: list[str] = [chunk["shard"] for chunk in chunks]
        self.shards = sorted(set(self.owners))
        self._lows = [self.bound_key(chunk["min"]) for chunk in chunks]

    def bound_key(self, bound: Mapping[str, Any]) -> Key:
        """A chunk bound (hashes already in it) as something comparable."""
        return tuple(sort_key(bound[name]) for name in self.fields)

    def chunk_at(self, key: Key) -> int:
        """The position of the chunk that holds a key."""
        return max(bisect_right(self._lows, key) - 1, 0)

    def document_key(self, document: Mapping[str, Any]) -> Key:
        """The shard key of a whole document; missing fields count as null."""
        return tuple(self._component(name, _field(document, name)) for name in self.fields)

    def shard_of_document(self, document: Mapping[str, Any]) -> str:
        """The owner of a whole document."""
        try:
            return self.owners[self.chunk_at(self.document_key(document))]
        except UnorderableError as error:
            raise CommandError(SHARD_KEY_NOT_FOUND, f"the document has no usable shard key: {error}") from error

    def shards_of_query(self, query: Mapping[str, Any]) -> list[str]:
        """The shards that may hold matches: all of them when the query does not say."""
        try:
            found = self._search(query)
        except UnorderableError:
            found = None
        return self.shards if found is None else sorted(found)

    def is_exact(self, query: Mapping[str, Any]) -> bool:
        """Does the query give every field of the shard key by equality (as an upsert must)?"""
        conditions = _flatten(query)
        return all(_equals(conditions.get(name)) is not None for name in self.fields)

    def _component(self, name: str, value: Any) -> Key:
        if isinstance(value, list):
            raise UnorderableError("a shard key cannot be an array")
        return hashed_key(value) if name in self.hashed else sort_key(value)

    def _search(self, query: Mapping[str, Any]) -> set[str] | None:
        conditions = _flatten(query)
        branches = conditions.pop("$or", None)
        found = self._owners(conditions)
        if found is None and isinstance(branches, list) and branches:
            parts = [self._search({**conditions, **branch}) for branch in branches]
            return None if None in parts else set().union(*(part or () for part in parts))
        return found

    def _owners(self, conditions: Mapping[str, Any]) -> set[str] | None:
        """Owners by the equalities on leading fields, and by a range on the field after them."""
        equalities: list[list[Key]] = []
        for name in self.fields:
            values = _equal_values(conditions.get(name))
            if values is None or not _few(equalities, values):
                break
            equalities.append([self._component(name, value) for value in values])
        low, high = self._range(conditions, len(equalities))
        if not equalities and (low, high) == (MIN_KEY, MAX_KEY):
            return None
        found: set[str] = set()
        rest = len(self.fields) - len(equalities) - 1
        for prefix in itertools.product(*equalities):
            start = (*prefix, low, *[MIN_KEY] * rest) if rest >= 0 else prefix
            end = (*prefix, high, *[MAX_KEY] * rest) if rest >= 0 else prefix
            found.update(self.owners[self.chunk_at(start) : self.chunk_at(end) + 1])
        return found

    def _range(self, conditions: Mapping[str, Any], position: int) -> tuple[Key, Key]:
        if position >= len(self.fields) or self.fields[position] in self.hashed:
            return MIN_KEY, MAX_KEY
        condition = conditions.get(self.fields[position])
        if not isinstance(condition, Mapping):
            return MIN_KEY, MAX_KEY
        lows = [sort_key(value) for name, value in condition.items() if name in _LOWER]
        highs = [sort_key(value) for name, value in condition.items() if name in _UPPER]
        return max(lows, default=MIN_KEY), min(highs, default=MAX_KEY)


def equality(query: Mapping[str, Any], name: str) -> bool:
    """Does the query ask for one value of the field?"""
    return _equals(_flatten(query).get(name)) is not None


def _field(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _flatten(query: Mapping[str, Any]) -> Doc:
    """The conditions that must all hold, `$and` unfolded; of several on one field the first that is an
    equality."""
    conditions: Doc = {}
    clauses: Iterable[Any] = query.get("$and") or ()
    for part in (query, *(_flatten(clause) for clause in clauses if isinstance(clause, Mapping))):
        for name, condition in part.items():
            if name not in conditions or _equals(conditions[name]) is None:
                conditions[name] = condition
    conditions.pop("$and", None)
    return conditions


def _equals(condition: Any) -> list[Any] | None:
    """[value] if the condition is equality with one value that is no array and no pattern."""
    values = _equal_values(condition)
    return values if values is not None and len(values) == 1 else None


def _equal_values(condition: Any) -> list[Any] | None:
    if isinstance(condition, Mapping):
        if "$eq" in condition:
            return _plain([condition["$eq"]])
        if isinstance(condition.get("$in"), list):
            return _plain(condition["$in"])
        return None  # an operator, or a whole embedded document: not worth the risk of comparing its field order
    return None if condition is None else _plain([condition])


def _plain(values: list[Any]) -> list[Any] | None:
    usable = values and not any(isinstance(value, Mapping | list | Regex) for value in values)
    return values if usable else None


def _few(equalities: list[list[Key]], values: list[Any]) -> bool:
    combinations = len(values)
    for others in equalities:
        combinations *= len(others)
    return combinations <= _MOST_COMBINATIONS
