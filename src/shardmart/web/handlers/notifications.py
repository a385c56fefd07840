"""What the caller was told of."""

from __future__ import annotations

from shardmart.service import notices
from shardmart.web import replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply
from shardmart.web.schemas import NotificationsRead


async def mine(call: Call) -> Reply:
    found = await notices.of_user(call.shop, call.actor, after=call.after, limit=call.limit)
    return replies.ok({**views.page(call, found.page, views.notice), "unread": found.unread})


async def mark_read(call: Call) -> Reply:
    body: NotificationsRead = call.body
    await notices.mark_read(call.shop, call.actor, body.chosen())
    return replies.no_content()
