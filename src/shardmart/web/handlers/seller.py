"""A seller's figures."""

from __future__ import annotations

from shardmart.service import statistics
from shardmart.web import replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply


async def stats(call: Call) -> Reply:
    found = await statistics.of_seller(call.shop, call.actor, days=call.query["days"])
    return replies.ok(views.seller_statistics(found))
