"""Uploaded pictures: made small and harmless one at a time, and no endless queue before that."""

from __future__ import annotations

import asyncio
import threading

import pytest

from shardmart.adapters.pictures import normal_picture
from shardmart.adapters.threads import Threads
from shardmart.domain.errors import InvalidInput, Unavailable
from tests.support.pictures import bomb, opened, picture


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "1"])
def test_every_kind_of_pixel_becomes_a_small_webp(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    made = opened(normal_picture(picture(format, (1500, 750), mode=mode)))
    assert (made.format, made.size) == ("WEBP", (1200, 600))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(InvalidInput) as refused:
        normal_picture(bomb())
    assert "pixels" in refused.value.errors[0].message


async def test_who_would_wait_too_long_is_told_at_once() -> None:
    threads, free = Threads(longest_queue=2, busy="Too many.", most=1), threading.Event()
    waiting = [asyncio.create_task(threads.run(free.wait, 5)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="Too many"):
        await threads.run(free.wait, 5)
    free.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await threads.run(free.wait, 5) is True
