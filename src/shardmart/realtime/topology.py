"""What happens to the database's nodes, told to admins while any is connected to this worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from time import monotonic
from typing import Any

from shardmart.domain.errors import ShardmartError
from shardmart.realtime.forever import forever
from shardmart.realtime.frames import event_frame
from shardmart.realtime.relay import GRACE_SECONDS, Relay
from shardmart.realtime.ring import Kept, Ring
from shardmart.realtime.rooms import ADMINS, Rooms
from shardmart.service.shop import Shop

LOOK_SECONDS = 1.0
MOST_KEPT = 500  # news remembered for those who come back
DOWN = "DOWN"
News = dict[str, Any]


class TopologyWatch:
    """Looks at the topology as the lab shows it, which needs no primary, and tells what has changed since.

    It goes on for a while after the last admin left, so that one who comes back is told what happened meanwhile.
    """

    def __init__(self, shop: Shop, rooms: Rooms, relay: Relay) -> None:
        self._shop = shop
        self._rooms = rooms
        self._relay = relay
        self._numbers = count(1)
        self._before: Mapping[str, Any] | None = None
        self._wanted_at = 0.0  # when an admin was there last, by `monotonic`

    async def run(self) -> None:
        """Until cancelled."""
        await forever(self._look, LOOK_SECONDS, "the topology")

    async def _look(self) -> None:
        if self._rooms.within([ADMINS]):
            self._wanted_at = monotonic()
        elif self._before is None or monotonic() - self._wanted_at > GRACE_SECONDS:
            self._before = self._relay.nodes = None
            return
        try:
            now = await self._shop.topology.describe()
        except ShardmartError:
            return
        if self._relay.nodes is None:
            self._relay.nodes = Ring(most=MOST_KEPT)
            self._relay.nodes.restart(self._relay.position)
        for news in differences(self._before or now, now):
            self._tell(news, self._relay.nodes)
        self._before = now

    def _tell(self, news: News, kept: Ring) -> None:
        position = self._relay.position
        event_id = position.event_id(f"t{next(self._numbers)}")
        frame = event_frame("topology", {"event_id": event_id, **news})
        kept.add(Kept(position, frozenset([ADMINS]), frame))
        self._rooms.send("topology", frame, event_id, [ADMINS])


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
