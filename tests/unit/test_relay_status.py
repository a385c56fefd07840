"""Whether a worker's relay hears: what `/readyz` waits for."""

from __future__ import annotations

import asyncio

import pytest

from shardmart.domain.errors import Unavailable
from shardmart.service.relay_status import RelayStatus


async def test_a_relay_that_begins_a_moment_later_is_waited_for() -> None:
    status = RelayStatus()
    status.is_expected = True
    asking = asyncio.create_task(status.require(within=10))
    await asyncio.sleep(0)
    assert not asking.done()
    status.begin()
    await asking


async def test_a_relay_that_does_not_begin_is_told() -> None:
    status = RelayStatus()
    status.is_expected = True
    with pytest.raises(Unavailable):
        await status.require(within=0.01)


async def test_a_shop_without_sockets_has_no_relay_to_wait_for() -> None:
    await RelayStatus().require(within=0.01)
