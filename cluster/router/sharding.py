"""The administrator's commands of a sharded cluster, under mongos' names: the same client code sets up a
real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.router.catalog import MAJORITY, ShardedPlacement
from cluster.router.context import Request, Router
from cluster.router.ddl import on_primary_shard
from cluster.router.errors import (
    BAD_VALUE,
    CANNOT_SPLIT,
    INVALID_NAMESPACE,
    UNAUTHORIZED,
    CommandError,
    Doc,
    succeeded,
)
from cluster.router.ordering import Key, UnorderableError


def _require_admin(request: Request) -> None:
    if request.db != "admin":
        raise CommandError(UNAUTHORIZED, f"{request.name} may only be run against the admin database.")


def _namespace(request: Request) -> tuple[str, str, str]:
    """The command's argument as namespace, database and collection."""
    namespace = request.collection
    db, _, collection = namespace.partition(".")
    if not db or not collection:
        raise CommandError(INVALID_NAMESPACE, f"Invalid namespace specified '{namespace}'")
    return namespace, db, collection


async def _on_config(router: Router, request: Request, command: Doc) -> Doc:
    _require_admin(request)
    # moving a chunk takes as long as it takes; only finding a primary is bounded
    reply = await router.catalog.config.command("admin", {**command, **MAJORITY}, deadline=request.deadline)
    await router.forget_routing()
    return reply


async def enable_sharding(router: Router, request: Request) -> Doc:
    """enableSharding: since 6.0 no more than creating the database."""
    command: Doc = {"_configsvrCreateDatabase": request.collection}
    if "primaryShard" in request.body:
        command["primaryShardId"] = request.body["primaryShard"]
    reply = await _on_config(router, request, command)
    return {"ok": 1.0} if succeeded(reply) else reply


async def shard_collection(router: Router, request: Request) -> Doc:
    """shardCollection, by way of the database's primary shard."""
    _require_admin(request)
    namespace, db, collection = _namespace(request)
    options = request.pick("unique", "numInitialChunks", "presplitHashedZones", "collation")
    command = {
        "_shardsvrCreateCollection": collection,
        "shardKey": request.body.get("key"),
        **options,
        **MAJORITY,
    }
    reply = await on_primary_shard(router, db, command, request.deadline, create=True)
    await router.forget_routing(namespace)
    return {"collectionsharded": namespace, "ok": 1.0} if reply and succeeded(reply) else reply or {"ok": 0.0}


async def add_shard(router: Router, request: Request) -> Doc:
    """addShard."""
    reply = await _on_config(router, request, {"_configsvrAddShard": request.collection, **request.pick("name")})
    await router.catalog.load_shards()
    return reply


async def remove_shard(router: Router, request: Request) -> Doc:
    """removeShard."""
    return await _on_config(router, request, {"_configsvrRemoveShard": request.collection})


async def list_shards(router: Router, request: Request) -> Doc:
    """listShards."""
    return {"shards": await router.catalog.read("shards", {}), "ok": 1.0}


async def get_shard_map(router: Router, request: Request) -> Doc:
    """getShardMap: shard names and connection strings."""
    shards = {shard["_id"]: shard["host"] for shard in await router.catalog.read("shards", {})}
    config = router.catalog.config
    return {"map": {**shards, "config": f"{config.name}/{','.join(config.hosts)}"}, "ok": 1.0}


async def get_shard_version(router: Router, request: Request) -> Doc:
    """getShardVersion: the newest version of a sharded collection."""
    placement = await _sharded(router, request)
    newest = max((placement.version(shard) for shard in placement.shards), key=lambda version: version["v"])
    return {"version": newest["v"], "versionEpoch": newest["e"], "versionTimestamp": newest["t"], "ok": 1.0}


async def flush_router_config(router: Router, request: Request) -> Doc:
    """flushRouterConfig."""
    await router.forget_routing()
    return {"flushed": True, "ok": 1.0}


async def add_shard_to_zone(router: Router, request: Request) -> Doc:
    """addShardToZone."""
    return await _on_config(router, request, {"_configsvrAddShardToZone": request.collection, **request.pick("zone")})


async def remove_shard_from_zone(router: Router, request: Request) -> Doc:
    """removeShardFromZone."""
    command = {"_configsvrRemoveShardFromZone": request.collection, **request.pick("zone")}
    return await _on_config(router, request, command)


