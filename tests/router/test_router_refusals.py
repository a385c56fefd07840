"""What the router must not let through, and that nothing a client sends takes it or a mongod down."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import Any

import bson
import pytest
from bson import Binary, Code, Int64, ObjectId, Regex, Timestamp
from pymongo.errors import OperationFailure
from router_lab import Client, Lab, RawConnection

from cluster.router.sessions import new_session, session_document
from cluster.router.wire import OP_MSG, encode_command, frame

Doc = dict[str, Any]
LSID = session_document(new_session())
COLLECTION = "victims"

SERVER_COMMANDS: list[Doc] = [
    {"clusterFind": COLLECTION},
    {"clusterInsert": COLLECTION, "documents": [{"a": 1}], "lsid": LSID, "txnNumber": Int64(1)},
    {
        "clusterUpdate": COLLECTION,
        "updates": [{"q": {}, "u": {"$set": {"a": 1}}}],
        "lsid": LSID,
        "txnNumber": Int64(1),
    },
    {"clusterDelete": COLLECTION, "deletes": [{"q": {}, "limit": 0}], "lsid": LSID, "txnNumber": Int64(1)},
    {"clusterAggregate": COLLECTION, "pipeline": [], "cursor": {}},
    {"clusterGetMore": Int64(1), "collection": COLLECTION},
    {"_configsvrRemoveShard": "shardA"},
    {"_configsvrAddShard": "x/127.0.0.1:1"},
    {"_shardsvrDropDatabase": 1},
    {"_shardsvrCreateCollection": COLLECTION, "shardKey": {"a": 1}},
    {"_addShard": 1, "shardIdentity": {}},
    {"_flushRoutingTableCacheUpdates": f"shop.{COLLECTION}"},
    {"_isSelf": 1},
    {"_hashBSONElement": 1},
    {"splitChunk": f"shop.{COLLECTION}"},
    {"splitVector": f"shop.{COLLECTION}", "keyPattern": {"a": 1}},
    {"coordinateCommitTransaction": 1, "participants": []},
    {"prepareTransaction": 1},
    {"setShardVersion": f"shop.{COLLECTION}"},
    {"appendOplogNote": 1, "data": {}},
    {"replSetStepDown": 60, "force": True},
    {"replSetInitiate": {}},
    {"shutdown": 1},
    {"fsync": 1, "lock": True},
    {"eval": "1"},
    {"mapReduce": COLLECTION, "map": Code("x"), "reduce": Code("x"), "out": "y"},
    {"applyOps": []},
    {"configureFailPoint": "failCommand", "mode": "alwaysOn"},
    {"setParameter": 1, "notablescan": True},
    {"movePrimary": "shop", "to": "shardB"},
    {"reshardCollection": f"shop.{COLLECTION}", "key": {"b": 1}},
    {"renameCollection": "shop.a", "to": "shop.b"},
    {"killOp": 1, "op": 1},
    {"killAllSessions": []},
    {"currentOp": 1},
    {"saslStart": 1, "mechanism": "PLAIN", "payload": b""},
    {"whatever": 1},
    {"": 1},
    {"$eval": 1},
]
UPDATE = {"q": {}, "u": {"$set": {"a": 1}}}
NESTED: Any = {"$mergeCursors": {"remotes": []}}
BAD_COMMANDS: list[Doc] = [
    {"find": COLLECTION, "shardVersion": {"e": ObjectId(), "t": Timestamp(0, 0), "v": Timestamp(0, 0)}},
    {"find": COLLECTION, "databaseVersion": {"timestamp": Timestamp(1, 1), "lastMod": 1}},
    {"insert": COLLECTION, "documents": [{"a": 1}], "shardVersion": {}},
    {"find": COLLECTION, "$_internalThing": 1},
    {"find": COLLECTION, "tailable": True},
    {"find": COLLECTION, "tailable": True, "awaitData": True},
    {"find": 5},
    {"find": ""},
    {"find": "a\0b"},
    {"find": "x" * 300},
    {"find": COLLECTION, "filter": 5},
    {"find": COLLECTION, "filter": {"$nonsense": 1}},
    {"find": COLLECTION, "filter": {"seller_id": {"$in": 5}}},
    {"find": COLLECTION, "filter": {"$or": 5}},
    {"find": COLLECTION, "filter": {"$or": [5]}},
    {"find": COLLECTION, "filter": {"$and": [5]}},
    {"find": COLLECTION, "filter": {"$expr": {"$_internalJsEmit": {"eval": "x", "this": 1}}}},
    {"find": COLLECTION, "sort": {"a": "sideways"}},
    {"find": COLLECTION, "sort": {"a": {"$meta": "nonsense"}}},
    {"find": COLLECTION, "limit": -5},
    {"find": COLLECTION, "batchSize": -1},
    {"find": COLLECTION, "skip": -1},
    {"find": COLLECTION, "projection": {"a": {"$slice": "x"}}},
    {"find": COLLECTION, "hint": "no_such_index"},
    {"find": COLLECTION, "collation": {"locale": "klingon"}},
    {"find": COLLECTION, "readConcern": {"level": "nonsense"}},
    {"find": COLLECTION, "readConcern": {"level": "snapshot", "atClusterTime": Timestamp(2**31, 1)}},
    {"find": COLLECTION, "readConcern": {"afterClusterTime": Timestamp(2**31, 1)}},
    {"find": COLLECTION, "readConcern": {"level": "snapshot", "atClusterTime": Timestamp(1, 1)}},
    {"find": COLLECTION, "$readPreference": {"mode": "nonsense"}},
    {"find": COLLECTION, "maxTimeMS": -1},
    {"find": COLLECTION, "maxTimeMS": "x"},
    {"find": COLLECTION, "lsid": {"id": "x"}},
    {"find": COLLECTION, "lsid": {**LSID, "txnNumber": Int64(1), "txnUUID": Binary(b"x" * 16, 4)}},
    {"find": COLLECTION, "txnNumber": Int64(1)},
    {"find": COLLECTION, "lsid": LSID, "txnNumber": Int64(-1), "autocommit": False, "startTransaction": True},
    {"find": COLLECTION, "lsid": LSID, "autocommit": False},
    {"find": COLLECTION, "lsid": LSID, "txnNumber": Int64(5), "autocommit": True, "startTransaction": True},
    {"find": COLLECTION, "lsid": LSID, "txnNumber": Int64(5), "autocommit": False},
    {"aggregate": COLLECTION, "pipeline": [NESTED], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$facet": {"a": [NESTED]}}], "cursor": {}},
    {
        "aggregate": COLLECTION,
        "pipeline": [{"$lookup": {"from": "x", "pipeline": [NESTED], "as": "y"}}],
        "cursor": {},
    },
    {
        "aggregate": COLLECTION,
        "pipeline": [{"$unionWith": {"coll": "x", "pipeline": [NESTED]}}],
        "cursor": {},
    },
    {"aggregate": COLLECTION, "pipeline": [{"$out": "stolen"}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$merge": {"into": "stolen"}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$match": {}, "$sort": {"a": 1}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [5], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": 5, "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$group": {"a": 1}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$match": 5}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$limit": 0}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$facet": {}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$match": {}}, {"$changeStream": {}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$changeStream": {}}], "cursor": {}, "explain": True},
    {"aggregate": COLLECTION, "pipeline": []},
    {"aggregate": 1, "pipeline": [{"$match": {}}], "cursor": {}},
    {"aggregate": 1, "pipeline": [], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [], "cursor": {}, "fromMongos": True, "needsMerge": True},
    {"aggregate": COLLECTION, "pipeline": [], "cursor": {}, "exchange": {}},
    {"explain": {"clusterUpdate": COLLECTION, "updates": [UPDATE]}},
    {"explain": {"insert": COLLECTION, "documents": [{}]}},
    {"explain": {"explain": {"find": COLLECTION}}},
    {"explain": {"find": COLLECTION, "tailable": True}},
    {"explain": {"find": COLLECTION, "shardVersion": {}}},
    {"explain": {"aggregate": COLLECTION, "pipeline": [NESTED], "cursor": {}}},
    {"explain": {"aggregate": COLLECTION, "pipeline": [{"$changeStream": {}}], "cursor": {}}},
    {"explain": {"update": COLLECTION, "updates": []}},
    {"explain": {"update": COLLECTION}},
    {"explain": {}},
    {"explain": 5},
    {"explain": {"find": COLLECTION}, "verbosity": "loud"},
    {"insert": COLLECTION},
    {"insert": COLLECTION, "documents": []},
    {"insert": COLLECTION, "documents": [5]},
    {"insert": COLLECTION, "documents": 5},
    {"insert": COLLECTION, "documents": [{"_id": [1]}]},
    {"insert": COLLECTION, "documents": [{"_id": Regex("x")}]},
    {"insert": COLLECTION, "documents": [{"_id": 1, "seller_id": [1, 2]}]},
    {"insert": COLLECTION, "documents": [{"_id": 1, "seller_id": Regex("x")}]},
    {"insert": COLLECTION, "documents": [{"_id": 1}], "lsid": LSID, "txnNumber": Int64(9), "stmtIds": [1, 2]},
    {"insert": COLLECTION, "documents": [{"_id": 1}], "lsid": LSID, "txnNumber": Int64(9), "stmtIds": ["x"]},
    {"insert": COLLECTION, "documents": [{"_id": 1}], "writeConcern": {"w": "nonsense"}},
    {"insert": COLLECTION, "documents": [{"_id": 1}], "writeConcern": {"w": -3}},
    {"update": COLLECTION, "updates": [5]},
    {"update": COLLECTION, "updates": [{}]},
    {"update": COLLECTION, "updates": [{"q": 5, "u": 5}]},
    {"update": COLLECTION, "updates": [{"q": {}, "u": {"$nonsense": {"a": 1}}, "multi": True}]},
    {"update": COLLECTION, "updates": [{"q": {}, "u": [{"$out": "x"}], "multi": True}]},
    {"update": COLLECTION, "updates": [{**UPDATE, "multi": True}], "lsid": LSID, "txnNumber": Int64(10)},
    {
        "update": COLLECTION,
        "updates": [{"q": {"seller_id": "a", "_id": 0}, "u": {"$set": {"seller_id": "z"}}}],
    },
    {"delete": COLLECTION, "deletes": [{"q": {}}]},
    {"delete": COLLECTION, "deletes": [{"q": {}, "limit": 7}]},
    {"findAndModify": COLLECTION, "query": {"seller_id": "a"}},
    {"findAndModify": COLLECTION, "query": {"seller_id": "a"}, "update": 5},
    {"findAndModify": COLLECTION, "query": {"seller_id": "a"}, "remove": True, "update": {"a": 1}},
    {"findAndModify": COLLECTION, "query": 5, "remove": True},
    {"getMore": Int64(0), "collection": COLLECTION},
    {"getMore": "x", "collection": COLLECTION},
    {"getMore": Int64(1)},
    {"getMore": Int64(1), "collection": 5},
    {"killCursors": COLLECTION, "cursors": ["x"]},
    {"count": COLLECTION, "query": {"$nonsense": 1}},
    {"count": COLLECTION, "limit": "x"},
    {"distinct": COLLECTION},
    {"distinct": COLLECTION, "key": 5},
    {"commitTransaction": 1},
    {"commitTransaction": 1, "lsid": LSID, "txnNumber": Int64(99), "autocommit": False},
    {
        "commitTransaction": 1,
        "lsid": LSID,
        "txnNumber": Int64(99),
        "autocommit": False,
        "recoveryToken": {"recoveryShardId": "x"},
    },
    {
        "commitTransaction": 1,
        "lsid": LSID,
        "txnNumber": Int64(99),
        "autocommit": False,
        "recoveryToken": {"recoveryShardId": 5},
    },
    {"abortTransaction": 1},
    {"abortTransaction": 1, "lsid": LSID, "txnNumber": Int64(99), "autocommit": False},
    {"killSessions": 5},
    {"killSessions": [{"id": 5}]},
    {"killSessions": []},
    {"endSessions": [5]},
    {"create": "view", "viewOn": COLLECTION, "pipeline": []},
    {"create": "capped", "capped": True, "size": 4096},
    {"create": "bad", "validator": {"$nonsense": 1}},
    {"create": ""},
    {"createIndexes": COLLECTION, "indexes": []},
    {"createIndexes": COLLECTION, "indexes": [5]},
    {"createIndexes": COLLECTION, "indexes": [{"name": "x"}]},
    {"createIndexes": COLLECTION, "indexes": [{"key": {"a": "nonsense"}, "name": "x"}]},
    {"createIndexes": COLLECTION, "indexes": [{"key": {"email": 1}, "name": "x", "unique": True}]},
    {"dropIndexes": COLLECTION, "index": "nothing"},
    {"dropIndexes": "nowhere", "index": "*"},
    {"collMod": "nowhere", "validator": {}},
    {"listIndexes": "nowhere"},
    {"replSetGetStatus": 1},
    {"shardCollection": "shop.x", "key": {"a": 1}},
    {"moveChunk": f"shop.{COLLECTION}", "find": {"seller_id": "x"}, "to": "shardA", "_shardVersion": 1},
    {"getParameter": 1, "nothing": 1},
    {"serverStatus": 1, "shardVersion": 1},
]
HARMLESS: list[Doc] = [
    {"find": COLLECTION, "filter": {"x": Code("f", {})}},
    {"find": COLLECTION, "filter": {"$where": "while (false) {}; return true"}},
    {
        "find": COLLECTION,
        "filter": {"seller_id": {"$in": [f"s{n}" for n in range(5000)]}, "_id": {"$in": list(range(50))}},
    },
    {"find": COLLECTION, "filter": {"seller_id": float("nan"), "_id": 2**63 - 1}},
    {"find": COLLECTION, "sort": {"$natural": 1}},
    {"find": COLLECTION, "allowDiskUse": True, "let": {"x": 1}, "returnKey": True},
    {"find": COLLECTION, "showRecordId": True, "noCursorTimeout": True, "singleBatch": True},
    {"find": COLLECTION, "min": {"_id": 1}, "hint": {"_id": 1}},
    {"find": COLLECTION, "$clusterTime": {"clusterTime": Timestamp(2**32 - 1, 1), "signature": {}}},
    {"find": COLLECTION, "$clusterTime": 5},
    {"find": "no.such.collection"},
    {"aggregate": COLLECTION, "pipeline": [{"$sample": {"size": 3}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$indexStats": {}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$collStats": {"count": {}}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$bucketAuto": {"groupBy": "$_id", "buckets": 3}}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [{"$sortByCount": "$seller_id"}], "cursor": {"batchSize": 0}},
    {"aggregate": COLLECTION, "pipeline": [{"$unionWith": "nowhere"}], "cursor": {}},
    {
        "aggregate": COLLECTION,
        "pipeline": [{"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"n": {"$sum": 1}}}}],
        "cursor": {},
    },
    {
        "aggregate": COLLECTION,
        "pipeline": [{"$densify": {"field": "_id", "range": {"step": 1, "bounds": [0, 3]}}}],
        "cursor": {},
    },
    {
        "aggregate": COLLECTION,
        "pipeline": [
            {
                "$graphLookup": {
                    "from": COLLECTION,
                    "startWith": "$_id",
                    "connectFromField": "_id",
                    "connectToField": "x",
                    "as": "y",
                }
            }
        ],
        "cursor": {},
    },
    {"aggregate": 1, "pipeline": [{"$documents": [{"a": 1}]}], "cursor": {}},
    {"aggregate": COLLECTION, "pipeline": [], "cursor": {}, "explain": True},
    {"delete": COLLECTION, "deletes": [{"q": {"nothing": 1}, "limit": 0}]},
    {"update": COLLECTION, "updates": [{"q": {"nothing": 1}, "u": {"$set": {"a": 1}}, "multi": True}]},
    {"listCollections": 1, "filter": {"name": "x"}, "nameOnly": True},
    {"endSessions": [LSID]},
    {"refreshSessions": [LSID]},
    {"killCursors": COLLECTION, "cursors": []},
]


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
    inner = b"\x05\0\0\0\0"
    for _ in range(depth):
        inner = struct.pack("<i", len(inner) + 8) + b"\x03a\0" + inner + b"\0"
        if len(inner) > 2_000_000:
            break
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
                assert bson.decode(answer[21:]).get("code") != 1


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
    with pytest.raises(Exception, match="(?i)too large|object to insert|BSONObj"):
        client["shop"]["large"].insert_one({"x": "y" * (17 * 1024 * 1024)})
