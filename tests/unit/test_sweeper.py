"""Sweeps go on for ever: what one of them meets does not end the next ones."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shardmart.domain.errors import Unavailable
from shardmart.service import sweeper


@pytest.mark.parametrize("error", [Unavailable(), ValueError("a document that nobody can read")])
async def test_a_sweep_that_breaks_off_is_followed_by_the_next(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, times = asyncio.Event(), 0

    async def sweep(**_: Any) -> int:
        nonlocal times
        times += 1
        if times == 1:
            raise error
        again.set()
        return 0

    monkeypatch.setattr(sweeper, "RECOVERY_PAUSE_SECONDS", 0.001)
    shop: Any = SimpleNamespace(recovery=SimpleNamespace(sweep=sweep), rules=SimpleNamespace(recovery_seconds=10))
    work = asyncio.create_task(sweeper.recover_forever(shop))
    await asyncio.wait_for(again.wait(), 10)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
