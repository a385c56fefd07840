"""One replica set for all integration tests, started once; the tests that break it mend it."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.lab import DRIVERS, Cluster, Lab, opened, settings_for


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """`SHARDMART_TEST_CLUSTER` names the data directory of one that runs already, which saves a start."""
    there = os.environ.get("SHARDMART_TEST_CLUSTER")
    data = Path(there) if there else tmp_path_factory.mktemp("integration")
    starting = Cluster(data, "")
    try:
        if not there:
            starting.run("up", "--topology", "replica")
        yield Cluster(data, json.loads(starting.run("status", "--json"))["uri"])
    finally:
        if not there:
            starting.run("down")


@pytest.fixture(scope="session")
async def labs(cluster: Cluster) -> AsyncIterator[dict[str, Lab]]:
    async with (
        opened(settings_for(cluster.uri, "test_motor", "motor")) as motor,
        opened(settings_for(cluster.uri, "test_pymongo", "pymongo")) as pymongo,
    ):
        yield {"motor": motor, "pymongo": pymongo}


@pytest.fixture(params=DRIVERS)
async def lab(request: pytest.FixtureRequest, labs: dict[str, Lab]) -> Lab:
    """A shop on an empty database, once with each driver."""
    await labs[request.param].empty()
    return labs[request.param]


@pytest.fixture
async def one_lab(labs: dict[str, Lab]) -> Lab:
    """A shop on an empty database, for what does not depend on the driver."""
    await labs["pymongo"].empty()
    return labs["pymongo"]
