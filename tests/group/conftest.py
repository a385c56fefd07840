"""A replica set of real mongods for the suite, and a database of its own for every test."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.group.scene import Scene
from tests.integration.lab import Cluster


@pytest.fixture(scope="session")
def nodes() -> Iterator[Cluster]:
    """Three nodes that live as long as the suite."""
    home = Path(tempfile.mkdtemp(prefix="smg-"))
    cluster = Cluster(home / "data", "")
    try:
        cluster.run("up", "--topology", "replica")
        yield Cluster(cluster.data, str(json.loads(cluster.run("status", "--json"))["uri"]))
    finally:
        cluster.run("down")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def scene(nodes: Cluster) -> AsyncIterator[Scene]:
    made = await Scene.make(nodes.uri)
    try:
        yield made
    finally:
        await made.close()
