"""Looking at and mending the database nodes of a demo."""

from __future__ import annotations

from typing import Any

from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.shop import Shop

UP = ("PRIMARY", "SECONDARY")


def topology(shop: Shop) -> dict[str, Any]:
    answer: dict[str, Any] = ok(shop.admin().api.get("/api/lab/topology"))
    return answer


def members(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All members, whatever the topology."""
    direct = list(answer.get("members") or ())
    return direct + [member for shard in answer.get("shards") or () for member in shard["members"]]


def states(shop: Shop) -> dict[str, str]:
    return {member["node"]: member["state"] for member in members(topology(shop))}


def primary(shop: Shop) -> str:
    def find() -> str | None:
        return next((node for node, state in states(shop).items() if state == "PRIMARY"), None)

    return str(wait_until(find, "a primary is there", within=20))


def secondaries(shop: Shop) -> list[str]:
    return [node for node, state in states(shop).items() if state == "SECONDARY"]


def lab(shop: Shop, node: str, action: str) -> dict[str, Any]:
    """Node control through the shop, as the lab page does it."""
    member: dict[str, Any] = ok(shop.admin().api.post(f"/api/lab/nodes/{node}/{action}"), 202)
    return member


def heal(shop: Shop, within: float = 60) -> None:
    """Starts and resumes whatever is down, and waits until the shop serves again."""
    for node, state in states(shop).items():
        if state not in UP:
            shop.demo.cluster("resume", node)
            shop.demo.cluster("start", node)
    wait_until(lambda: all(state in UP for state in states(shop).values()), "every node is up", within=within)
    wait_until(lambda: shop.anonymous.get("/readyz").status_code == 200, "the shop is ready", within=within)
