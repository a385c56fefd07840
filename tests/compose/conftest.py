"""Two app nodes behind one address, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.demo import DEFAULT, Demo
from tests.support.shop import Shop


@pytest.fixture(scope="session")
def two_apps() -> Iterator[Shop]:
    """One database node, two app nodes of one worker each, nginx before them; limits on, a committer in each."""
    settings = {"SHARDMART_CHECKOUT": "group", "SHARDMART_LIMITS": DEFAULT}
    demo = Demo(topology="replica", driver="motor", workers=1, nodes=1, apps=2, **settings).start()
    shop = Shop(demo)
    try:
        yield shop
    finally:
        shop.close()
        code = demo.stop()
    assert code == 0, f"the demo ended with {code}"
    assert not demo.outlived, f"processes that outlived the demo: {demo.outlived}"
