"""What the cluster's supervisor calls to make running mongods a sharded cluster.

Everything a real mongos can be asked for is asked in its own commands, through whatever router there is;
only the engine's identity is set on its mongod. All of it may be repeated on a cluster that is set up
already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

Client = MongoClient[dict[str, Any]]
_ALREADY_INITIALIZED = 23


def initiate(
    host: str, set_name: str, members: Iterable[str], *, config_server: bool = False, **settings: Any
) -> None:
    """Make mongods a replica set (no error if they are one). `settings` go into the set's configuration,
    for example `electionTimeoutMillis=2000, heartbeatIntervalMillis=500`."""
    config: dict[str, Any] = {
        "_id": set_name,
        "members": [
            {"_id": position, "host": member, "priority": 2 if position == 0 else 1}
            for position, member in enumerate(members)
        ],
        "settings": settings,
    }
    if config_server:
        config["configsvr"] = True
    with _direct(host) as client:
        try:
            client.admin.command("replSetInitiate", config)
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise


def give_engine_its_identity(engine: str, *, config_set: str, config_hosts: list[str], name: str = "engine") -> None:
    """Tell the engine (a one-node `--shardsvr` set that is no shard) which cluster it routes for. It keeps
    that over restarts. The config set must have a primary, and at least one shard must have been added."""
    config: Client = MongoClient(config_hosts, replicaSet=config_set)
    with config, _direct(engine) as client:
        version = config["config"]["version"].find_one()
        if version is None:
            raise RuntimeError("the config servers have no cluster id yet")
        identity = {
            "shardName": name,
            "clusterId": version["clusterId"],
            "configsvrConnectionString": f"{config_set}/{','.join(config_hosts)}",
        }
        client.admin.command({"_addShard": 1, "shardIdentity": identity})
        # an engine that was never added as a shard stays at the lowest feature version otherwise
        client.admin.command("setFeatureCompatibilityVersion", "6.0")


def add_shards(router: Client, shards: Mapping[str, Iterable[str]]) -> None:
    """`{set name: members}` become shards of these names (no error for those that are)."""
    for name, members in shards.items():
        router.admin.command("addShard", f"{name}/{','.join(members)}", name=name)


def shard_collection(router: Client, namespace: str, key: Mapping[str, Any], **options: Any) -> None:
    """Shard a collection; with a hashed key the initial chunks are spread at once."""
    router.admin.command({"enableSharding": namespace.partition(".")[0]})
    router.admin.command({"shardCollection": namespace, "key": dict(key), **options})


def pin_chunks(router: Client, namespace: str, like: str) -> None:
    """Give `namespace` zones with the bounds of `like`'s chunks, one zone a shard: equal hashes lie
    together."""
    collection = router["config"]["collections"].find_one({"_id": like})
    if collection is None:
        raise LookupError(f"{like} is not sharded")
    for shard in router["config"]["shards"].find():
        router.admin.command("addShardToZone", shard["_id"], zone=shard["_id"])
    for chunk in router["config"]["chunks"].find({"uuid": collection["uuid"]}).sort("min"):
        bounds = {"min": chunk["min"], "max": chunk["max"], "zone": chunk["shard"]}
        router.admin.command({"updateZoneKeyRange": namespace, **bounds})


def set_balancer(router: Client, *, on: bool) -> None:
    """Switch the balancer."""
    router.admin.command("balancerStart" if on else "balancerStop")


def set_range_size(router: Client, megabytes: int) -> None:
    """The size of a range, cluster-wide: 1 in labs, so that small data moves (128 is the default)."""
    router["config"]["settings"].update_one({"_id": "chunksize"}, {"$set": {"value": megabytes}}, upsert=True)


def _direct(host: str) -> Client:
    return MongoClient(host, directConnection=True, serverSelectionTimeoutMS=10_000)
