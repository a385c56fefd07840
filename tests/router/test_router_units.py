"""Pieces of the router by themselves; the hash also against the server's."""

from __future__ import annotations

import datetime
import itertools
import random
import struct
from typing import Any

import bson
import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from router_lab import Lab

from cluster.router.allowlist import FIELDS, FREE_FIELDS, check_fields, check_pipeline
from cluster.router.clock import ClusterClock
from cluster.router.dispatch import HANDLERS
from cluster.router.errors import CommandError
from cluster.router.guard import refuse_internal_names
from cluster.router.hashing import hash_value
from cluster.router.ordering import UnorderableError, sort_key
from cluster.router.sessions import new_session, parse_session, session_document
from cluster.router.targeting import ChunkMap
from cluster.router.wire import DECODED, MalformedMessageError, encode_command, parse

VALUES: list[Any] = [
    *[0, 1, -1, 1.5, -3.7, 2**31, 2**62, -(2**63), 1e300, -1e300, float("nan"), float("inf"), Int64(5)],
    *["", "abc", "seller-17", "ümlaut", "a" * 1000, True, False, None, MinKey(), MaxKey()],
    *[ObjectId("65f000000000000000000001"), Timestamp(5, 6), Binary(b"x", 0), Binary(b"y" * 16, 4), b""],
    *[datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc), datetime.datetime(1950, 1, 1)],
    *[Decimal128(text) for text in ("2.5", "3.5", "-2.7", "1E40", "0.4", "NaN", "Infinity", "12345678901")],
    *[{}, {"a": 1}, {"a": {"b": "x"}, "c": 2.5, "d": None}],
]


@pytest.mark.dev_router
def test_hashes_equal_the_servers(lab: Lab) -> None:
    rng = random.Random(7)
    values = VALUES + [rng.uniform(-1e12, 1e12) for _ in range(50)] + [ObjectId() for _ in range(20)]
    values += ["".join(rng.choices("abcäöü日本 0123", k=rng.randrange(40))) for _ in range(100)]
    with lab.direct("engine") as server:
        for value in values:
            theirs = server.admin.command({"_hashBSONElement": value, "seed": 0})["out"]
            ours = hash_value(bson.decode(bson.encode({"": value}), DECODED)[""])
            assert ours == theirs, value


def test_values_sort_by_type_and_then_by_value() -> None:
    ascending: list[Any] = [MinKey(), None, float("nan"), -5, 1.5, Decimal128("2.5"), 3, "B", "a", "ä"]
    ascending += [{"a": 1}, [1], b"x", ObjectId("0" * 24), False, True, Timestamp(1, 1), MaxKey()]
    keys = [sort_key(value) for value in ascending]
    assert keys == sorted(keys)
    with pytest.raises(UnorderableError):
        sort_key(Regex("x"))


def chunk_map(key: dict[str, Any], bounds: list[Any]) -> ChunkMap:
    """Chunks between the bounds, on shards A and B in turn."""
    edges = [MinKey(), *bounds, MaxKey()]
    rest = [name for name in key if name != next(iter(key))]

    def at(edge: Any) -> dict[str, Any]:
        ends = isinstance(edge, MaxKey)
        return {next(iter(key)): edge, **{name: MaxKey() if ends else MinKey() for name in rest}}

    pairs = itertools.pairwise(edges)
    chunks = [{"min": at(low), "max": at(high), "shard": "AB"[n % 2]} for n, (low, high) in enumerate(pairs)]
    return ChunkMap(key, chunks)


def test_a_query_is_aimed_by_the_leading_fields_it_fixes() -> None:
    chunks = chunk_map({"seller_id": 1, "_id": 1}, ["m"])
    aim = chunks.shards_of_query
    assert aim({"seller_id": "a"}) == ["A"]
    assert aim({"seller_id": "z", "_id": 5}) == ["B"]
    assert aim({"seller_id": {"$eq": "z"}}) == ["B"]
    assert aim({"seller_id": {"$in": ["a", "b"]}}) == ["A"]
    assert aim({"seller_id": {"$in": ["a", "z"]}}) == ["A", "B"]
    assert aim({"$and": [{"x": 1}, {"seller_id": "a"}]}) == ["A"]
    assert aim({"$or": [{"seller_id": "a", "x": 1}, {"seller_id": "b"}]}) == ["A"]
    assert aim({"$or": [{"seller_id": "a"}, {"x": 1}]}) == ["A", "B"]
    assert aim({"seller_id": {"$gte": "n"}}) == ["B"]
    assert aim({"seller_id": {"$lt": "c", "$gt": "a"}}) == ["A"]
    for vague in (
        {},
        {"_id": 5},
        {"seller_id": None},
        {"seller_id": Regex("^a")},
        {"seller_id": {"$ne": "a"}},
    ):
        assert aim(vague) == ["A", "B"]


