"""The JavaScript client: the one of the front end, whose packages `make test` has installed."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.realtime.test_events import call, token_of
from tests.support.api import ok
from tests.support.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 20.0


async def test_the_javascript_client_hears_its_own_events_is_refused_and_ended(shop: Shop) -> None:
    seller, buyer = shop.seller(), shop.buyer()
    product, other = shop.product(seller, stock=10), shop.product(seller)
    clients = [
        {"auth": {"token": token_of(seller)}, "product_ids": [product["id"]]},
        {"auth": {}, "product_ids": [product["id"]]},
        {"auth": {}, "product_ids": [other["id"]]},
        {"auth": {"token": "x"}, "product_ids": [product["id"]]},
    ]
    node = await asyncio.create_subprocess_exec(
        *("node", "tests/realtime/client.mjs", json.dumps({"url": shop.url, "clients": clients})),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    heard: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    assert node.stdout is not None and node.stdin is not None

    async def hear(socket: int, event: str) -> Any:
        """The first of this event that the socket hears."""
        while not heard[socket][event]:
            line = await asyncio.wait_for(node.stdout.readline(), WITHIN)  # type: ignore[union-attr]
            assert line, f"the client ended before {event}; heard {json.dumps(heard)}"
            told = json.loads(line)
            heard[told["socket"]][told["event"]].append(told["payload"])
        return heard[socket][event][0]

    try:
        assert (await hear(3, "connect_error"))["data"]["code"] == "unauthenticated"
        for socket in range(3):
            assert await hear(socket, "subscribed") == {"ok": True, "subscriptions": 1}
        order = (await call(shop.buy, buyer, (product, 4)))["orders"][0]
        placed = await hear(0, "order_placed")
        assert {key: placed[key] for key in order} == order
        assert (await hear(0, "notification"))["kind"] == "order_placed"
        while (await hear(1, "stock_update"))["stock"] != 6:
            heard[1]["stock_update"].pop(0)  # what was true before the sale
        ok(await call(seller.api.post, "/api/auth/logout"), 204)
        assert (await hear(0, "closing"))["code"] == "unauthenticated"
        assert (await hear(0, "disconnect"))["reason"] == "io server disconnect"
        assert set(heard[1]) <= {"subscribed", "stock_update"}
        assert all(state["product_id"] == other["id"] for state in heard[2]["stock_update"])
    finally:
        node.stdin.close()
        await asyncio.wait_for(node.wait(), WITHIN)
