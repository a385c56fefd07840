"""Runs a cluster, and the shop on it, from start to stop."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster import binaries, plan, ports, programs, proxy, relocate, replica, sharding, stopping
from cluster.apps import Apps
from cluster.console import announce, log
from cluster.control import CONTROL_FILE, Control
from cluster.datadir import DataDir
from cluster.errors import ActionRefused, ClusterError, UnknownNode
from cluster.guard import Guard, end_leftovers
from cluster.network import ACTIONS as NETWORK_ACTIONS
from cluster.network import Network
from cluster.network.switch import choose_prefix
from cluster.nodes import Node
from cluster.topology import Topology

SET_SECONDS = 120
ATTEMPTS = 3


@dataclass(frozen=True)
class Order:
    """What to run; without a port, the database nodes alone."""

    topology: str
    data_dir: Path
    nodes: int | None = None
    port: int | None = None
    workers: int = 2
    apps: int = 1
    router: str = "auto"
    network: bool = False
    """Whether every member has a network namespace of its own."""
    outlive_parent: bool = False


class Supervisor:
    """One data directory's processes. Use `run()` once, from the main thread."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._data = DataDir(order.data_dir)
        self._stop = stopping.StopRequest()
        self._tasks: list[asyncio.Task[None]] = []
        self._nodes: dict[str, Node] = {}
        self._apps: Apps | None = None
        self._nginx = ""
        self._control: Control | None = None
        self._network: Network | None = None
        self._mongos: str | None = None
        self._failure: BaseException | None = None
        self._token = secrets.token_hex(32)

    async def run(self) -> None:
        """Start everything, announce it, and stop everything when asked to; raises ClusterError if it cannot start.

        Whatever happens, no process is left when this returns.
        """
        stopping.attach(asyncio.get_running_loop(), self._stop)
        binary = binaries.find_mongod()
        if self._order.apps > 1:
            self._nginx = proxy.find_nginx()
        self._data.lock()
        try:
            if ended := end_leftovers(self._data):
                log(f"ended {len(ended)} processes that an earlier, killed supervisor left")
            if self._order.port is not None and not ports.is_free(self._order.port):
                raise ClusterError(f"port {self._order.port} is taken by another program: choose another with --port")
            await self._run_with(Guard(self._data), binary)
        finally:
            self._data.unlock()

    async def _run_with(self, guard: Guard, binary: str) -> None:
        self._background(guard.watch())
        if not (self._order.outlive_parent or stopping.meant_to_outlive_parent()):
            self._background(stopping.watch_parent(self._stop))
        work = asyncio.create_task(self._start(guard, binary))
        asked = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                work.result()
            await asked
            log(f"stopping: {self._stop.reason}")
            if self._failure:
                raise self._failure
        finally:
            await self._shut_down(work, asked)
            await guard.close()

    async def _start(self, guard: Guard, binary: str) -> None:
        await self._start_database(guard, binary)
        uri = self.describe()["uri"]
        if self._order.port is None:
            announce(f"READY {uri}")
            return
        self._apps = Apps(
            self._order.apps,
            port=self._order.port,
            environment=self._app_environment(uri),
            data=self._data,
            guard=guard,
            nginx=self._nginx,
        )
        await self._apps.start()
        for watch in self._apps.watches():
            self._background(watch)
        announce(f"READY {self._apps.url}")

    async def _start_database(self, guard: Guard, binary: str) -> None:
        order = self._order
        avoid = frozenset({order.port} if order.port else ())
        self._mongos = binaries.find_mongos(order.router) if order.topology == "sharded" else None
        engine = self._mongos is None
        prefix = choose_prefix() if order.network else None
        self._plan = plan.prepare(
            self._data, kind=order.topology, nodes=order.nodes, engine=engine, avoid=avoid, prefix=prefix
        )
        topology = self._plan.topology
        if prefix:
            self._network = Network(topology)
            self._network.open()
        if self._plan.relocated:
            await relocate.relocate(topology, data=self._data, guard=guard, binary=binary)
        log(f"starting {', '.join(f'{node.name} on port {node.port}' for node in topology.nodes)}")
        for spec in topology.nodes:
            command = programs.command(spec, topology, mongod=binary, mongos=self._mongos, data=self._data)
            command = self._network.inside(spec.name, command) if self._network else command
            self._nodes[spec.name] = node = Node(spec, data=self._data, guard=guard, command=command)
            node.spawn()
            self._background(node.watch())
        await self._open_control()
        await asyncio.gather(*(self._start_set(name) for name in topology.sets))
        if topology.routers:
            await self._start_routing(topology)
        if self._network is None:  # the next start has other addresses, and moves the documents there
            plan.settle(self._data, self._plan)

    async def _start_routing(self, topology: Topology) -> None:
        came = await asyncio.gather(*(self._came(self._nodes[router.name]) for router in topology.routers))
        if not all(came):
            raise ClusterError("the router does not start: see the messages above")
        await sharding.connect(topology)

    async def _start_set(self, name: str) -> None:
        specs = self._plan.topology.sets[name]
        hosts = [spec.host for spec in specs]
        came = await asyncio.gather(*(self._came(self._nodes[spec.name]) for spec in specs))
        up = [host for host, here in zip(hosts, came, strict=True) if here]
        if len(up) <= len(hosts) // 2:
            raise ClusterError(f"too few nodes of {name} start: see the messages above")
        configured = await asyncio.gather(*(replica.is_configured(host) for host in up))
        if not any(configured):
            if len(up) < len(hosts):
                raise ClusterError(f"not all nodes of {name} start: see the messages above")
            await replica.initiate(name, hosts, config_servers=specs[0].role == "config")
        if not await replica.ready(up, seconds=SET_SECONDS):
            raise ClusterError(f"the replica set {name} elected no primary within {SET_SECONDS} s")

    async def _came(self, node: Node) -> bool:
        """Wait for a node to accept connections; False if it keeps ending."""
        listening = asyncio.create_task(replica.listening(node.spec.host))
        try:
            while node.failures < ATTEMPTS:
                if listening.done():
                    return True
                await asyncio.sleep(replica.POLL_SECONDS)
            return False
        finally:
            listening.cancel()

    async def _open_control(self) -> None:
        self._control = Control(self, self._token)
        await self._control.start()
        about = {"url": self._control.url, "token": self._token, "pid": os.getpid()}
        self._data.write_json(CONTROL_FILE, about)

    async def _shut_down(self, *started: "asyncio.Task[None]") -> None:
        self._data.remove(CONTROL_FILE)
        for task in (*started, *self._tasks):
            task.cancel()
        await asyncio.gather(*started, *self._tasks, return_exceptions=True)
        if self._control:
            await self._control.stop()
        if self._apps:
            await self._apps.stop()
        # shards ask the config servers until their own end: without them each takes its 15 s
        config = [node for node in self._nodes.values() if node.spec.role == "config"]
        await asyncio.gather(*(node.stop() for node in self._nodes.values() if node not in config))
        await asyncio.gather(*(node.stop() for node in config))
        if self._network:
            self._network.close()

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._report)

    def _report(self, task: "asyncio.Task[None]") -> None:
        with contextlib.suppress(asyncio.CancelledError):
            if error := task.exception():
                self._failure = self._failure or error
                self._stop.request("an internal error")

    def _app_environment(self, uri: str) -> dict[str, str]:
        control = self._control.url if self._control else ""
        return {
            "SHARDMART_MONGO_URI": uri,
            "SHARDMART_HOST": "127.0.0.1",
            "SHARDMART_WORKERS": str(self._order.workers),
            "SHARDMART_TOPOLOGY": self._order.topology,
            "SHARDMART_DEMO": "1",
            "SHARDMART_SECRET_KEY": self._data.secret("secret_key"),
            "SHARDMART_CONTROL_URL": control,
            "SHARDMART_CONTROL_TOKEN": self._token,
            "SHARDMART_DATA_DIR": str(self._data.path),
        }

    def describe(self) -> dict[str, Any]:
        """See control.Controlled."""
        topology = self._plan.topology
        return {
            "topology": topology.kind,
            "uri": topology.uri,
            "sets": {name: [spec.name for spec in specs] for name, specs in topology.sets.items()},
            "nodes": [node.record() | self._fault(node.spec.name) for node in self._nodes.values()],
            "apps": self._apps.records() if self._apps else [],
        }

    async def act(self, node: str, action: str) -> dict[str, Any]:
        """See control.Controlled."""
        if node not in self._nodes:
            raise UnknownNode(f"there is no node {node!r}: the nodes are {', '.join(self._nodes)}")
        self._note(node, action)
        if action not in NETWORK_ACTIONS:
            return await self._nodes[node].act(action)
        if self._network is None:
            raise ActionRefused(f"{node} has no network of its own: start with --network")
        self._network.act(node, action)
        return self._nodes[node].record() | self._fault(node)

    def _fault(self, node: str) -> dict[str, Any]:
        """What `--network` adds to a node's record."""
        return {"network": self._network.fault(node)} if self._network else {}

    async def act_on_app(self, app: str, action: str) -> dict[str, Any]:
        """See control.Controlled."""
        found = self._apps and self._apps.named(app)
        if not found:
            names = self._apps.names if self._apps else ["none"]
            raise UnknownNode(f"there is no app node {app!r}: the app nodes are {', '.join(names)}")
        self._note(app, action)
        return await found.act(action)

    def _note(self, name: str, action: str) -> None:
        if self._stop.reason:
            raise ActionRefused("the cluster is stopping")
        log(f"{action} {name}")

    def request_stop(self) -> None:
        """See control.Controlled."""
        self._stop.request("the down command")
