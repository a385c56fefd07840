"""What the database does, made visible; and the means to hurt it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shardmart.domain.errors import NotFound
from shardmart.domain.reports import AuditReport, Explanation, Member, QueryShape
from shardmart.service.shop import Shop

NODE_ACTIONS = ("kill", "start", "pause", "resume", "stepdown")


async def topology(shop: Shop) -> Mapping[str, Any]:
    return await shop.topology.describe()


def shapes(shop: Shop) -> list[QueryShape]:
    return shop.topology.shapes()


async def explain(shop: Shop, name: str) -> Explanation:
    return await shop.topology.explain(name)


async def control_node(shop: Shop, node: str, action: str) -> Member:
    """Does it and shows the member as it is right after. Raises NotManaged, NotFound, SenselessNodeAction."""
    if action not in NODE_ACTIONS:
        raise NotFound
    await shop.nodes.act(node, action)
    found = (member for member in members(await shop.topology.describe()) if member.node == node)
    return next(found, Member(node, "", "UNKNOWN", None))


async def audit(shop: Shop) -> AuditReport:
    return await shop.auditor.run()


def members(topology: Mapping[str, Any]) -> list[Member]:
    """All members of a topology answer, whatever its kind."""
    sets = [topology, topology.get("config") or {}, *topology.get("shards", ())]
    found = [member for one in sets for member in one.get("members", ())]
    return [*found, *topology.get("routers", ())]
