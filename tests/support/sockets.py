"""Socket.IO clients of a running shop: what each has heard, in order, and waiting for more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import socketio

WITHIN = 20.0


class Socket:
    """`heard`: (event, payload) in order; `ended` is set when the server closed it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.ended = asyncio.Event()
        self._news = asyncio.Event()
        self._http: aiohttp.ClientSession | None = None
        self.client: socketio.AsyncClient

    async def open(self, token: str | None = None, *, last_event_id: str | None = None, **headers: str) -> Socket:
        """Raises socketio's ConnectionError when it is refused."""
        self._http = aiohttp.ClientSession()
        self.client = socketio.AsyncClient(reconnection=False, http_session=self._http)
        self.client.on("*", self._hear)
        self.client.on("disconnect", lambda reason: self.ended.set())
        self.client.on("connect_error", lambda data: self.heard.append(("connect_error", data)))
        auth = {"token": token, "last_event_id": last_event_id}
        given = {name: value for name, value in auth.items() if value is not None}
        self.ended.clear()
        try:
            await self.client.connect(
                self.url, auth=given or None, transports=["websocket"], headers=headers, wait_timeout=10
            )
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        await self.client.shutdown()
        if (line := self.client.eio.ws) is not None:  # not closed when the server cut it off first
            await line.close()
        if self._http is not None:
            await self._http.close()

    async def subscribe(self, *product_ids: str, catalog: bool = False) -> dict[str, Any]:
        wish: dict[str, Any] = {"catalog": True} if catalog else {"product_ids": list(product_ids)}
        return await self.ask("subscribe", wish)

    async def ask(self, event: str, data: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.client.call(event, data, timeout=10)
        return answer

    def of(self, event: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.heard if name == event]

    @property
    def last_event_id(self) -> str:
        return str(self.heard[-1][1]["event_id"])

    async def until(self, heard: Callable[[Socket], bool], what: str, *, within: float = WITHIN) -> None:
        """Waits until what was heard satisfies `heard`."""
        end = asyncio.get_running_loop().time() + within
        while not heard(self):
            self._news.clear()
            left = end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._news.wait(), max(0, left))
            except asyncio.TimeoutError:
                raise AssertionError(f"not within {within} s: {what}; heard {self.heard[-10:]}") from None

    async def get(self, event: str, count: int = 1, *, within: float = WITHIN) -> list[dict[str, Any]]:
        await self.until(lambda s: len(s.of(event)) >= count, f"{count} of {event}", within=within)
        return self.of(event)

    def _hear(self, event: str, payload: dict[str, Any]) -> None:
        self.heard.append((event, payload))
        self._news.set()


@asynccontextmanager
async def opened(url: str, *tokens: str | None, **headers: str) -> AsyncIterator[list[Socket]]:
    """A socket for every token, closed at the end."""
    sockets = [Socket(url) for _ in tokens]
    try:
        await asyncio.gather(*(s.open(t, **headers) for s, t in zip(sockets, tokens, strict=True)))
        yield sockets
    finally:
        await asyncio.gather(*(s.close() for s in sockets if hasattr(s, "client")))
