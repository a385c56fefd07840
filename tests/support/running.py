"""`with running(setup, SHARDMART_…="…") as shop:` for a demo of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.demo import Demo
from tests.support.matrix import Setup
from tests.support.shop import Shop


@contextmanager
def running(setup: Setup, *, nodes: int | None = None, **settings: str) -> Iterator[Shop]:
    settings = {"SHARDMART_CHECKOUT": setup.checkout, **settings}
    demo = Demo(topology=setup.topology, driver=setup.driver, nodes=nodes, **settings).start()
    shop = Shop(demo)
    try:
        yield shop
    finally:
        shop.close()
        code = demo.stop()
    assert code == 0, f"the demo ended with {code}"
    assert not demo.outlived, f"processes that outlived the demo: {demo.outlived}"
