"""Which app nodes serve the shop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random

from shardmart.domain.errors import Unavailable
from shardmart.domain.reports import AppNode
from shardmart.service.accounts import LAB_LOOKUP_SECONDS
from shardmart.service.shop import Shop

BEAT_SECONDS = 3.0
log = logging.getLogger("shardmart.apps")


async def beat_forever(shop: Shop) -> None:
    """Says that this node lives, from every worker, until cancelled."""
    while True:
        try:
            with contextlib.suppress(Unavailable):
                await shop.app_nodes.beat()
        except Exception:
            log.exception("a heartbeat failed")
        await asyncio.sleep(BEAT_SECONDS * random.uniform(0.5, 1.0))


async def serving(shop: Shop) -> list[AppNode]:
    """Those that said lately that they live, this one always; it alone while the database does not tell."""
    try:
        return await asyncio.wait_for(shop.app_nodes.alive(), LAB_LOOKUP_SECONDS)
    except (asyncio.TimeoutError, Unavailable):
        return [shop.app_nodes.me]
