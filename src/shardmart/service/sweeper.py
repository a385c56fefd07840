"""Work that nobody waits for: finishing deletions that a crash or a race left half done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random

from shardmart.domain.errors import Unavailable
from shardmart.service import photos
from shardmart.service.administration import sweep_deleted_users
from shardmart.service.shop import Shop

PAUSE_SECONDS, PHOTO_PAUSE_SECONDS = 3.0, 300.0
log = logging.getLogger("shardmart.sweeper")


async def sweep_forever(shop: Shop) -> None:
    """Runs until cancelled, in every worker; sweeping twice is harmless."""
    while True:
        await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))
        try:
            removed = await sweep_deleted_users(shop)
        except Unavailable:
            continue
        if removed:
            log.info("products of deleted sellers removed", extra={"products": removed})


async def sweep_photos_forever(shop: Shop) -> None:
    """Runs until cancelled, in every worker, now and then: it looks at every photo."""
    while True:
        await asyncio.sleep(PHOTO_PAUSE_SECONDS * random.uniform(0.5, 1.5))
        with contextlib.suppress(Unavailable):
            await photos.sweep(shop)
