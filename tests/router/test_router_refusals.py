"""What the router must not let through, and that nothing a client sends takes it or a mongod down."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Any

import bson
import pytest
from bad_commands import BAD_COMMANDS, COLLECTION, HARMLESS, LSID, SERVER_COMMANDS
from bson import Binary, Int64
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.errors import OperationFailure
from router_lab import Client, Lab, RawConnection

from cluster.router.wire import OP_MSG, encode_command, frame

Doc = dict[str, Any]
# damaged text is answered with damaged text
LENIENT: CodecOptions[Doc] = CodecOptions(
    unicode_decode_error_handler="ignore", datetime_conversion=DatetimeConversion.DATETIME_MS
)


def named(command: Doc) -> str:
    """A readable test id."""
    return str(next(iter(command)))


@pytest.fixture(scope="module", autouse=True)
def victims(client: Client) -> Iterator[None]:
    """A few documents, and at the end everything must still live."""
    client.admin.command({"enableSharding": "shop"})
    client.admin.command({"shardCollection": f"shop.{COLLECTION}", "key": {"seller_id": "hashed", "_id": 1}})
    client["shop"][COLLECTION].insert_many([{"_id": n, "seller_id": f"s{n}"} for n in range(50)])
    yield
    assert client["shop"][COLLECTION].count_documents({}) >= 40


@pytest.fixture(autouse=True)
def everything_survives(lab: Lab, client: Client) -> Iterator[None]:
    """No process ended, and both shards answer."""
    yield
    assert all(process.alive for process in [lab.router, *lab.processes()])
    assert len(list(client["shop"][COLLECTION].find({}, {"_id": 1}))) >= 40


@pytest.mark.dev_router
@pytest.mark.parametrize("db", ["shop", "admin"])
@pytest.mark.parametrize("command", SERVER_COMMANDS, ids=named)
def test_unknown_commands_are_not_found(lab: Lab, command: Doc, db: str) -> None:
    with RawConnection(lab.router.port) as raw:
        reply = raw.command(db, command)
    assert (reply["ok"], reply["code"], reply["codeName"]) == (0.0, 59, "CommandNotFound")


@pytest.mark.dev_router
@pytest.mark.parametrize("command", BAD_COMMANDS, ids=named)
def test_bad_commands_get_an_error(lab: Lab, command: Doc) -> None:
    with RawConnection(lab.router.port) as raw:
        reply = raw.command("shop", command)
        assert not reply["ok"] or reply.get("writeErrors") or reply.get("writeConcernError"), reply
        assert reply.get("code") != 1, reply
        assert raw.command("admin", {"ping": 1})["ok"] == 1.0


@pytest.mark.dev_router
@pytest.mark.parametrize("command", HARMLESS, ids=named)
def test_odd_but_valid_commands_work(lab: Lab, command: Doc) -> None:
    with RawConnection(lab.router.port) as raw:
        assert raw.command("shop", command)["ok"] == 1.0


@pytest.mark.dev_router
@pytest.mark.parametrize("db", ["", "a.b", "a$b", "x" * 100, "a/b"])
def test_bad_database_names(lab: Lab, db: str) -> None:
    with RawConnection(lab.router.port) as raw:
        assert raw.command(db, {"find": "x"})["ok"] == 0.0


@pytest.mark.dev_router
@pytest.mark.parametrize("db", ["config", "admin"])
def test_the_clusters_own_data_is_not_written(client: Client, db: str) -> None:
    database = client[db]
    for attempt in (
        lambda: database["chunks"].insert_one({}),
        lambda: database["shards"].delete_many({}),
        lambda: database["shards"].find_one_and_delete({"_id": "shardA"}),
        lambda: database["shards"].create_index("x"),
        lambda: database.drop_collection("shards"),
        lambda: client.drop_database(db),
    ):
        with pytest.raises(OperationFailure):
            attempt()


@pytest.mark.parametrize("depth", [90, 250, 5_000, 100_000])
def test_deeply_nested_documents(lab: Lab, depth: int) -> None:
    starts = [struct.pack("<i", 5 + 8 * level) + b"\x03a\0" for level in range(depth, 0, -1)]
    inner = b"".join(starts) + b"\x05\0\0\0\0" + b"\0" * depth
    for name, field in ((b"find", b"filter"), (b"aggregate", b"cursor"), (b"hello", b"client")):
        body = b"\x02" + name + b"\0\x02\0\0\0x\0\x03" + field + b"\0" + inner + b"\x02$db\0\x05\0\0\0shop\0"
        document = struct.pack("<i", len(body) + 5) + body + b"\0"
        with RawConnection(lab.router.port) as raw:
            raw.send(frame(b"\0\0\0\0\0" + document, 0, OP_MSG))
            raw.receive()


def test_messages_that_are_none(lab: Lab) -> None:
    whole = encode_command({"ping": 1, "$db": "admin"})
    broken = [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<iiii", 2**31 - 1, 1, 0, 2013),
        struct.pack("<iiii", -1, 1, 0, 2013),
        struct.pack("<iiii", 15, 1, 0, 2013),
        struct.pack("<iiii", 16, 1, 0, 2013),
        struct.pack("<iiii", 20, 1, 0, 2012) + b"abcd",
        struct.pack("<iiii", 20, 1, 0, 2004) + b"abcd",
        whole[:16] + b"\xff\xff\xff\xff" + whole[20:],
        whole[:20] + b"\x07" + whole[21:],
        whole[:21] + b"\xff\xff\xff\x7f" + whole[25:],
        b"\0" * 1000,
        whole[:10],
    ]
    for data in broken:
        with RawConnection(lab.router.port) as raw:
            raw.send(data)
            if data != whole[:10]:
                assert raw.receive() == b""
    with RawConnection(lab.router.port) as raw:
        raw.send(whole[:10])
        raw.send(whole[10:] + whole)
        assert raw.receive()


def fuzz_seeds() -> list[bytes]:
    """Valid messages to damage."""
    commands: list[Doc] = [
        {
            "find": COLLECTION,
            "filter": {"seller_id": "s1", "_id": {"$gt": 1}},
            "sort": {"_id": 1},
            "limit": 5,
        },
        {
            "aggregate": COLLECTION,
            "pipeline": [{"$match": {"a": 1}}, {"$group": {"_id": "$b"}}],
            "cursor": {},
        },
        {"insert": "fuzzed", "documents": [{"_id": 1, "a": [1, {"b": Binary(b"xyz", 0)}], "d": 1.5}]},
        {"update": "fuzzed", "updates": [{"q": {"_id": 1}, "u": {"$inc": {"a": 1}}, "multi": False}]},
        {"findAndModify": "fuzzed", "query": {"_id": 1}, "update": {"$inc": {"a": 1}}},
        {
            "find": COLLECTION,
            "lsid": LSID,
            "txnNumber": Int64(77),
            "autocommit": False,
            "startTransaction": True,
        },
        {"getMore": Int64(12345), "collection": COLLECTION},
        {"explain": {"find": COLLECTION, "filter": {"a": 1}}, "verbosity": "executionStats"},
        {"count": COLLECTION, "query": {"seller_id": {"$in": ["a", "b"]}}},
    ]
    return [encode_command({**command, "$db": "shop"}) for command in commands]


@pytest.mark.parametrize("seed", range(4))
def test_damaged_messages(lab: Lab, seed: int) -> None:
    rng = random.Random(seed)
    seeds = fuzz_seeds()
    for _ in range(400):
        message = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 2, 8))):
            message[rng.randrange(16, len(message))] = rng.randrange(256)
        with RawConnection(lab.router.port) as raw:
            raw.send(bytes(message))
            answer = raw.receive()  # an answer or the end of the connection, but not silence
            if answer:
                assert bson.decode(answer[21:], LENIENT).get("code") != 1


@pytest.mark.parametrize("seed", range(2))
def test_random_bytes(lab: Lab, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        payload = rng.randbytes(rng.randrange(1, 300))
        with RawConnection(lab.router.port) as raw:
            raw.send(frame(payload, 0, rng.choice((OP_MSG, 2004, 1, 2010))))
            raw.receive()


def test_a_client_that_goes_away_in_the_middle(lab: Lab) -> None:
    whole = encode_command({"find": COLLECTION, "$db": "shop"})
    for _ in range(50):
        with RawConnection(lab.router.port) as raw:
            raw.send(whole * 3)
        with RawConnection(lab.router.port) as raw:
            raw.send(whole[: len(whole) // 2])


def test_a_document_too_large_is_refused(client: Client) -> None:
    with pytest.raises(Exception, match=r"(?i)too large|object to insert|BSONObj"):
        client["shop"]["large"].insert_one({"x": "y" * (17 * 1024 * 1024)})
