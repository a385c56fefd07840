"""What happens to the database's nodes, told to admins while any is connected to this worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from shardmart.domain.errors import ShardmartError
from shardmart.realtime.relay import Relay
from shardmart.realtime.rooms import ADMINS, Rooms
from shardmart.service.shop import Shop

LOOK_SECONDS = 1.0
DOWN = "DOWN"
log = logging.getLogger("shardmart.topology")
News = dict[str, Any]


class TopologyWatch:
    """Looks at the topology as the lab shows it, which needs no primary, and tells what has changed since."""

    def __init__(self, shop: Shop, rooms: Rooms, relay: Relay) -> None:
        self._shop = shop
        self._rooms = rooms
        self._relay = relay
        self._numbers = count(1)

    async def run(self) -> None:
        """Until cancelled."""
        before: Mapping[str, Any] | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._rooms.within([ADMINS]):
                before = None
                continue
            with contextlib.suppress(ShardmartError):
                now = await self._shop.topology.describe()
                for news in differences(before or now, now):
                    event_id = self._relay.position.event_id(f"t{next(self._numbers)}")
                    self._rooms.emit("topology", {"event_id": event_id, **news}, [ADMINS])
                before = now


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[News]:
    """`{change, node, set, …}` of each; `change` is primary_changed, member_down, member_up or chunk_moved."""
    were, are = dict(_members(before)), dict(_members(now))
    for (name, node), state in are.items():
        was = were.get((name, node), state)
        where = {"set": name, "node": node, "state": state}
        if was != DOWN and state == DOWN:
            yield {"change": "member_down", **where}
        elif was == DOWN and state != DOWN:
            yield {"change": "member_up", **where}
        if was != "PRIMARY" and state == "PRIMARY":
            yield {"change": "primary_changed", **where}
    homes = dict(_chunks(before))
    for chunk, shard in _chunks(now):
        if homes.get(chunk, shard) != shard:
            collection, lower = chunk
            yield {"change": "chunk_moved", "collection": collection, "min": lower, "from": homes[chunk], "to": shard}


def _members(topology: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """((set, node), state) of every member."""
    sets: dict[str, Any] = {topology.get("set") or "": topology.get("members") or []}
    sets |= {shard["name"]: shard["members"] for shard in topology.get("shards") or []}
    sets |= {"config": (topology.get("config") or {}).get("members") or []}
    for name, members in sets.items():
        for member in members:
            yield (name, member.node), member.state


def _chunks(topology: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """((collection, lower bound), shard) of every chunk."""
    for name, collection in (topology.get("collections") or {}).items():
        for chunk in collection["chunks"]:
            yield (name, str(chunk["min"])), chunk["shard"]
