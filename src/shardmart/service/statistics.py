"""Figures for sellers and admins, over whole UTC days."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from shardmart.domain import clock
from shardmart.domain.accounts import Actor
from shardmart.domain.money import CENT
from shardmart.domain.reports import Dashboard, SellerStatistics
from shardmart.service.shop import Shop

TOP, LOW_STOCK = 10, 20


async def of_seller(shop: Shop, actor: Actor, *, days: int) -> SellerStatistics:
    since = _first_day(days)
    by_day = await shop.statistics.by_day(seller_id=actor.id, since=since)
    revenue, orders = sum((day.revenue for day in by_day), Decimal(0)), sum(day.orders for day in by_day)
    return SellerStatistics(
        revenue=revenue,
        orders=orders,
        units=await shop.statistics.units(seller_id=actor.id, since=since),
        average_order=(revenue / orders).quantize(CENT) if orders else Decimal(0),
        by_day=by_day,
        top_products=await shop.statistics.top_products(seller_id=actor.id, since=since, limit=TOP),
        low_stock=await shop.products.low_stock(actor.id, limit=LOW_STOCK),
    )


async def dashboard(shop: Shop, *, days: int) -> Dashboard:
    """`by_day` and the tops cover the days asked for, the totals everything."""
    since = _first_day(days)
    return Dashboard(
        users=await shop.accounts.count_by_role(),
        products=await shop.products.count(),
        orders=await shop.statistics.orders_by_status(),
        revenue=await shop.statistics.revenue(),
        by_day=await shop.statistics.by_day(seller_id=None, since=since),
        top_products=await shop.statistics.top_products(seller_id=None, since=since, limit=TOP),
        top_sellers=await shop.statistics.top_sellers(since=since, limit=TOP),
    )


def _first_day(days: int) -> datetime:
    """Midnight UTC of the first of `days` days that end today."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)
