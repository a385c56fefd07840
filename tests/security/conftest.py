"""A shop whose tokens are forged, and whose password hashes take long enough to be timed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.matrix import Setup
from tests.support.running import running
from tests.support.shop import Shop


@pytest.fixture(scope="session")
def keyed_shop(setup: Setup) -> Iterator[Shop]:
    with running(setup, SHARDMART_BCRYPT_ROUNDS="10") as shop:
        yield shop
