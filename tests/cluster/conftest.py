"""A cluster that most tests share, and places for those that start or break their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import supervised
from tests.cluster.supervised import Place, until


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Three nodes in the background, without a shop."""
    with supervised.up(tmp_path_factory.mktemp("up")) as place:
        yield place


@pytest.fixture
def shared(up: Place) -> Iterator[Place]:
    """The shared cluster, whole before and after the test."""
    yield up
    for node in up.status()["nodes"]:
        if node["process"] != "running":
            up.ask("POST", f"/nodes/{node['node']}/{'resume' if node['process'] == 'paused' else 'start'}")
    until(up.whole, "the cluster is whole again")


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Makes a place of one's own, with settings; it must be left empty by the test."""
    places: list[Place] = []

    def make(name: str = "place", **settings: str) -> Place:
        (tmp_path / name).mkdir()
        places.append(Place(tmp_path / name, **settings))
        return places[-1]

    yield make
    left = [process for place in places for process in place.processes()]
    for place in places:
        place.clean_up()
    assert not left, left


@pytest.fixture
def place(new_place: Callable[..., Place]) -> Place:
    return new_place()
