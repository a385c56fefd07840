"""A replica set of real mongods for the suite, and a database of its own for every test."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.group.scene import Scene
from tests.support.demo import ROOT, clean_environment


@pytest.fixture(scope="session")
def nodes() -> Iterator[str]:
    """The connection string of three nodes that live as long as the suite."""
    home = Path(tempfile.mkdtemp(prefix="smg-"))

    def cluster(*arguments: str) -> str:
        command = [sys.executable, "-m", "cluster", *arguments, "--data-dir", str(home / "data")]
        done = subprocess.run(
            command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    try:
        cluster("up", "--topology", "replica")
        yield str(json.loads(cluster("status", "--json"))["uri"])
    finally:
        cluster("down")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def scene(nodes: str) -> AsyncIterator[Scene]:
    made = await Scene.make(nodes)
    try:
        yield made
    finally:
        await made.close()
