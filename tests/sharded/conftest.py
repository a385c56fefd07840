"""The shop where only a sharded cluster shows: `shop` is shared and whole, `fragile` has one member per shard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sharded.shards import Shards
from tests.support.matrix import Setup
from tests.support.nodes import heal
from tests.support.running import running
from tests.support.shop import Shop


@pytest.fixture
def shards(shop: Shop) -> Iterator[Shards]:
    with Shards(shop) as found:
        yield found


@pytest.fixture(scope="module")
def single(setup: Setup) -> Iterator[Shop]:
    with running(setup, nodes=1) as started:
        yield started


@pytest.fixture
def fragile(single: Shop) -> Iterator[Shop]:
    """A shard is its only member here; whole before and after each test."""
    single.admin(fresh=True)
    yield single
    heal(single)
