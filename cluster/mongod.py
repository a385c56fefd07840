"""How a mongod is started."""

import json
from pathlib import Path

from cluster.topology import HOST, NodeSpec

SETTINGS = (
    # a client that died inside a transaction must not hold its documents for a minute
    "transactionLifetimeLimitSeconds=5",
    "diagnosticDataCollectionEnabled=false",
    # the default lets clients finish for 15 s after a SIGTERM, also when there are none
    "shutdownTimeoutMillisForSignaledShutdown=200",
)
SHARD = ("--shardsvr", "--setParameter", "orphanCleanupDelaySecs=1")
"""Without the short delay a chunk that comes back at once has to wait for what it left behind."""
ROLES = {"config": ("--configsvr",), "shard": SHARD, "engine": ("--shardsvr",)}
FATAL = ("F", "E")


def command(mongod: str, spec: NodeSpec, path: Path) -> list[str]:
    """The command line of a member of a replica set."""
    role = ROLES.get(spec.role, ())
    return [
        *_common(mongod, spec.port, path, spec.address),
        "--replSet",
        str(spec.replica_set),
        *role,
        *_parameters(SETTINGS),
    ]


def standalone_command(mongod: str, port: int, path: Path) -> list[str]:
    """The command line to look at a member's documents while it is outside its set."""
    quiet = (
        "disableLogicalSessionCacheRefresh=true",
        "ttlMonitorEnabled=false",
        "skipShardingConfigurationChecks=true",
    )
    return [*_common(mongod, port, path), *_parameters((*SETTINGS, *quiet))]


def _common(mongod: str, port: int, path: Path, address: str = HOST) -> list[str]:
    listening = ["--bind_ip", address, "--port", str(port), "--nounixsocket"]
    return [mongod, "--dbpath", str(path), *listening, "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "1024"]


def _parameters(settings: tuple[str, ...]) -> list[str]:
    return [word for setting in settings for word in ("--setParameter", setting)]


def last_words(log: Path) -> str:
    """Why a mongod ended, as far as its log tells."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-200:]
    except OSError:
        return f"see {log}"
    reasons = [reason for line in lines if (reason := _reason(line))]
    return f"{reasons[-1]} (see {log})" if reasons else f"see {log}"


def _reason(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line.strip()  # not a log entry: a refused option, a library that is missing
    if entry.get("s") not in FATAL:
        return ""
    return f"{entry['msg']} {entry.get('attr', {}).get('error', '')}".strip()