def test_a_hashed_field_is_aimed_by_equality_only() -> None:
    chunks = chunk_map({"seller_id": "hashed", "_id": 1}, [Int64(0)])
    expected = "A" if hash_value("s") < 0 else "B"
    assert chunks.shards_of_query({"seller_id": "s"}) == [expected]
    assert chunks.shard_of_document({"seller_id": "s", "_id": 1}) == expected
    assert chunks.shards_of_query({"seller_id": {"$gt": "s"}}) == ["A", "B"]
    assert chunks.is_exact({"seller_id": "s", "_id": 1})
    assert not chunks.is_exact({"seller_id": "s"})
    with pytest.raises(CommandError):
        chunks.shard_of_document({"seller_id": ["a"], "_id": 1})


@pytest.mark.parametrize(
    "body",
    [
        {"pipeline": [{"$mergeCursors": {}}]},
        {"pipeline": [{"$facet": {"x": [{"$_internalInhibitOptimization": {}}]}}]},
        {"filter": {"$expr": {"$_internalJsEmit": 1}}},
        {"r": Regex("x"), "c": bson.Code("f", {"a": 1}), "deep": [[{"$mergeCursors": 1}]]},
    ],
)
def test_internal_names_are_found_at_any_depth(body: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        refuse_internal_names(bson.encode({"aggregate": "x", **body}))


def test_an_internal_name_hidden_by_its_double_is_found() -> None:
    inner = b"\x03$mergeCursors\0" + bson.encode({}) + b"\x03$match\0" + bson.encode({})
    doubled = struct.pack("<i", len(inner) + 5) + inner + b"\0"
    with pytest.raises(CommandError):
        refuse_internal_names(doubled)


def test_text_that_looks_like_an_internal_name_passes() -> None:
    refuse_internal_names(bson.encode({"text": "\x03$mergeCursors", "list": ["\x02$_internal"], "b": b"\x03$_x\0"}))


def test_every_command_has_a_handler_and_a_list_of_fields() -> None:
    assert set(HANDLERS) == set(FIELDS)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_no_command_takes_a_servers_field(name: str) -> None:
    theirs = ["shardVersion", "databaseVersion", "_x", "$_x"]
    if name not in FREE_FIELDS:  # what those take goes no further than the router
        theirs += ["fromMongos", "needsMerge", "runtimeConstants", "$configTime", "coordinator"]
    for field in theirs:
        with pytest.raises(CommandError):
            check_fields(name, {name: "x", field: 1})


@pytest.mark.parametrize("stage", ["$out", "$merge", "$currentOp", "$listSessions", "$mergeCursors", "$nonsense"])
def test_unknown_stages_are_refused_wherever_they_are(stage: str) -> None:
    nested = [{stage: {}}]
    for pipeline in (nested, [{"$facet": {"a": nested}}], [{"$lookup": {"from": "x", "pipeline": nested}}]):
        with pytest.raises(CommandError):
            check_pipeline(pipeline)


def test_only_plain_session_ids_are_taken() -> None:
    session = new_session()
    assert parse_session(session_document(session)) == session
    for bad in ({}, {"id": 5}, {"id": Binary(b"x", 4)}, {**session_document(session), "txnNumber": 1}, 7):
        with pytest.raises(CommandError):
            parse_session(bad)


def test_a_client_cannot_push_the_clock_into_the_future() -> None:
    clock = ClusterClock()
    clock.observe_client({"clusterTime": Timestamp(2**32 - 1, 1)})
    clock.observe_client({"clusterTime": "nonsense"})
    clock.observe_client(None)
    assert clock.gossip() == {}
    clock.observe({"clusterTime": Timestamp(100, 1)})
    clock.observe_client({"clusterTime": Timestamp(99, 1)})
    assert clock.now == Timestamp(100, 1)


def test_cut_or_changed_messages_are_malformed_or_still_messages() -> None:
    rng = random.Random(3)
    whole = encode_command({"insert": "x", "documents": [{"_id": 1, "a": {"b": [1, 2]}}], "$db": "shop"})
    for _ in range(2000):
        broken = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            broken[rng.randrange(16, len(broken))] = rng.randrange(256)
        try:
            parse(bytes(broken[: rng.randrange(16, len(broken) + 1)]))
        except MalformedMessageError:
            continue
