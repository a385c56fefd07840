"""What admins see and do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from shardmart.domain.accounts import Role
from shardmart.service import administration, app_nodes, catalogue, lab, orders, statistics
from shardmart.web import filters, metrics, replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply


async def users(call: Call) -> Reply:
    role = Role(call.query["role"]) if call.query["role"] else None
    found = await administration.users(call.shop, text=call.query["q"], role=role, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.user))


async def products(call: Call) -> Reply:
    found = await administration.products(call.shop, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.product))


async def all_orders(call: Call) -> Reply:
    which = filters.orders(call.query)
    found = await orders.history(call.shop, which, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.order))


async def delete_user(call: Call, id: str) -> Reply:
    await administration.delete_user(call.shop, call.actor, id)
    return replies.no_content()


async def disable(call: Call, id: str) -> Reply:
    return replies.ok(views.product(await catalogue.set_active(call.shop, id, active=False)))


async def enable(call: Call, id: str) -> Reply:
    return replies.ok(views.product(await catalogue.set_active(call.shop, id, active=True)))


async def dashboard(call: Call) -> Reply:
    return replies.ok(views.dashboard(await statistics.dashboard(call.shop, days=call.query["days"])))


async def health(call: Call) -> Reply:
    """The database as the lab sees it, and what serves the shop. The relay's lag is this worker's."""
    topology, nodes = await asyncio.gather(lab.topology(call.shop), app_nodes.serving(call.shop))
    apps = [asdict(node) for node in nodes]
    watch = call.shop.committer
    committer = {**watch.state(), **metrics.committer_figures()} if watch is not None else None
    return replies.ok({**topology, "apps": apps, "committer": committer, "relay_lag_ms": call.shop.relay.lag_ms})
