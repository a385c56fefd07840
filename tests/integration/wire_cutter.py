"""A TCP proxy between driver and mongod that cuts the line when a chosen command was answered, or asked for.

The reply is read from the server and thrown away, so the command did happen and the client cannot know it.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import bson


@dataclass
class Cutter:
    """`cut`: how many replies (or, with `before`, requests) of `command` are still to be lost."""

    port: int = 0
    command: str = "commitTransaction"
    cut: int = 0
    before: bool = False
    lost: int = 0
    commands: list[str] = field(default_factory=list)

    def lose(self, command: str, times: int = 1, *, before: bool = False) -> None:
        self.command, self.cut, self.before, self.lost = command, times, before, 0
        self.commands.clear()

    def strikes(self, command: str, *, before: bool) -> bool:
        if command != self.command or before != self.before or self.lost >= self.cut:
            return False
        self.lost += 1
        return True


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack("<i", head)[0] - 4)


def _command(message: bytes) -> str:
    """The name of an OP_MSG command; sections of kind 1 come after the body in what the driver sends."""
    if struct.unpack("<i", message[12:16])[0] != 2013 or message[20] != 0:
        return ""
    size = struct.unpack("<i", message[21:25])[0]
    return next(iter(bson.decode(message[21 : 21 + size])))


@asynccontextmanager
async def cutter(host: str) -> AsyncIterator[Cutter]:
    """A proxy on a port of its own in front of `host`."""
    cutting = Cutter()
    name, _, port = host.partition(":")
    lines: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ends = lines[task] = [writer]
        try:
            server_reader, server_writer = await asyncio.open_connection(name, int(port))
            ends.append(server_writer)
            while True:
                request = await _message(reader)
                command = _command(request)
                cutting.commands.append(command)
                if cutting.strikes(command, before=True):
                    return
                server_writer.write(request)
                reply = await _message(server_reader)
                while struct.unpack("<i", reply[16:20])[0] & 2:  # moreToCome: a stream of hellos
                    writer.write(reply)
                    reply = await _message(server_reader)
                if cutting.strikes(command, before=False):
                    return
                writer.write(reply)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in ends:
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()
            del lines[task]

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    cutting.port = server.sockets[0].getsockname()[1]
    try:
        yield cutting
    finally:
        server.close()
        serving = set(lines)
        for end in [end for ends in lines.values() for end in ends]:
            end.transport.abort()
        if serving:
            await asyncio.wait(serving, timeout=5)
