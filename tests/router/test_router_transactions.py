"""Transactions on one shard and across both, sessions, and what happens at conflicts."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest
from bson import Int64
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from router_lab import Client, Lab, RawConnection

from cluster.router.sessions import new_session, session_document

Products = Collection[dict[str, Any]]
ACID = {"read_concern": ReadConcern("snapshot"), "write_concern": WriteConcern("majority")}


@pytest.fixture
def accounts(products: Products, pair: tuple[str, str]) -> Products:
    """Ten accounts with 100 each, on both shards in turn."""
    products.insert_many([{"_id": n, "seller_id": pair[n % 2], "n": 100} for n in range(10)])
    return products


def key(number: int, pair: tuple[str, str]) -> dict[str, Any]:
    """An account's shard key."""
    return {"_id": number, "seller_id": pair[number % 2]}


def transfer(accounts: Products, pair: tuple[str, str], session: Any, source: int, target: int) -> None:
    """Move 1 from one account to another, if there is one."""
    taken = accounts.update_one({**key(source, pair), "n": {"$gte": 1}}, {"$inc": {"n": -1}}, session=session)
    if taken.matched_count:
        accounts.update_one(key(target, pair), {"$inc": {"n": 1}}, session=session)


def total(accounts: Products) -> int:
    """The sum over all accounts."""
    return sum(d["n"] for d in accounts.find())


@pytest.mark.parametrize("target", [2, 1])
def test_commit_and_abort_on_one_shard_and_on_two(
    accounts: Products, client: Client, pair: tuple[str, str], target: int
) -> None:
    with client.start_session() as session:
        with session.start_transaction(**ACID):
            transfer(accounts, pair, session, 0, target)
            assert accounts.find_one(key(0, pair), session=session)["n"] == 99
            assert accounts.find_one(key(0, pair))["n"] == 100
        assert accounts.find_one(key(target, pair))["n"] == 101
        with pytest.raises(ZeroDivisionError), session.start_transaction(**ACID):
            transfer(accounts, pair, session, 0, target)
            raise ZeroDivisionError
    assert (total(accounts), accounts.find_one(key(0, pair))["n"]) == (1000, 99)


