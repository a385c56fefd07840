"""Decides which nodes run on which ports, from what the data directory remembers."""

from dataclasses import dataclass

from cluster import ports, topology
from cluster.datadir import DataDir
from cluster.errors import ClusterError
from cluster.topology import Topology

STATE = "cluster.json"
DEFAULT_NODES = {"replica": 3, "sharded": 1}


@dataclass(frozen=True)
class Plan:
    """The topology to start; `relocated` if the documents there know their nodes under other addresses."""

    topology: Topology
    relocated: bool


def prepare(
    data: DataDir,
    *,
    kind: str,
    nodes: int | None,
    engine: bool = True,
    avoid: frozenset[int] = frozenset(),
    prefix: str | None = None,
) -> Plan:
    """Remembered ports if they are all free, else new ones for all nodes.

    For all: a single one kept could be a port under which a copy of this directory is running, and the two sets
    would take each other for members. With a prefix every mongod has an address of its own, which the documents of
    a directory that is used again would not know. Raises ClusterError if the directory holds another kind of cluster.
    """
    state = data.read_json(STATE)
    chosen = _names(data, state, kind, nodes, engine)
    kept = _usable_ports(data, state, avoid)
    if prefix and any(data.has_documents(name) for name in chosen):
        raise ClusterError(f"{data.path} holds documents already: --network needs a new directory")
    known_hosts = kept is not None and state["settled"]
    port_of = kept or dict(zip(chosen, ports.choose(len(chosen), avoid=avoid), strict=True))
    if not known_hosts:
        _write(data, kind, port_of, settled=False)
    relocated = not known_hosts and any(data.has_documents(name) for name in chosen)
    return Plan(topology.build(kind, port_of, prefix), relocated)


def settle(data: DataDir, plan: Plan) -> None:
    """Remember that the documents now know their nodes under these addresses."""
    _write(data, plan.topology.kind, {node.name: node.port for node in plan.topology.nodes}, settled=True)


def _names(data: DataDir, state: dict[str, object] | None, kind: str, nodes: int | None, engine: bool) -> list[str]:
    if state is not None and state["topology"] != kind:
        raise ClusterError(f"{data.path} holds a cluster of topology {state['topology']}, not {kind}")
    if state is not None and isinstance(state["nodes"], dict):
        known = list(state["nodes"])
    else:
        known = sorted(entry.name for entry in (data.path / "nodes").iterdir())
    wanted = topology.names(kind, nodes or DEFAULT_NODES[kind], engine=engine)
    if known and kind == "sharded" and ("engine" in known) != engine:
        raise ClusterError(f"{data.path} was made with the other kind of router: use another directory")
    if known and nodes and known != wanted:
        raise ClusterError(f"{data.path} holds {len(known)} nodes: use another directory for --nodes {nodes}")
    return known or wanted


def _usable_ports(data: DataDir, state: dict[str, object] | None, avoid: frozenset[int]) -> dict[str, int] | None:
    if state is None or state["path"] != str(data.path):
        return None
    remembered = state["nodes"]
    if not isinstance(remembered, dict):
        return None
    usable = all(port not in avoid and ports.is_free(port) for port in remembered.values())
    return remembered if usable else None


def _write(data: DataDir, kind: str, port_of: dict[str, int], *, settled: bool) -> None:
    data.write_json(STATE, {"topology": kind, "nodes": port_of, "path": str(data.path), "settled": settled})
