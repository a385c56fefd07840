"""Collections, indexes and databases: created, changed, listed and dropped by way of the shard that
coordinates it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from bson import Int64

from cluster.router.catalog import MAJORITY, Placement, ShardedPlacement
from cluster.router.context import CONFIG_DATABASES, Request, Router
from cluster.router.errors import (
    ILLEGAL_OPERATION,
    NAMESPACE_NOT_FOUND,
    CommandError,
    Doc,
    is_stale,
    succeeded,
)
from cluster.router.reads import config_read, empty_cursor

_ONE_BATCH: Doc = {"cursor": {"batchSize": 100_000}}
_DDL_SECONDS = 300.0  # an index build waits for nobody's failover budget
_ATTEMPTS = 6


async def on_primary_shard(
    router: Router, db: str, command: Doc, deadline: float, *, create: bool = False
) -> Doc | None:
    """Run a command on a database's primary shard; None if there is no such database."""
    reply: Doc | None = None
    for _ in range(_ATTEMPTS):
        database = await router.catalog.database(db, create=create)
        if database is None:
            return None
        shard = await router.shard(database["primary"])
        versioned = {**command, "databaseVersion": database["version"]}
        reply = await shard.command(db, versioned, deadline=deadline)
        if not is_stale(reply):
            break
        router.catalog.forget()
    return reply


def _refuse_config(request: Request) -> None:
    if request.db in CONFIG_DATABASES:
        raise CommandError(ILLEGAL_OPERATION, f"'{request.name}' is not allowed in '{request.db}'")


def _plain(reply: Mapping[str, Any]) -> Doc:
    return {name: value for name, value in reply.items() if not name.startswith("$")}


async def _ddl(router: Router, request: Request, command: Doc, *, create: bool = False) -> Doc | None:
    _refuse_config(request)
    reply = await on_primary_shard(router, request.db, command, time.monotonic() + router.wait_seconds, create=create)
    await router.forget_routing()
    return reply


async def create(router: Router, request: Request) -> Doc:
    """The command create: ordinary collections only."""
    options = dict(list(request.body.items())[1:])
    command = {"create": request.collection, **options, **MAJORITY}
    return await _ddl(router, request, command, create=True) or {"ok": 1.0}


async def coll_mod(router: Router, request: Request) -> Doc:
    """The command collMod."""
    options = dict(list(request.body.items())[1:])
    command = {"_shardsvrCollMod": request.collection, **options, **MAJORITY}
    return _existing(await _ddl(router, request, command))


async def drop(router: Router, request: Request) -> Doc:
    """The command drop."""
    return _existing(await _ddl(router, request, {"_shardsvrDropCollection": request.collection, **MAJORITY}))


async def drop_database(router: Router, request: Request) -> Doc:
    """The command dropDatabase."""
    reply = await _ddl(router, request, {"_shardsvrDropDatabase": 1, **MAJORITY})
    return reply if reply is not None else {"ok": 1.0}


async def drop_indexes(router: Router, request: Request) -> Doc:
    """The command dropIndexes."""
    command = {"_shardsvrDropIndexes": request.collection, **request.pick("index"), **MAJORITY}
    return _existing(await _ddl(router, request, command))


def _existing(reply: Doc | None) -> Doc:
    if reply is None:
        raise CommandError(NAMESPACE_NOT_FOUND, "ns not found")
    return reply


async def create_indexes(router: Router, request: Request) -> Doc:
    """The command createIndexes, on every shard that owns a part of the collection."""
    _refuse_config(request)
    indexes = request.statements("indexes")
    raw: Doc = {}

    async def attempt(placement: Placement | None) -> Doc:
        raw.clear()
        if placement is None:
            raise CommandError(NAMESPACE_NOT_FOUND, "no such database")
        if isinstance(placement, ShardedPlacement):
            _check_unique(placement, indexes)
        builds = (_build(router, request, indexes, placement, name) for name in placement.shards)
        replies = await asyncio.gather(*builds)
        raw.update(zip(placement.shards, map(_plain, replies), strict=True))
        return next((reply for reply in replies if not succeeded(reply)), {"ok": 1.0})

    deadline = time.monotonic() + _DDL_SECONDS
    outcome = await router.settled(request.namespace, deadline, attempt, create=True)
    return {"raw": raw, "ok": 1.0} if succeeded(outcome) else outcome


async def _build(router: Router, request: Request, indexes: list[Any], placement: Placement, name: str) -> Doc:
    command = {"createIndexes": request.collection, "indexes": indexes, **request.pick("commitQuorum")}
    shard = await router.shard(name)
    deadline = time.monotonic() + router.wait_seconds
    versioned = {**command, **MAJORITY, **request.concerns(), **placement.versions(name)}
    return await shard.command(request.db, versioned, deadline=deadline)


def _check_unique(placement: ShardedPlacement, indexes: list[Any]) -> None:
    for index in indexes:
        key = index.get("key") if isinstance(index, Mapping) else None
        if not isinstance(key, Mapping):
            raise CommandError(9, "every index needs a key")
        if index.get("unique") and list(key)[: len(placement.fields)] != placement.fields:
            message = f"cannot create unique index over {dict(key)} with shard key pattern {placement.key}"
            raise CommandError(67, message)


async def list_indexes(router: Router, request: Request) -> Doc:
    """The command listIndexes: one shard that owns data speaks for all."""
    if request.db in CONFIG_DATABASES:
        return await config_read(router, request)

    async def attempt(placement: Placement | None) -> Doc:
        if placement is None:
            raise CommandError(NAMESPACE_NOT_FOUND, f"ns does not exist: {request.namespace}")
        name = placement.shards[0]
        command = {"listIndexes": request.collection, **_ONE_BATCH, **placement.versions(name)}
        return await (await router.shard(name)).command(request.db, command, deadline=request.deadline)

    return await router.settled(request.namespace, request.deadline, attempt)


async def list_collections(router: Router, request: Request) -> Doc:
    """The command listCollections: the primary shard has every collection of its database."""
    command = {"listCollections": 1, **request.pick("filter", "nameOnly"), **_ONE_BATCH}
    if request.db in CONFIG_DATABASES:
        return dict(await router.catalog.config_command(request.db, command))
    reply = await on_primary_shard(router, request.db, command, request.deadline)
    return reply if reply is not None else empty_cursor(request, "$cmd.listCollections")


async def list_databases(router: Router, request: Request) -> Doc:
    """The command listDatabases, sizes added up."""
    databases: dict[str, Doc] = {}
    shards = {**await router.catalog.load_shards(), "config": router.catalog.config}
    command = {"listDatabases": 1, **request.pick("filter")}
    for name, shard in shards.items():
        reply = await shard.command("admin", command, deadline=request.deadline)
        for found in reply.get("databases") or ():
            if found["name"] == "local" or (found["name"] in CONFIG_DATABASES) != (name == "config"):
                continue
            entry = databases.setdefault(found["name"], {"name": found["name"], "sizeOnDisk": 0, "empty": False})
            entry["sizeOnDisk"] = Int64(entry["sizeOnDisk"] + int(found["sizeOnDisk"]))
            entry.setdefault("shards", {})[name] = found["sizeOnDisk"]
    entries = [databases[name] for name in sorted(databases)]
    total = Int64(sum(entry["sizeOnDisk"] for entry in entries))
    if request.body.get("nameOnly"):
        return {"databases": [{"name": entry["name"]} for entry in entries], "ok": 1.0}
    return {"databases": entries, "totalSize": total, "ok": 1.0}