async def update_zone_key_range(router: Router, request: Request) -> Doc:
    """updateZoneKeyRange."""
    command = {"_configsvrUpdateZoneKeyRange": request.collection, **request.pick("min", "max", "zone")}
    return await _on_config(router, request, command)


async def move_range(router: Router, request: Request) -> Doc:
    """moveRange."""
    options = request.pick("toShard", "min", "max", "waitForDelete", "forceJumbo")
    return await _on_config(router, request, {"_configsvrMoveRange": request.collection, **options})


async def move_chunk(router: Router, request: Request) -> Doc:
    """moveChunk: find the chunk, then moveRange."""
    _, chunk = await _named_chunk(router, request)
    wait = bool(request.body.get("_waitForDelete") or request.body.get("waitForDelete"))
    bounds = {"min": chunk["min"], "max": chunk["max"], "waitForDelete": wait}
    command = {"_configsvrMoveRange": request.collection, "toShard": request.body.get("to"), **bounds}
    return await _on_config(router, request, {**command, **request.pick("forceJumbo")})


async def split(router: Router, request: Request) -> Doc:
    """split, at `middle` or where the chunk has its median."""
    _require_admin(request)
    namespace, _, _ = _namespace(request)
    placement, chunk = await _named_chunk(router, request)
    shard = await router.shard(chunk["shard"])
    version = placement.version(chunk["shard"])
    command = {
        "splitChunk": namespace,
        "from": chunk["shard"],
        "epoch": version["e"],
        "timestamp": version["t"],
        "shardVersion": version,
        **_pattern(placement, chunk),
        "splitKeys": await _split_keys(router, request, placement, chunk),
    }
    reply = await shard.command("admin", command, deadline=request.deadline)
    await router.forget_routing(namespace)
    return reply


def _pattern(placement: ShardedPlacement, chunk: Doc) -> Doc:
    return {"keyPattern": placement.key, "min": chunk["min"], "max": chunk["max"]}


async def _split_keys(router: Router, request: Request, placement: ShardedPlacement, chunk: Doc) -> list[Any]:
    if "middle" in request.body:
        return [request.body["middle"]]
    namespace, db, _ = _namespace(request)
    command = {"splitVector": namespace, **_pattern(placement, chunk), "force": True}
    reply = await (await router.shard(chunk["shard"])).command(db, command, deadline=request.deadline)
    if not succeeded(reply) or not reply["splitKeys"]:
        raise CommandError(CANNOT_SPLIT, reply.get("errmsg") or "chunk cannot be split")
    return list(reply["splitKeys"])


async def merge_chunks(router: Router, request: Request) -> Doc:
    """mergeChunks: chunks side by side on one shard become one."""
    _require_admin(request)
    namespace, _, _ = _namespace(request)
    placement, chunk = await _named_chunk(router, request)
    owner = chunk["shard"]
    version = placement.version(owner)
    identity = {"epoch": version["e"], "timestamp": version["t"], "shardName": owner, "config": "unused"}
    command = {"mergeChunks": namespace, "bounds": request.body["bounds"], **identity}
    reply = await (await router.shard(owner)).command("admin", command, deadline=request.deadline)
    await router.forget_routing(namespace)
    return reply


async def balancer(router: Router, request: Request) -> Doc:
    """balancerStart, balancerStop, balancerStatus and balancerCollectionStatus."""
    _require_admin(request)
    suffix = request.name[0].upper() + request.name[1:]
    command = {f"_configsvr{suffix}": next(iter(request.body.values()))}
    return await router.catalog.config.command("admin", command, deadline=request.deadline)


async def _sharded(router: Router, request: Request) -> ShardedPlacement:
    return await router.catalog.sharded(_namespace(request)[0])


async def _named_chunk(router: Router, request: Request) -> tuple[ShardedPlacement, Doc]:
    """The chunk that a command names by `bounds`, by `middle` (a split point) or by a document to `find`."""
    placement = await _sharded(router, request)
    try:
        return placement, placement.chunks[placement.chunk_at(_chunk_key(placement, request.body))]
    except (KeyError, TypeError, UnorderableError) as error:
        raise CommandError(BAD_VALUE, f"not a full shard key: {error}") from error


def _chunk_key(placement: ShardedPlacement, body: Mapping[str, Any]) -> Key:
    if "bounds" in body:
        return placement.bound_key(body["bounds"][0])
    if "middle" in body:
        return placement.bound_key(body["middle"])
    if "find" in body:
        return placement.document_key(body["find"])
    raise CommandError(BAD_VALUE, "which chunk? Give find, bounds or middle")
