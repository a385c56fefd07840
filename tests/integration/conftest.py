"""One replica set for all integration tests, started once; the tests that break it mend it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.lab import DRIVERS, Cluster, Lab, opened, settings_for


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    data: Path = tmp_path_factory.mktemp("integration")
    starting = Cluster(data, "")
    uri = starting.run("up", "--topology", "replica").split()[-1]
    try:
        yield Cluster(data, uri)
    finally:
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
