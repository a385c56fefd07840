"""The same with the real shop, whose workers are spawned by Sanic."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable

import psutil

from tests.cluster.supervised import Place, until


def workers_ready(place: Place) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{place.port}/readyz", timeout=5) as response:
            return int(json.loads(response.read())["workers"])
    except OSError:
        return 0


def shop_processes(place: Place) -> list[psutil.Process]:
    (serve,) = place.processes("shardmart serve")
    return [serve, *serve.children(recursive=True)]


def test_a_real_shop_is_served_restarted_stopped_and_never_left_behind(new_place: Callable[..., Place]) -> None:
    place = new_place(SHARDMART_BCRYPT_ROUNDS="4")
    del place.environment["SHARDMART_CLUSTER_APP"]
    supervisor = place.start("--nodes", "1")
    assert workers_ready(place) == 2

    before = shop_processes(place)
    assert len(before) >= 3
    before[0].kill()
    _, alive = psutil.wait_procs(before, timeout=5)
    assert not alive
    until(lambda: workers_ready(place) == 2, "the shop is back", within=60)

    supervisor.kill()
    assert place.nothing_left()

    place.start()
    started = time.monotonic()
    assert place.stop() == 0
    assert time.monotonic() - started < 25
    assert place.nothing_left(0)
    assert "killing it" not in place.errors()
