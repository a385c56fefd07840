"""What a cluster consists of: nodes with a name, a role, a replica set and a port.

    replica    rs0-1 rs0-2 rs0-3
    sharded    config-1 …  shard1-1 …  shard2-1 …  engine  router

The engine belongs to the development router (docs/router.md); with a real mongos there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

HOST = "127.0.0.1"


@dataclass(frozen=True)
class NodeSpec:
    """One process: `role` is `data`, or in a sharded cluster `config`, `shard`, `engine` or `router`."""

    name: str
    role: str
    replica_set: str | None
    port: int
    address: str = HOST

    @property
    def host(self) -> str:
        """Address and port."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Topology:
    """All nodes of a cluster, in the order in which they start."""

    kind: str
    nodes: tuple[NodeSpec, ...]

    @property
    def sets(self) -> dict[str, list[NodeSpec]]:
        """The replica sets with their members."""
        found: dict[str, list[NodeSpec]] = {}
        for node in self.nodes:
            if node.replica_set:
                found.setdefault(node.replica_set, []).append(node)
        return found

    @property
    def uri(self) -> str:
        """What a client connects to."""
        if self.routers:
            return f"mongodb://{','.join(router.host for router in self.routers)}/"
        (name, members), *_ = self.sets.items()
        return f"mongodb://{','.join(member.host for member in members)}/?replicaSet={name}"

    @property
    def routers(self) -> list[NodeSpec]:
        """The nodes that clients of a sharded cluster connect to."""
        return [node for node in self.nodes if node.role == "router"]

    @property
    def shards(self) -> dict[str, list[NodeSpec]]:
        """The replica sets that are shards."""
        return {name: members for name, members in self.sets.items() if members[0].role == "shard"}

    def hosts(self, set_name: str) -> str:
        """A set's members, separated by commas."""
        return ",".join(member.host for member in self.sets[set_name])


def names(kind: str, nodes: int, *, engine: bool = True) -> list[str]:
    """The names of the nodes of a topology, `nodes` in each set of data."""
    if kind == "replica":
        return _members("rs0", nodes)
    sets = [_members(name, nodes) for name in ("config", "shard1", "shard2")]
    return [*(name for members in sets for name in members), *(["engine"] if engine else []), "router"]


def build(kind: str, ports: Mapping[str, int], prefix: str | None = None) -> Topology:
    """The topology whose nodes have these names and ports.

    With a prefix each mongod has an address of its own: 198.18.7.1, 198.18.7.2, … for 198.18.7.
    """
    nodes = tuple(_node(name, port) for name, port in ports.items())
    if prefix:
        nodes = tuple(
            node if node.role == "router" else replace(node, address=f"{prefix}.{number}")
            for number, node in enumerate(nodes, 1)
        )
    return Topology(kind, nodes)


def _members(set_name: str, nodes: int) -> list[str]:
    return [f"{set_name}-{number}" for number in range(1, nodes + 1)]


def _node(name: str, port: int) -> NodeSpec:
    set_name = name.rpartition("-")[0] or name
    role = "shard" if set_name.startswith("shard") else "data" if set_name == "rs0" else set_name
    return NodeSpec(name, role, None if role == "router" else set_name, port)
