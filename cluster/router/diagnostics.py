"""Commands about the router itself, what drivers and mongosh ask when they connect, and sizes."""

from __future__ import annotations

import os
import platform
import resource
import socket
import time

from bson import Int64
from bson.datetime_ms import DatetimeMS

from cluster.router.catalog import ShardedPlacement
from cluster.router.context import Request, Router
from cluster.router.errors import BAD_VALUE, CommandError, Doc, succeeded

VERSION = "6.0.5"
MAX_WIRE_VERSION = 17
_SIZES = ("collections", "views", "objects", "dataSize", "storageSize", "indexes", "indexSize", "totalSize")
_COLLECTION_SIZES = ("count", "size", "storageSize", "totalIndexSize", "totalSize")


async def hello(router: Router, request: Request) -> Doc:
    """The handshake: `msg: "isdbgrid"` is what makes a driver take us for a mongos. No compression, no
    topologyVersion (drivers would then wait on a hello that never answers)."""
    old = next(iter(request.body)) != "hello"
    return {
        **({"helloOk": True} if request.body.get("helloOk") else {}),
        "ismaster" if old else "isWritablePrimary": True,
        "msg": "isdbgrid",
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "localTime": DatetimeMS(int(time.time() * 1000)),
        "logicalSessionTimeoutMinutes": 30,
        "connectionId": next(router.connection_ids),
        "maxWireVersion": MAX_WIRE_VERSION,
        "minWireVersion": 0,
        "readOnly": False,
        "ok": 1.0,
    }


async def ping(router: Router, request: Request) -> Doc:
    """ping."""
    return {"ok": 1.0}


async def build_info(router: Router, request: Request) -> Doc:
    """buildInfo: the version of the commands we speak."""
    version = [int(part) for part in VERSION.split(".")]
    answer: Doc = {"version": VERSION, "versionArray": [*version, 0], "gitVersion": "shardmart-router"}
    return {
        **answer,
        "modules": [],
        "bits": 64,
        "debug": False,
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "ok": 1.0,
    }


async def connection_status(router: Router, request: Request) -> Doc:
    """connectionStatus: there is no authentication on a loopback cluster."""
    return {"authInfo": {"authenticatedUsers": [], "authenticatedUserRoles": []}, "ok": 1.0}


async def server_status(router: Router, request: Request) -> Doc:
    """serverStatus: the router's own figures."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    uptime = time.time() - router.started
    return {
        "host": socket.gethostname(),
        "version": VERSION,
        "process": "mongos",
        "pid": Int64(os.getpid()),
        "uptime": uptime,
        "uptimeMillis": Int64(uptime * 1000),
        "localTime": DatetimeMS(int(time.time() * 1000)),
        "connections": {"current": router.connections, "totalCreated": next(router.connection_ids)},
        "metrics": {
            "cursor": {"open": {"total": len(router.cursors)}},
            "commands": {name: {"total": Int64(total)} for name, total in router.commands.items()},
        },
        "transactions": {"currentOpen": len(router.transactions)},
        "extra_info": {
            "note": "development router",
            "user_time_us": Int64(usage.ru_utime * 1e6),
            "system_time_us": Int64(usage.ru_stime * 1e6),
            "maxrss_kb": Int64(usage.ru_maxrss),
        },
        "ok": 1.0,
    }


async def get_parameter(router: Router, request: Request) -> Doc:
    """getParameter: the few that shells ask for."""
    known = {"featureCompatibilityVersion": {"version": "6.0"}, "authenticationMechanisms": []}
    argument = request.body["getParameter"]
    wanted = known if argument == "*" else {name: known[name] for name in known if name in request.body}
    if not wanted:
        raise CommandError(72, "no option found to get")
    return {**wanted, "ok": 1.0}


async def get_cmd_line_opts(router: Router, request: Request) -> Doc:
    """getCmdLineOpts."""
    return {"argv": ["cluster.router"], "parsed": {}, "ok": 1.0}


async def get_log(router: Router, request: Request) -> Doc:
    """getLog: we keep none."""
    if request.body["getLog"] == "*":
        return {"names": ["global", "startupWarnings"], "ok": 1.0}
    return {"totalLinesWritten": 0, "log": [], "ok": 1.0}


async def host_info(router: Router, request: Request) -> Doc:
    """hostInfo."""
    system = {
        "hostname": socket.gethostname(),
        "cpuArch": platform.machine(),
        "numCores": os.cpu_count() or 1,
    }
    return {
        "system": system,
        "os": {"type": platform.system(), "name": platform.platform()},
        "extra": {},
        "ok": 1.0,
    }


async def is_db_grid(router: Router, request: Request) -> Doc:
    """isdbgrid: yes."""
    return {"isdbgrid": 1, "hostname": socket.gethostname(), "ok": 1.0}


async def whats_my_uri(router: Router, request: Request) -> Doc:
    """whatsmyuri."""
    return {"you": "127.0.0.1:0", "ok": 1.0}


async def no_replication(router: Router, request: Request) -> Doc:
    """replSetGetStatus is refused, in mongos' words."""
    raise CommandError(76, "replSetGetStatus is not supported through mongos", extra={"info": "mongos"})


async def get_default_rw_concern(router: Router, request: Request) -> Doc:
    """getDefaultRWConcern."""
    reply = await router.catalog.config_command("admin", {"getDefaultRWConcern": 1})
    return {name: value for name, value in reply.items() if not name.startswith("$")}


async def db_stats(router: Router, request: Request) -> Doc:
    """dbStats: every shard's figures and their sums."""
    raw: Doc = {}
    sums: Doc = dict.fromkeys(_SIZES, 0)
    for name, shard in (await router.catalog.load_shards()).items():
        command = {"dbStats": 1, **request.pick("scale", "freeStorage")}
        reply = await shard.command(request.db, command, deadline=request.deadline)
        if not succeeded(reply):
            return reply
        raw[name] = {field: value for field, value in reply.items() if not field.startswith("$")}
        for field in _SIZES:
            sums[field] += reply.get(field, 0)
    return {"raw": raw, "db": request.db, **sums, "ok": 1.0}


async def coll_stats(router: Router, request: Request) -> Doc:
    """collStats: every owning shard's figures and their sums."""
    placement = await router.catalog.placement(request.namespace)
    sharded = isinstance(placement, ShardedPlacement)
    answer: Doc = {"sharded": sharded, "ns": request.namespace, **dict.fromkeys(_COLLECTION_SIZES, 0)}
    shards: Doc = {}
    scale = request.body.get("scale") or 1
    if not scale > 0:
        raise CommandError(BAD_VALUE, "scale must be positive")
    for name in placement.shards if placement else ():
        stage = {"$collStats": {"storageStats": {"scale": scale}}}
        command = {"aggregate": request.collection, "pipeline": [stage], "cursor": {}}
        shard = await router.shard(name)
        reply = await shard.command(request.db, command, deadline=request.deadline)
        if not succeeded(reply):
            continue  # not created yet on this shard
        stats = dict(reply["cursor"]["firstBatch"][0]["storageStats"])
        shards[name] = stats
        for field in _COLLECTION_SIZES:
            answer[field] += stats.get(field, 0)
    chunks = len(placement.chunks) if isinstance(placement, ShardedPlacement) else 1
    return {**answer, "nchunks": chunks, "shards": shards, "ok": 1.0}
