"""For whoever runs the shop."""

from __future__ import annotations

from typing import Any

from shardmart.domain.errors import Unavailable
from shardmart.web import metrics, replies
from shardmart.web.calls import Call
from shardmart.web.replies import Reply
from shardmart.web.server import serving_workers


async def healthz(call: Call) -> Reply:
    return replies.ok({"status": "ok"})


async def readyz(call: Call) -> Reply:
    """200 when every worker serves, the relay of this one has begun and the database can be used."""
    workers = _require_all_workers(call.request.app, call.settings.workers)
    call.shop.relay.require()
    await call.shop.probe.ready()
    return replies.ok({"status": "ready", "workers": workers})


async def figures(call: Call) -> Reply:
    return Reply(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def _require_all_workers(app: Any, expected: int) -> int:
    if not hasattr(app, "multiplexer"):
        return 1  # a single process, in tests
    serving = serving_workers(app.m.workers)
    if serving < expected:
        raise Unavailable("Some workers are still starting.")
    return serving
