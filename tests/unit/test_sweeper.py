"""Sweeps go on for ever: what one of them meets does not end the next ones."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shardmart.domain.errors import Unavailable
from shardmart.domain.reports import AppNode
from shardmart.service import app_nodes, sweeper

ERRORS = [Unavailable(), ValueError("a document that nobody can read")]


@pytest.mark.parametrize("error", ERRORS)
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


@pytest.mark.parametrize("error", ERRORS)
async def test_a_node_goes_on_saying_that_it_lives(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    again, times = asyncio.Event(), 0

    async def beat() -> None:
        nonlocal times
        times += 1
        if times == 1:
            raise error
        again.set()

    monkeypatch.setattr(app_nodes, "BEAT_SECONDS", 0.001)
    shop: Any = SimpleNamespace(app_nodes=SimpleNamespace(beat=beat))
    work = asyncio.create_task(app_nodes.beat_forever(shop))
    await asyncio.wait_for(again.wait(), 10)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


@pytest.mark.parametrize("answer", ["refused", "late"])
async def test_a_node_that_cannot_ask_for_the_others_tells_of_itself(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def alive() -> list[AppNode]:
        if answer == "refused":
            raise Unavailable
        await asyncio.sleep(30)
        return []

    monkeypatch.setattr(app_nodes, "LAB_LOOKUP_SECONDS", 0.01)
    me = AppNode("127.0.0.1:8000", 2, "1")
    shop: Any = SimpleNamespace(app_nodes=SimpleNamespace(alive=alive, me=me))
    assert await app_nodes.serving(shop) == [me]