def test_every_kind_of_statement(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    with client.start_session() as session, session.start_transaction(**ACID):
        accounts.insert_many([{**key(20 + n, pair), "n": 0} for n in range(6)], session=session)
        assert accounts.find_one_and_update(key(20, pair), {"$inc": {"n": 5}}, session=session)["n"] == 0
        assert accounts.delete_one(key(21, pair), session=session).deleted_count == 1
        assert accounts.update_many({"_id": {"$gte": 20}}, {"$inc": {"n": 1}}, session=session).modified_count == 5
        found = accounts.find({"_id": {"$gte": 20}}, session=session).sort("n", -1).limit(3)
        assert [d["n"] for d in found] == [6, 1, 1]
        assert len(list(accounts.find(session=session).batch_size(4))) == 15
        pipeline = [{"$match": {"_id": {"$gte": 20}}}, {"$group": {"_id": None, "n": {"$sum": "$n"}}}]
        assert next(accounts.aggregate(pipeline, session=session))["n"] == 10
        one = [{"$match": {"seller_id": pair[0]}}, {"$count": "n"}]
        assert next(accounts.aggregate(one, session=session))["n"] == 8
        assert accounts.count_documents({}, session=session) == 15
    assert accounts.count_documents({}) == 15


def test_a_loop_over_a_cursor_may_end_early(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    accounts.insert_many([{"_id": 100 + n, "seller_id": pair[0], "n": 0} for n in range(300)])
    with client.start_session() as session, session.start_transaction(**ACID):
        for query in ({}, {"seller_id": pair[0]}):
            with accounts.find(query, session=session).batch_size(5) as cursor:
                next(cursor)
        accounts.update_one(key(0, pair), {"$inc": {"n": 1}}, session=session)
    assert accounts.find_one(key(0, pair))["n"] == 101


def test_a_statement_that_cannot_be_aimed_ends_it_for_good(
    accounts: Products, client: Client, pair: tuple[str, str]
) -> None:
    with client.start_session() as session:
        session.start_transaction(**ACID)
        requests = [
            UpdateOne(key(0, pair), {"$inc": {"n": 1}}),
            UpdateOne({"nothing": 1}, {"$inc": {"n": 1}}),
        ]
        with pytest.raises(PyMongoError) as caught:
            accounts.bulk_write(requests, session=session)
        assert not caught.value.has_error_label("TransientTransactionError")
        session.abort_transaction()
    assert total(accounts) == 1000


def test_a_snapshot_is_one_moment_on_all_shards(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    with client.start_session() as session, session.start_transaction(**ACID):
        assert accounts.find_one(key(0, pair), session=session)["n"] == 100
        accounts.update_many({}, {"$inc": {"n": 1}})
        assert accounts.find_one(key(1, pair), session=session)["n"] == 100
    assert total(accounts) == 1010


def test_a_write_conflict_is_transient(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    with client.start_session() as first, client.start_session() as second:
        first.start_transaction(**ACID)
        accounts.update_one(key(0, pair), {"$inc": {"n": 1}}, session=first)
        second.start_transaction(**ACID)
        with pytest.raises(OperationFailure) as caught:
            accounts.update_one(key(0, pair), {"$inc": {"n": 1}}, session=second)
        assert caught.value.code == 112
        assert caught.value.has_error_label("TransientTransactionError")
        second.abort_transaction()
        first.commit_transaction()
    assert accounts.find_one(key(0, pair))["n"] == 101


def test_an_error_ends_the_transaction_everywhere(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    with client.start_session() as session:
        session.start_transaction(**ACID)
        accounts.update_one(key(0, pair), {"$inc": {"n": 1}}, session=session)
        with pytest.raises(PyMongoError):
            accounts.insert_one({**key(1, pair), "n": 1}, session=session)
        with pytest.raises(OperationFailure) as caught:
            session.commit_transaction()
        assert caught.value.code == 251
    assert total(accounts) == 1000
    accounts.update_one(key(0, pair), {"$inc": {"n": 0}})


def test_a_commit_may_be_repeated(accounts: Products, lab: Lab, pair: tuple[str, str]) -> None:
    session = session_document(new_session())
    identity = {"lsid": session, "txnNumber": Int64(1), "autocommit": False}
    with RawConnection(lab.router.port) as raw, RawConnection(lab.second_router.port) as other:
        for number in (0, 1):
            update = {"update": accounts.name, "updates": [{"q": key(number, pair), "u": {"$inc": {"n": 1}}}]}
            start = {"startTransaction": True} if number == 0 else {}
            reply = raw.command("shop", {**update, **identity, **start})
            assert reply["ok"], reply
        token = reply["recoveryToken"]
        commit = {"commitTransaction": 1, **identity, "recoveryToken": token}
        for connection in (raw, raw, other):
            assert connection.command("admin", commit)["ok"] == 1.0
        late = raw.command("shop", {"find": accounts.name, **identity})
        assert late["code"] == 251
    assert total(accounts) == 1002


def test_another_router_aborts_what_it_cannot_commit(accounts: Products, lab: Lab, pair: tuple[str, str]) -> None:
    identity = {"lsid": session_document(new_session()), "txnNumber": Int64(1), "autocommit": False}
    with RawConnection(lab.router.port) as raw, RawConnection(lab.second_router.port) as other:
        update = {"update": accounts.name, "updates": [{"q": key(0, pair), "u": {"$inc": {"n": 1}}}]}
        reply = raw.command("shop", {**update, **identity, "startTransaction": True})
        commit = {"commitTransaction": 1, **identity, "recoveryToken": reply["recoveryToken"]}
        assert other.command("admin", commit)["ok"] == 0.0
        assert other.command("admin", {"commitTransaction": 1, **identity})["code"] == 251
        assert raw.command("admin", {"commitTransaction": 1, **identity})["ok"] == 0.0
    assert total(accounts) == 1000


def test_killed_sessions_let_go_at_once(accounts: Products, lab: Lab, client: Client, pair: tuple[str, str]) -> None:
    lsid = session_document(new_session())
    identity = {"lsid": lsid, "txnNumber": Int64(1), "autocommit": False, "startTransaction": True}
    with RawConnection(lab.second_router.port) as orphaned:
        updates = [{"q": {}, "u": {"$inc": {"n": 1}}, "multi": True}]
        assert orphaned.command("shop", {"update": accounts.name, "updates": updates, **identity})["n"] == 10
    began = time.monotonic()
    client.admin.command({"killSessions": [lsid]})
    accounts.update_many({}, {"$inc": {"n": 0}})
    assert time.monotonic() - began < 2
    assert total(accounts) == 1000


def test_killed_sessions_lose_their_cursors(accounts: Products, client: Client, lab: Lab) -> None:
    for query in ({}, {"seller_id": accounts.find_one()["seller_id"]}):
        lsid = session_document(new_session())
        with RawConnection(lab.router.port) as raw:
            find = {"find": accounts.name, "filter": query, "batchSize": 1, "lsid": lsid}
            cursor = raw.command("shop", find)["cursor"]["id"]
            assert raw.command("admin", {"killSessions": [lsid]})["ok"] == 1.0
            more = {"getMore": cursor, "collection": accounts.name, "lsid": lsid}
            assert raw.command("shop", more)["code"] == 43


def test_ended_sessions_abort_their_transactions(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    session = client.start_session()
    session.start_transaction(**ACID)
    accounts.update_one(key(0, pair), {"$inc": {"n": 1}}, session=session)
    client.admin.command({"endSessions": [session.session_id]})
    accounts.update_one(key(0, pair), {"$inc": {"n": 5}})
    with pytest.raises(PyMongoError):
        session.commit_transaction()
    session.end_session()
    assert total(accounts) == 1005


def run_transfers(client: Client, accounts: Products, pair: tuple[str, str], seed: int, count: int) -> None:
    """Random transfers, each repeated until it went through."""
    rng = random.Random(seed)

    def body(session: ClientSession) -> None:
        transfer(accounts, pair, session, *rng.sample(range(10), 2))

    with client.start_session() as session:
        for _ in range(count):
            session.with_transaction(body, **ACID)


def test_concurrent_transfers_keep_the_sum(accounts: Products, client: Client, pair: tuple[str, str]) -> None:
    failures: list[BaseException] = []
    sums: list[int] = []
    done = threading.Event()

    def work(seed: int) -> None:
        try:
            run_transfers(client, accounts, pair, seed, 40)
        except BaseException as error:
            failures.append(error)

    def observe() -> None:
        while not done.is_set():
            with client.start_session(snapshot=True) as session:
                sums.append(sum(d["n"] for d in accounts.find(session=session)))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    observer = threading.Thread(target=observe)
    for thread in [*workers, observer]:
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    observer.join()
    assert failures == []
    assert set(sums) == {1000}
    assert total(accounts) == 1000


def test_statements_that_mongos_refuses_in_transactions(
    accounts: Products, client: Client, pair: tuple[str, str]
) -> None:
    for command in (
        {"count": accounts.name},
        {"distinct": accounts.name, "key": "n"},
        {"listIndexes": accounts.name},
    ):
        with client.start_session() as session, pytest.raises(OperationFailure), session.start_transaction():
            client["shop"].command(command, session=session)
