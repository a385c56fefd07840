"""Products out and in as CSV."""

from __future__ import annotations

import asyncio

from shardmart.service import catalogue, importing
from shardmart.web import csv_files, replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply

_SAVE = {"content-disposition": 'attachment; filename="products.csv"'}


async def export(call: Call) -> Reply:
    products = await catalogue.export(call.shop, call.actor)
    data = await asyncio.to_thread(csv_files.write, products)
    return Reply(data, headers=dict(_SAVE), content_type="text/csv; charset=utf-8")


async def import_(call: Call) -> Reply:
    new, changed, errors = await asyncio.to_thread(csv_files.read, call.request.body)
    return replies.ok(views.imported(await importing.apply(call.shop, call.actor, new, changed, errors)))
