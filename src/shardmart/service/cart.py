"""A buyer's cart, shown against the shelves as they are now."""

from __future__ import annotations

from decimal import Decimal

from shardmart.domain.accounts import Actor
from shardmart.domain.cart import CartItem, CartView
from shardmart.domain.errors import NotFound
from shardmart.domain.ids import is_owned_id
from shardmart.domain.orders import MAX_LINES
from shardmart.domain.purchase import Line
from shardmart.service.shop import Shop


async def view(shop: Shop, actor: Actor) -> CartView:
    """Lines whose product has left the shop stay, with 0 available, so that the buyer sees what happened."""
    cart = await shop.carts.get(actor.id)
    shelves = await shop.products.shelves([line.product_id for line in cart.lines])
    items = tuple(
        CartItem(
            product_id=line.product_id,
            name=shelf.name,
            price=shelf.price,
            quantity=line.quantity,
            available=shelf.stock if shelf.for_sale else 0,
        )
        for line in cart.lines
        if (shelf := shelves.get(line.product_id))
    )
    return CartView(items, sum((item.price * item.quantity for item in items), Decimal(0)))


async def put(shop: Shop, actor: Actor, product_id: str, quantity: int) -> CartView:
    """Sets a line, 0 removes it. Raises NotFound for what is not for sale, InvalidInput past 50 lines."""
    if not is_owned_id(product_id):
        raise NotFound
    if quantity:
        shelf = (await shop.products.shelves([product_id])).get(product_id)
        if shelf is None or not shelf.for_sale:
            raise NotFound
    await shop.carts.put(actor.id, Line(product_id, quantity), max_lines=MAX_LINES)
    return await view(shop, actor)


async def clear(shop: Shop, actor: Actor) -> CartView:
    await shop.carts.clear(actor.id)
    return await view(shop, actor)
