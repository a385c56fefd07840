"""The commands that drive a cluster which runs in the background, or below a demo."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cluster import binaries, processes, replica, sharding
from cluster.client import call
from cluster.control import CONTROL_FILE
from cluster.datadir import DataDir
from cluster.errors import ClusterError

STOP_SECONDS = 60
APPS = ("app-", "proxy")


def up(data: DataDir, *, topology: str, nodes: int | None, router: str = "auto", network: bool = False) -> str:
    """Start the nodes in the background and return the connection string; raises ClusterError if they do not start.

    The supervisor is a process of its own that lives until `down`.
    """
    if data.is_locked():
        raise ClusterError(f"a supervisor runs on {data.path} already")
    command = [sys.executable, "-m", "cluster", "supervise", "--topology", topology, "--data-dir", str(data.path)]
    command += ["--router", router, *(["--nodes", str(nodes)] if nodes else []), *(["--network"] if network else [])]
    environment = {**os.environ, "SHARDMART_MONGOD": binaries.find_mongod()}
    data.path.mkdir(parents=True, exist_ok=True)
    log = data.path / "supervisor.log"
    with log.open("ab") as output:
        begin = output.tell()
        supervisor = subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
        )
    if uri := _until_ready(supervisor):
        return uri
    reasons = log.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
    raise ClusterError(reasons[-1].removeprefix("cluster: ") if reasons else f"it did not start: see {log}")


def _until_ready(supervisor: "subprocess.Popen[bytes]") -> str | None:
    """The connection string once the nodes are ready; None if the supervisor ended instead."""
    try:
        line = supervisor.stdout.readline().decode() if supervisor.stdout else ""
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise
    if line.startswith("READY "):
        return line.split()[1]
    supervisor.wait()
    return None


def down(data: DataDir) -> None:
    """Stop what runs on the directory and wait for its end; raises ClusterError if nothing does."""
    supervisor = (data.read_json(CONTROL_FILE) or {}).get("pid", 0)
    running = processes.identify(supervisor)
    call(data, "POST", "/shutdown")
    deadline = time.monotonic() + STOP_SECONDS
    while data.is_locked() or (running and processes.identify(supervisor) == running):
        if time.monotonic() > deadline:
            raise ClusterError(f"the supervisor on {data.path} did not stop within {STOP_SECONDS} s")
        time.sleep(0.05)


def act(data: DataDir, node: str, action: str) -> dict[str, Any]:
    """Do an action on a node or an app node and return its record; raises ClusterError if it is refused."""
    kind = "apps" if node.startswith(APPS) else "nodes"
    return call(data, "POST", f"/{kind}/{node}/{action}")


def stepdown(data: DataDir, node: str | None) -> dict[str, Any]:
    """Make a node, by default the first set's primary, step down; raises ClusterError if there is none."""
    if node is None:
        primaries = [known["node"] for known in status(data)["nodes"] if known["state"] == "PRIMARY"]
        if not primaries:
            raise ClusterError("there is no primary at the moment")
        node = primaries[0]
    return act(data, str(node), "stepdown")


def status(data: DataDir) -> dict[str, Any]:
    """Topology, connection string and nodes, each with process and member state; ClusterError if nothing runs."""
    answer = call(data, "GET", "/nodes")
    # a node without a running process is down, whatever the others still believe, and asking it would take long
    hosts = {known["node"]: known["host"] for known in answer["nodes"] if known["process"] == "running"}
    seen = asyncio.run(
        _members([[hosts[node] for node in nodes if node in hosts] for nodes in answer["sets"].values()])
    )
    for known in answer["nodes"]:
        if known["set"] is None and known["process"] == "running":
            known.update({"state": "ROUTER", "lag_seconds": None})
        else:
            known.update(seen.get(hosts.get(known["node"], ""), {"state": "DOWN", "lag_seconds": None}))
    if answer["topology"] == "sharded":
        answer["chunks"] = sharding.chunks(answer["uri"])
    return answer


def move_chunk(data: DataDir, collection: str, *, to: str, seller: str | None) -> str:
    """Move a chunk and say which; raises ClusterError if it cannot be moved."""
    answer = call(data, "GET", "/nodes")
    if answer["topology"] != "sharded":
        raise ClusterError("only a sharded cluster has chunks")
    return sharding.move_chunk(answer["uri"], collection, to=to, seller=seller)


async def _members(sets: list[list[str]]) -> dict[str, dict[str, Any]]:
    found = await asyncio.gather(*(replica.members(hosts) for hosts in sets))
    return {host: member for members in found for host, member in members.items()}


def render(answer: dict[str, Any], *, as_json: bool) -> str:
    """A status as text."""
    if as_json:
        return json.dumps(answer, indent=2)
    lines = [f"{answer['topology']}  {answer['uri']}"]
    for known in answer["nodes"]:
        lag = "" if known["lag_seconds"] is None else f"lag {known['lag_seconds']:g} s"
        process = f"{known['process']} {known['pid'] or ''}".strip()
        lines.append(f"  {known['node']:<10} {known['host']:<16} {known['state']:<10} {process:<16} {lag}".rstrip())
    for known in answer["apps"]:
        process = f"{known['process']} {known['pid'] or ''}".strip()
        lines.append(f"  {known['node']:<10} {known['host']:<16} {known['state']:<10} {process}")
    for collection, by_shard in answer.get("chunks", {}).items():
        shares = ", ".join(f"{shard} {number}" for shard, number in by_shard.items())
        lines.append(f"  chunks of {collection}: {shares}")
    return "\n".join(lines)
