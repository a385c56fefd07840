"""Work of a worker that comes again and again, and that a fault in it must not end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger("shardmart.realtime")


async def forever(work: Callable[[], Awaitable[None]], every: float, what: str) -> None:
    """Runs `work` every so many seconds, until cancelled. A fault is logged when it begins, and not each time."""
    failing = False
    while True:
        await asyncio.sleep(every)
        try:
            await work()
            failing = False
        except Exception as error:
            if not failing:
                log.warning("a look at %s failed; it goes on", what, exc_info=error)
            failing = True
