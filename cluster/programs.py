"""Which program a node runs, and with which arguments."""

import sys

from cluster import mongod as mongods
from cluster.datadir import DataDir
from cluster.topology import HOST, NodeSpec, Topology


def command(spec: NodeSpec, topology: Topology, *, mongod: str, mongos: str | None, data: DataDir) -> list[str]:
    """The command line of a node: mongod, mongos, or the development router when `mongos` is None."""
    if spec.role != "router":
        return mongods.command(mongod, spec, data.node_path(spec.name))
    port = ["--port", str(spec.port)]
    if mongos:
        return [mongos, *port, "--bind_ip", HOST, "--configdb", f"config/{topology.hosts('config')}"]
    ends = ["--config", topology.hosts("config"), "--engine", topology.hosts("engine")]
    return [sys.executable, "-m", "cluster.router", *port, *ends]
