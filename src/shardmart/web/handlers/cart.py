"""A buyer's cart."""

from __future__ import annotations

from shardmart.service import cart
from shardmart.web import replies, views
from shardmart.web.calls import Call
from shardmart.web.replies import Reply
from shardmart.web.schemas import CartQuantity


async def view(call: Call) -> Reply:
    return replies.ok(views.cart(await cart.view(call.shop, call.actor)))


async def put(call: Call, product_id: str) -> Reply:
    body: CartQuantity = call.body
    return replies.ok(views.cart(await cart.put(call.shop, call.actor, product_id, body.quantity)))


async def clear(call: Call) -> Reply:
    return replies.ok(views.cart(await cart.clear(call.shop, call.actor)))
