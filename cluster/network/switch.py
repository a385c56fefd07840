"""Carries packets between the members' namespaces, and their clients'."""

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import Sequence

from cluster.errors import ActionRefused, ClusterError
from cluster.network.namespaces import End, apart, here, program, taken, why_not
from cluster.network.rules import Rules
from cluster.topology import HOST, Topology

MOST_BYTES = 65_536
AT_ONCE = 64  # packets of one device before the others have their turn
CLIENTS = 254
MEMBERS = ("data", "shard", "config")  # the engine is a part of the router, and so a client


def choose_prefix() -> str:
    """A network of addresses (of those set aside for tests) that this machine does not use; raises ClusterError."""
    if reason := why_not():
        raise ClusterError(f"--network needs a network namespace for each member: {reason}")
    free = [prefix for number in range(1, 255) if not taken(prefix := f"198.18.{number}")]
    if not free:
        raise ClusterError("--network: all of 198.18.0.0/16 is in use")
    return random.choice(free)


class Network:
    """The switch of a topology whose nodes have addresses of their own. Use it in a running event loop."""

    def __init__(self, topology: Topology) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends: dict[bytes, End] = {}
        self._addresses = {spec.name: spec.address for spec in topology.nodes if spec.address != HOST}
        members = [spec for spec in topology.nodes if spec.role in MEMBERS]
        self._rules = Rules([socket.inet_aton(spec.address) for spec in members])

    def open(self) -> None:
        """Make namespaces and devices, and begin; raises ClusterError."""
        prefix = next(iter(self._addresses.values())).rpartition(".")[0]
        try:
            self._plug(f"{prefix}.{CLIENTS}", here(f"{prefix}.{CLIENTS}"))
            for address in self._addresses.values():
                self._plug(address, apart(address))
        except (OSError, ClusterError) as error:
            self.close()
            raise ClusterError(f"the members' network cannot be made: {error}") from None

    def close(self) -> None:
        """Take everything away."""
        for end in self._ends.values():
            self._loop.remove_reader(end.tun)
            end.close()
        self._ends.clear()

    def inside(self, name: str, command: Sequence[str]) -> list[str]:
        """The command that runs a node's program in its namespace."""
        if name not in self._addresses:
            return list(command)
        namespace = self._ends[socket.inet_aton(self._addresses[name])].namespace
        return [program("nsenter") or "nsenter", f"--net=/proc/{os.getpid()}/fd/{namespace}", *command]

    def act(self, name: str, action: str) -> None:
        """Do one of ACTIONS to a member's network; raises ActionRefused."""
        if name not in self._addresses:
            raise ActionRefused(f"{name} has no network of its own")
        self._rules.set(socket.inet_aton(self._addresses[name]), action)

    def fault(self, name: str) -> str | None:
        """What is wrong with a member's network: partition, delay or loss."""
        address = self._addresses.get(name)
        return self._rules.of(socket.inet_aton(address)) if address else None

    def _plug(self, address: str, end: End) -> None:
        self._ends[socket.inet_aton(address)] = end
        self._loop.add_reader(end.tun, self._carry, end.tun)

    def _carry(self, tun: int) -> None:
        for _ in range(AT_ONCE):
            try:
                packet = os.read(tun, MOST_BYTES)
            except OSError:  # nothing more for now
                return
            target = self._ends.get(packet[16:20])
            if target is None or packet[0] >> 4 != 4:
                continue  # the kernel's own: router solicitations, multicast
            seconds = self._rules.seconds(packet[12:16], packet[16:20])
            if seconds == 0:
                _deliver(target.tun, packet)
            elif seconds is not None:
                self._loop.call_later(seconds, self._deliver_late, packet)

    def _deliver_late(self, packet: bytes) -> None:
        if target := self._ends.get(packet[16:20]):  # closed meanwhile
            _deliver(target.tun, packet)


def _deliver(tun: int, packet: bytes) -> None:
    with contextlib.suppress(OSError):  # a full queue loses packets, as queues do
        os.write(tun, packet)
