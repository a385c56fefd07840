"""A line to a node that loses what is asked of it: commits on the way there, or their answers on the way back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress


class Proxy:
    """`cut`: "reply" or "request" for the next `times` commits. `on_reply`: done before a reply is lost."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.cut, self.times = "", 0
        self.on_reply: Callable[[], Awaitable[None]] | None = None
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self.target)
        except OSError:  # nobody is there
            writer.close()
            return
        doomed = asyncio.Event()

        async def forth() -> None:
            while message := await _message(reader):
                if self.times and b"\x10commitTransaction\x00" in message:
                    self.times -= 1
                    if self.cut == "request":
                        return
                    doomed.set()
                back.write(message)

        async def home() -> None:
            while message := await _message(there):
                if doomed.is_set():
                    if self.on_reply is not None:
                        await self.on_reply()
                    return
                writer.write(message)

        tasks = [asyncio.create_task(forth()), asyncio.create_task(home())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            back.close()
            writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """The next whole message, nothing at the end."""
    with suppress(asyncio.IncompleteReadError, OSError):
        head = await reader.readexactly(4)
        return head + await reader.readexactly(int.from_bytes(head, "little") - 4)
    return b""


@asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
