"""A replica set of real mongods for the suite, and a database of its own for every test."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group.committer import Committer
from tests.group.proxy import Proxy, proxied
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


@pytest.fixture
async def line(scene: Scene) -> AsyncIterator[Proxy]:
    """The scene's committer behind a line that can be cut."""
    hello = await scene.mongo.client.admin.command("hello")
    host, _, port = hello["primary"].partition(":")
    async with proxied(host, int(port)) as proxy:
        uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        mongo = Mongo(uri, database=scene.mongo.db.name, driver="motor")
        committer = Committer(mongo)
        scene.use(committer)
        yield proxy
        proxy.times = 0
        await committer.close()
        await mongo.close()
