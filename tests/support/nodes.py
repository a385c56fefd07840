"""Looking at and mending the database nodes of a demo.

Tests break one set: the replica set, or the first shard. `seller_there` is a seller whose documents lie on it, so
that what is broken is what the test looks at.
"""

from __future__ import annotations

from typing import Any

from tests.support.api import ok
from tests.support.clock import wait_until
from tests.support.database import database
from tests.support.shop import Person, Shop

UP = ("PRIMARY", "SECONDARY")


def topology(shop: Shop) -> dict[str, Any]:
    answer: dict[str, Any] = ok(shop.admin().api.get("/api/lab/topology"))
    return answer


def members(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All members that hold documents, whatever the topology."""
    direct = list(answer.get("members") or ())
    return direct + [member for shard in answer.get("shards") or () for member in shard["members"]]


def sets(shop: Shop) -> list[dict[str, str]]:
    """The sets that hold documents, each with its members' states."""
    answer = topology(shop)
    found = [answer] if "members" in answer else answer["shards"]
    return [{member["node"]: member["state"] for member in one["members"]} for one in found]


def states(shop: Shop) -> dict[str, str]:
    """The members of the set that tests break."""
    return sets(shop)[0]


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
    for node in shop.demo.status()["nodes"]:
        if node["process"] == "paused":
            shop.demo.cluster("resume", node["node"])
        elif node["process"] != "running":
            shop.demo.cluster("start", node["node"])
    wait_until(lambda: whole(shop), "every node is up", within=within)
    wait_until(lambda: shop.anonymous.get("/readyz").status_code == 200, "the shop is ready", within=within)
    wait_until(lambda: len(shop.demo.worker_pids()) == shop.demo.workers, "every worker serves", within=within)


def whole(shop: Shop) -> bool:
    """Every node answers, and every set has a primary."""
    nodes = shop.demo.status()["nodes"]
    led = {node["set"] for node in nodes if node["state"] == "PRIMARY"}
    return all(node["state"] in (*UP, "ROUTER") for node in nodes) and led == {node["set"] for node in nodes} - {None}


# --- where a seller's documents lie ----------------------------------------------------------------


def shard_of(shop: Shop, seller_id: str, collection: str = "products") -> str:
    """The shard that a query for a seller goes to; the one set of a replica set."""
    with database(shop) as db:
        plan = (
            db[collection].find({"seller_id": seller_id, "_id": seller_id}).explain()["queryPlanner"]["winningPlan"]
        )
    return str(plan["shards"][0]["shardName"]) if "shards" in plan else "rs0"


def seller_on(shop: Shop, shard: str) -> Person:
    """A new seller whose documents lie there."""
    found = (seller for seller in (shop.seller() for _ in range(40)) if shard_of(shop, seller.id) == shard)
    return next(found)


def seller_there(shop: Shop) -> Person:
    """A new seller on the set that tests break."""
    return seller_on(shop, next(iter(states(shop))).rpartition("-")[0])
