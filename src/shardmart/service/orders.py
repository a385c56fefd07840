"""Orders after the checkout: history, completion, cancellation."""

from __future__ import annotations

from shardmart.domain import clock
from shardmart.domain.accounts import Actor
from shardmart.domain.errors import NotFound
from shardmart.domain.ids import is_owned_id, seller_of
from shardmart.domain.orders import Order, OrderFilter, Status, check_transition, may_see
from shardmart.domain.paging import Page, Position
from shardmart.service.shop import Shop


async def view(shop: Shop, actor: Actor, id: str) -> Order:
    """An order, for its buyer, its seller and admins. Raises NotFound for everybody else."""
    order = await shop.orders.get(seller_id=seller_of(id), id=id) if is_owned_id(id) else None
    if order is None or not may_see(order, actor):
        raise NotFound
    return order


async def history(shop: Shop, which: OrderFilter, *, after: Position | None, limit: int) -> Page[Order]:
    """The orders of the buyer or seller named in `which`, or all of them."""
    return await shop.orders.page(which, after=after, limit=limit)


async def set_status(shop: Shop, actor: Actor, id: str, status: Status) -> Order:
    """Completes or cancels. Raises NotFound, InvalidTransition. Of racing calls one succeeds."""
    order = await view(shop, actor, id)
    check_transition(order, status, actor)
    change = shop.orders.cancel if status is Status.CANCELLED else shop.orders.complete
    return await change(seller_id=order.seller_id, id=order.id, at=clock.now())
