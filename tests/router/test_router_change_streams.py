"""Change streams over both shards: complete, in order, resumable, through a chunk move."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.change_stream import ChangeStream
from pymongo.collection import Collection
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from router_lab import Client

Doc = dict[str, Any]
Products = Collection[Doc]


def take(stream: ChangeStream[Doc], count: int, seconds: float = 20) -> list[Doc]:
    """That many events."""
    events: list[Doc] = []
    end = time.monotonic() + seconds
    while len(events) < count and time.monotonic() < end:
        event = stream.try_next()
        if event is not None:
            events.append(event)
    assert len(events) == count, f"{len(events)} of {count} events"
    return events


def in_order(events: list[Doc]) -> bool:
    """Sorted by resume token and by time."""
    tokens = [event["_id"]["_data"] for event in events]
    times = [event["clusterTime"] for event in events]
    return tokens == sorted(set(tokens)) and times == sorted(times)


@pytest.fixture
def watch(client: Client, products: Products) -> Iterator[Callable[..., ChangeStream[Doc]]]:
    """Opens streams on the database, seeing only the test's collection."""
    opened: list[ChangeStream[Doc]] = []

    def open_stream(**options: Any) -> ChangeStream[Doc]:
        only = [{"$match": {"ns.coll": products.name}}]
        opened.append(client["shop"].watch(only, max_await_time_ms=300, **options))
        return opened[-1]

    yield open_stream
    for stream in opened:
        stream.close()


def test_events_of_both_shards_come_in_order(products: Products, watch: Any, pair: tuple[str, str]) -> None:
    stream = watch()
    for n in range(60):
        products.insert_one({"_id": n, "seller_id": pair[n % 2]})
    events = take(stream, 60)
    assert [event["documentKey"]["_id"] for event in events] == list(range(60))
    assert in_order(events)
    assert stream.try_next() is None


def test_updates_deletes_and_lookups(products: Products, watch: Any, pair: tuple[str, str]) -> None:
    stream = watch(full_document="updateLookup")
    key = {"_id": 1, "seller_id": pair[0]}
    products.insert_one({**key, "n": 1})
    products.update_one(key, {"$set": {"n": 2}})
    products.delete_one(key)
    events = take(stream, 3)
    assert [event["operationType"] for event in events] == ["insert", "update", "delete"]
    assert events[1]["updateDescription"]["updatedFields"] == {"n": 2}
    assert events[2]["documentKey"]["_id"] == 1


def test_a_quiet_shard_does_not_hold_events_back(products: Products, watch: Any, pair: tuple[str, str]) -> None:
    stream = watch()
    delays = []
    for n in range(20):
        products.insert_one({"_id": n, "seller_id": pair[0]})
        began = time.monotonic()
        take(stream, 1)
        delays.append(time.monotonic() - began)
    assert sorted(delays)[10] < 0.5


def test_a_transaction_over_both_shards_is_seen_whole(
    products: Products, client: Client, watch: Any, pair: tuple[str, str]
) -> None:
    stream = watch()
    acid = {"read_concern": ReadConcern("snapshot"), "write_concern": WriteConcern("majority")}
    with client.start_session() as session:
        for n in range(0, 20, 2):
            with session.start_transaction(**acid):
                products.insert_one({"_id": n, "seller_id": pair[0]}, session=session)
                products.insert_one({"_id": n + 1, "seller_id": pair[1]}, session=session)
    events = take(stream, 20)
    assert sorted(event["documentKey"]["_id"] for event in events) == list(range(20))
    assert in_order(events)


def test_resuming_loses_and_repeats_nothing(products: Products, watch: Any, pair: tuple[str, str]) -> None:
    stream = watch()
    products.insert_many([{"_id": n, "seller_id": pair[n % 2]} for n in range(30)], ordered=False)
    events = take(stream, 30)
    for position in (0, 7, 29):
        again = watch(resume_after=events[position]["_id"])
        rest = take(again, 29 - position)
        assert [event["_id"] for event in rest] == [event["_id"] for event in events[position + 1 :]]
    later = watch(start_at_operation_time=events[0]["clusterTime"])
    assert [event["_id"] for event in take(later, 30)] == [event["_id"] for event in events]
    products.insert_one({"_id": 100, "seller_id": pair[0]})
    take(stream, 1)
    assert stream.resume_token is not None
    resumed = watch(resume_after=stream.resume_token)
    products.insert_one({"_id": 101, "seller_id": pair[1]})
    assert take(resumed, 1)[0]["documentKey"]["_id"] == 101


def test_nothing_is_lost_or_doubled_while_a_chunk_moves(
    products: Products, client: Client, watch: Any, pair: tuple[str, str]
) -> None:
    seller = pair[0]
    stream = watch()
    products.insert_many([{"_id": n, "seller_id": seller} for n in range(50)])
    done = threading.Event()
    written: list[int] = []

    def write() -> None:
        while not done.is_set():
            number = 1000 + len(written)
            products.insert_one({"_id": number, "seller_id": seller})
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for shard in ("shardB", "shardA"):
            find = {"seller_id": seller, "_id": 1}
            move = {"moveChunk": f"shop.{products.name}", "find": find, "to": shard, "_waitForDelete": True}
            client.admin.command(move)
    finally:
        done.set()
        writer.join()
    events = take(stream, 50 + len(written))
    ids = [event["documentKey"]["_id"] for event in events]
    assert ids == [*range(50), *written]
    assert in_order(events)
    assert stream.try_next() is None


def test_a_stream_on_one_collection(products: Products, pair: tuple[str, str]) -> None:
    with products.watch(max_await_time_ms=200) as stream:
        products.insert_one({"_id": 1, "seller_id": pair[1]})
        assert take(stream, 1)[0]["fullDocument"]["_id"] == 1


def test_dropping_the_database_invalidates(client: Client) -> None:
    client["doomed"]["things"].insert_one({"_id": 1})
    with client["doomed"].watch(max_await_time_ms=200) as stream:
        client["doomed"]["things"].insert_one({"_id": 2})
        client.drop_database("doomed")
        kinds = [event["operationType"] for event in stream]
    assert kinds[0] == "insert"
    assert kinds[-1] == "invalidate"


@pytest.mark.parametrize("token", [{"_data": "garbage"}, {"_data": "82" + "Z" * 40}, {"_data": 5}, {}])
def test_damaged_tokens_are_refused(watch: Any, token: Doc) -> None:
    with pytest.raises(OperationFailure):
        watch(resume_after=token)


def test_wrong_options_are_refused(client: Client) -> None:
    for stage in ({"nonsense": 1}, {"fullDocument": "sometimes"}, 5):
        command = {"aggregate": 1, "pipeline": [{"$changeStream": stage}], "cursor": {}}
        with pytest.raises(OperationFailure):
            client["shop"].command(command)
