from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from shardmart.adapters.mongo.merge import Groups

KEYS = st.text("abc", min_size=1, max_size=3)


async def stream(items: list[str]) -> AsyncIterator[str]:
    for item in items:
        yield item


@given(st.lists(KEYS), st.sets(KEYS))
def test_every_item_is_taken_once_with_its_group(items: list[str], asked: set[str]) -> None:
    items = sorted(items)

    async def walk() -> dict[str, list[str]]:
        groups, taken = Groups(stream(items), str), {}
        for key in sorted(asked):
            while (ahead := await groups.next_key()) is not None and ahead < key:
                taken[ahead] = await groups.take(ahead)
            taken[key] = await groups.take(key)
        while (ahead := await groups.next_key()) is not None:
            taken[ahead] = await groups.take(ahead)
        return taken

    taken = asyncio.run(walk())
    grouped = {key: list(group) for key, group in groupby(items)}
    assert taken == {key: [] for key in asked} | grouped


async def test_an_empty_stream_has_no_groups() -> None:
    groups = Groups(stream([]), str)
    assert await groups.next_key() is None
    assert await groups.take("a") == []
    assert await groups.next_key() is None
