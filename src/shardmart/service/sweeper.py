"""Work that nobody waits for: finishing deletions and checkouts that a crash or a race left half done."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta

from shardmart.domain import clock
from shardmart.domain.errors import Unavailable
from shardmart.service import photos
from shardmart.service.administration import sweep_deleted_users
from shardmart.service.shop import Shop

PAUSE_SECONDS, PHOTO_PAUSE_SECONDS = 3.0, 300.0
RECOVERY_PAUSE_SECONDS = 1.0
BROKE_OFF = "a sweep broke off"  # what it met must not end it: the next one comes
log = logging.getLogger("shardmart.sweeper")


async def sweep_forever(shop: Shop) -> None:
    """Runs until cancelled, in every worker; sweeping twice is harmless."""
    while True:
        await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))
        try:
            removed = await sweep_deleted_users(shop)
        except Unavailable:
            continue
        except Exception:
            log.exception(BROKE_OFF)
            continue
        if removed:
            log.info("products of deleted sellers removed", extra={"products": removed})


async def recover_forever(shop: Shop) -> None:
    """Runs until cancelled, in every worker. Looks at what is half as old as it may become, to have time to act."""
    old = timedelta(seconds=shop.rules.recovery_seconds / 2)
    while True:
        await asyncio.sleep(RECOVERY_PAUSE_SECONDS * random.uniform(0.5, 1.5))
        try:
            recovered = await shop.recovery.sweep(before=clock.now() - old)
        except Unavailable:
            continue
        except Exception:
            log.exception(BROKE_OFF)
            continue
        if recovered:
            log.warning("checkouts that were left half done are settled", extra={"checkouts": recovered})


async def sweep_photos_forever(shop: Shop) -> None:
    """Runs until cancelled, in every worker, now and then: it looks at every photo."""
    while True:
        await asyncio.sleep(PHOTO_PAUSE_SECONDS * random.uniform(0.5, 1.5))
        try:
            await photos.sweep(shop)
        except Unavailable:
            continue
        except Exception:
            log.exception(BROKE_OFF)
