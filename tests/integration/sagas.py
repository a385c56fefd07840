"""Shops whose strategy is `reservation`, and what a checkout leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from shardmart.domain import clock
from shardmart.domain.listings import Product
from shardmart.domain.purchase import Purchase
from tests.integration.lab import Lab, line, opened
from tests.unit.builders import BUYER, SELLERS, a_purchase


@asynccontextmanager
async def saga_lab(lab: Lab) -> AsyncIterator[Lab]:
    await lab.empty()
    async with opened(replace(lab.settings, checkout="reservation"), fresh=False) as opened_lab:
        yield opened_lab


async def sweep(lab: Lab) -> int:
    """What the sweeper does once everything there is is old enough."""
    swept: int = await lab.shop.recovery.sweep(before=clock.now() + timedelta(seconds=1))
    return swept


async def nothing_is_left(lab: Lab) -> None:
    assert await lab.db["outcomes"].count_documents({"unsettled_since": {"$exists": True}}) == 0
    assert await lab.db["products"].count_documents({"reservations.0": {"$exists": True}}) == 0
    assert await lab.db["carts"].count_documents({"buying": {"$exists": True}}) == 0
    assert await lab.clean()


async def last_units(lab: Lab, *, vases: int = 3) -> tuple[Product, Product, Purchase]:
    """A purchase of a cart with two lines, one of them the last units."""
    lamp, vase = await lab.offer(stock=5), await lab.offer(stock=vases, seller_id=SELLERS[1])
    for wanted in (line(lamp, 2), line(vase, 3)):
        await lab.carts.put(BUYER, wanted, max_lines=50)
    version = (await lab.carts.get(BUYER)).version
    return lamp, vase, a_purchase(line(lamp, 2), line(vase, 3), cart_version=version, claim_id=f"{BUYER}|k")
