"""The cluster that the router's tests share, and a fresh sharded collection for each."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pymongo.collection import Collection
from router_lab import Client, Lab

from cluster.router.bootstrap import shard_collection

KEY = {"seller_id": "hashed", "_id": 1}
DATABASE = "shop"
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Our one marker."""
    config.addinivalue_line("markers", "dev_router: about the development router only, not about mongos")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings are errors; what is not about a real mongos is left out when there is one."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error"))
            if os.environ.get("SHARDMART_MONGOS") and item.get_closest_marker("dev_router"):
                item.add_marker(pytest.mark.skip(reason="about the development router"))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Config set, two shards of one member each, engine, two routers."""
    cluster = Lab()
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def client(lab: Lab) -> Iterator[Client]:
    """PyMongo on the router."""
    with lab.client() as connected:
        connected.admin.command("balancerStop")
        yield connected


@pytest.fixture
def products(client: Client) -> Collection[dict[str, Any]]:
    """An empty collection, sharded on the hashed seller over both shards."""
    name = f"products{next(_numbers)}"
    shard_collection(client, f"{DATABASE}.{name}", KEY)
    return client[DATABASE][name]


@pytest.fixture
def sellers(products: Collection[dict[str, Any]]) -> dict[str, list[str]]:
    """Some sellers by the shard they live on."""
    found: dict[str, list[str]] = {"shardA": [], "shardB": []}
    for number in range(24):
        seller = f"seller{number}"
        plan = products.find({"seller_id": seller}).explain()["queryPlanner"]["winningPlan"]
        found[plan["shards"][0]["shardName"]].append(seller)
    assert all(len(names) >= 4 for names in found.values())
    return found


@pytest.fixture
def pair(sellers: dict[str, list[str]]) -> tuple[str, str]:
    """One seller on each shard."""
    return sellers["shardA"][0], sellers["shardB"][0]
