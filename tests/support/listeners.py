"""Socket.IO clients as thin as they can be, for when there are hundreds: they subscribe and note what they hear."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

OPENED_WITHIN = 60.0


class Listener:
    """`heard`: what it was told, in order; `closed`: the server closed it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.subscribed = asyncio.Event()
        self.closed = False

    def of(self, event: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.heard if name == event]

    async def listen(self, http: aiohttp.ClientSession, url: str, product_id: str) -> None:
        async with http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", max_msg_size=0) as line:
            await line.send_str("40")
            async for message in line:
                text: str = message.data
                if text.startswith("40"):
                    await line.send_str("420" + json.dumps(["subscribe", {"product_ids": [product_id]}]))
                elif text.startswith("430"):
                    self.subscribed.set()
                elif text == "2":
                    await line.send_str("3")
                elif text.startswith("42"):
                    name, payload = json.loads(text[2:])
                    self.heard.append((name, payload))
        self.closed = True


@asynccontextmanager
async def listening(url: str, number: int, product_id: str) -> AsyncIterator[list[Listener]]:
    """That many, all of them subscribed."""
    listeners = [Listener() for _ in range(number)]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        tasks = [asyncio.create_task(listener.listen(http, url, product_id)) for listener in listeners]
        try:
            every = asyncio.gather(*(listener.subscribed.wait() for listener in listeners))
            await asyncio.wait_for(every, OPENED_WITHIN)
            yield listeners
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
