"""Connections to the mongods: a pool per host, one request in flight on each connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from cluster.router.clock import ClusterClock
from cluster.router.errors import NetworkError
from cluster.router.stream import MessageStream
from cluster.router.wire import Reply, encode_command

_CONNECT_SECONDS = 2.0
_SUSPICIOUS_SECONDS = 2.0  # an answer that takes longer makes the watchdog look whether the host lives at all
_PING_SECONDS = 2.0


class Pool:
    """All connections of the router. A host that loses one connection loses all its idle ones: it has
    probably died."""

    def __init__(self, clock: ClusterClock) -> None:
        self.clock = clock
        self._idle: dict[str, list[MessageStream]] = {}
        self._busy: dict[MessageStream, tuple[str, float]] = {}

    async def command(self, host: str, db: str, command: Mapping[str, Any]) -> Reply:
        """Run one command on one host. Raises NetworkError."""
        message = encode_command({**command, "$db": db, **self.clock.gossip()})
        reply = Reply(await self._exchange(host, message), host)
        self.clock.observe(reply.get("$clusterTime"))
        return reply

    async def _exchange(self, host: str, message: bytes) -> bytes:
        idle = self._idle.setdefault(host, [])
        while idle and idle[-1].closed:
            idle.pop()
        stream = idle.pop() if idle else await self._open(host)
        self._busy[stream] = (host, time.monotonic())
        healthy = False
        try:
            await stream.send(message)
            payload = (await stream.receive())[16:]
            healthy = True
            return payload
        except ConnectionError as error:
            self.drop(host)
            raise NetworkError(f"lost {host}: {error}", sent=True) from error
        finally:
            del self._busy[stream]
            if healthy:
                idle.append(stream)
            else:  # also when we were cancelled: an answer nobody reads would be taken for the next one
                stream.abort()

    async def _open(self, host: str) -> MessageStream:
        name, _, port = host.rpartition(":")
        connecting = asyncio.get_running_loop().create_connection(MessageStream, name, int(port))
        try:
            _, stream = await asyncio.wait_for(connecting, _CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            raise NetworkError(f"cannot reach {host}: {error}", sent=False) from error
        return stream

    def drop(self, host: str) -> None:
        """Close the idle connections to a host."""
        for stream in self._idle.pop(host, []):
            stream.abort()

    def close(self) -> None:
        """Close everything."""
        for host in list(self._idle):
            self.drop(host)
        for stream in list(self._busy):
            stream.abort()

    async def watch(self) -> None:
        """Fail the requests of hosts that hang (a stopped process keeps its connections); runs until
        cancelled."""
        while True:
            await asyncio.sleep(1)
            late = time.monotonic() - _SUSPICIOUS_SECONDS
            suspects = {host for host, since in self._busy.values() if since < late}
            await asyncio.gather(*(self._check(host) for host in suspects))

    async def _check(self, host: str) -> None:
        try:
            await asyncio.wait_for(self._ping(host), _PING_SECONDS)
        except (NetworkError, asyncio.TimeoutError):
            self.drop(host)
            for stream, (busy_host, _) in list(self._busy.items()):
                if busy_host == host:
                    stream.abort()

    async def _ping(self, host: str) -> None:
        stream = await self._open(host)
        try:
            await stream.send(encode_command({"hello": 1, "$db": "admin"}))
            await stream.receive()
        except ConnectionError as error:
            raise NetworkError(str(error), sent=True) from error
        finally:
            stream.abort()
