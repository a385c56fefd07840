"""What a cluster consists of: nodes with a name, a role, a replica set and a port.

`replica()` is one of them; a sharded cluster is another tuple of nodes: `config-1`, `shard1-1` ..., and the nodes
that are no mongod of a data set, `router` and `engine`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True)
class NodeSpec:
    """One process: `role` is `data`, and in a sharded cluster also `shard`, `config`, `router`, `engine`."""

    name: str
    role: str
    replica_set: str | None
    port: int

    @property
    def host(self) -> str:
        """Address and port."""
        return f"{HOST}:{self.port}"


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
        (name, members), *_ = self.sets.items()
        return f"mongodb://{','.join(member.host for member in members)}/?replicaSet={name}"


def names(kind: str, nodes: int) -> list[str]:
    """The names of the nodes of a topology, `nodes` in each set."""
    if kind != "replica":
        raise ValueError(kind)
    return [f"rs0-{number}" for number in range(1, nodes + 1)]


def build(kind: str, ports: Mapping[str, int]) -> Topology:
    """The topology whose nodes have these names and ports."""
    nodes = (NodeSpec(name, "data", name.rpartition("-")[0], port) for name, port in ports.items())
    return Topology(kind, tuple(nodes))
