"""The clients that the shop, its tools and its students use."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from pymongo.collection import Collection
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from router_lab import Lab

Products = Collection[dict[str, Any]]
ACID: dict[str, Any] = {"read_concern": ReadConcern("snapshot"), "write_concern": WriteConcern("majority")}


async def use(collection: Any, session: Any, pair: tuple[str, str]) -> None:
    """What both asynchronous clients do alike."""
    await collection.insert_many([{"_id": n, "seller_id": pair[n % 2], "n": 0} for n in range(20)])
    found = await collection.find({}).sort("_id", 1).batch_size(3).to_list(None)
    assert [d["_id"] for d in found] == list(range(20))
    async with (
        session.start_transaction(**ACID) if hasattr(session, "delegate") else await session.start_transaction(**ACID)
    ):
        for n in (0, 1):
            key = {"_id": n, "seller_id": pair[n]}
            await collection.update_one(key, {"$inc": {"n": 1}}, session=session)
    assert await collection.count_documents({"n": 1}) == 2


def test_motor(lab: Lab, products: Products, pair: tuple[str, str]) -> None:
    async def scenario() -> None:
        client: Any = AsyncIOMotorClient(lab.router.host)
        collection = client["shop"][products.name]
        async with await client.start_session() as session:
            await use(collection, session, pair)
        assert len(await collection.aggregate([{"$match": {"n": 1}}]).to_list(None)) == 2
        async with client["shop"].watch(max_await_time_ms=200) as stream:
            await collection.insert_one({"_id": 100, "seller_id": pair[0]})
            assert (await stream.next())["documentKey"]["_id"] == 100
        client.close()

    asyncio.run(scenario())


def test_async_pymongo(lab: Lab, products: Products, pair: tuple[str, str]) -> None:
    async def scenario() -> None:
        async with AsyncMongoClient[dict[str, Any]](lab.router.host) as client:
            collection = client["shop"][products.name]
            async with client.start_session() as session:
                await use(collection, session, pair)
            assert len(await (await collection.aggregate([{"$match": {"n": 1}}])).to_list(None)) == 2
            async with await client["shop"].watch(max_await_time_ms=200) as stream:
                await collection.insert_one({"_id": 100, "seller_id": pair[0]})
                assert (await stream.next())["documentKey"]["_id"] == 100
            results = await asyncio.gather(*(collection.find_one({"_id": n % 20}) for n in range(200)))
            assert all(results)

    asyncio.run(scenario())


def test_two_routers_in_one_connection_string(lab: Lab, products: Products, pair: tuple[str, str]) -> None:
    async def scenario() -> None:
        hosts = [lab.router.host, lab.second_router.host]
        async with AsyncMongoClient[dict[str, Any]](hosts) as client:
            collection = client["shop"][products.name]
            async with client.start_session() as session:
                await use(collection, session, pair)

    asyncio.run(scenario())


SCRIPT = """
const shop = db.getSiblingDB('shop'), products = shop.getCollection(process.env.COLLECTION);
const sellers = [process.env.SELLER_A, process.env.SELLER_B];
for (let n = 0; n < 200; n++) products.insertOne({_id: n, seller_id: sellers[n % 2], n: n});
const check = (what, seen, wanted) => { if (EJSON.stringify(seen) !== EJSON.stringify(wanted))
  throw new Error(what + ': ' + EJSON.stringify(seen)); };
check('count', products.countDocuments({}), 200);
check('cursor', products.find().sort({n: -1}).batchSize(7).toArray().map(d => d.n).slice(0, 2), [199, 198]);
check('update', products.updateOne({_id: 1, seller_id: sellers[1]}, {$inc: {n: 5}}).modifiedCount, 1);
check('group', products.aggregate([{$group: {_id: null, n: {$sum: 1}}}]).toArray()[0].n, 200);
check('index', products.createIndex({n: 1}), 'n_1');
const explained = products.find({_id: 1, seller_id: sellers[0]}).explain();
check('explain', explained.queryPlanner.winningPlan.stage, 'SINGLE_SHARD');
const session = db.getMongo().startSession(); session.startTransaction();
const inside = session.getDatabase('shop').getCollection(process.env.COLLECTION);
for (const n of [0, 1]) inside.updateOne({_id: n, seller_id: sellers[n]}, {$set: {t: 1}});
session.commitTransaction(); session.endSession();
check('transaction', products.countDocuments({t: 1}), 2);
check('shards', db.adminCommand({listShards: 1}).shards.map(s => s._id), ['shardA', 'shardB']);
check('balancer', sh.getBalancerState(), false);
sh.status();
products.getShardDistribution();
print('ALL GOOD');
"""


def test_mongosh(lab: Lab, products: Products, pair: tuple[str, str], tmp_path: Path) -> None:
    mongosh = os.environ.get("SHARDMART_MONGOSH") or shutil.which("mongosh")
    if mongosh is None:
        pytest.skip("no mongosh: npm install mongosh, and name it in SHARDMART_MONGOSH")
    script = tmp_path / "script.js"
    script.write_text(SCRIPT)
    environment = {**os.environ, "COLLECTION": products.name, "HOME": str(tmp_path)}
    environment.update(SELLER_A=pair[0], SELLER_B=pair[1])
    command = [mongosh, "--quiet", f"mongodb://{lab.router.host}/", "--file", str(script)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "ALL GOOD" in run.stdout
    # the interactive shell asks the server more when it starts: none of that may be an error either
    command = [mongosh, f"mongodb://{lab.router.host}/", "--eval", "db.hello().msg"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert "isdbgrid" in run.stdout, run.stdout + run.stderr
