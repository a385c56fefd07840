"""The shop's side of group commit: the ports it serves, on top of one way to submit a member."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Protocol, cast

import async_timeout

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.adapters.mongo.group.members import Answer, Cancellation, Checkout, Member, ProductEdit
from shardmart.adapters.mongo.orders import MongoOrders
from shardmart.adapters.mongo.products import MongoProducts
from shardmart.adapters.mongo.transactions import WRITE_SECONDS, Transactions
from shardmart.domain.edits import Edit
from shardmart.domain.errors import NotFound, ShardmartError, Unavailable
from shardmart.domain.ids import owned_id, seller_of
from shardmart.domain.listings import Product
from shardmart.domain.orders import Order
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Outcome, Purchase


class Submits(Protocol):
    """Takes members to a committer, wherever it is."""

    def submit(self, member: Member, *, deadline: float) -> Awaitable[Answer]: ...


@repository
class GroupCheckout:
    """Strategy `group`."""

    def __init__(self, committer: Submits) -> None:
        self._committer = committer

    async def place(self, purchase: Purchase, *, deadline: float) -> Outcome:
        return cast("Outcome", await answer(self._committer, Checkout(purchase), deadline))

    async def claim_and_place(self, claim: Claim, *, deadline: float) -> Outcome:
        return cast("Outcome", await answer(self._committer, Checkout(claim.purchase, claim), deadline))


@repository
class GroupOrders(MongoOrders):
    """A cancellation waits with the checkouts: on its own it would lose against batch after batch."""

    def __init__(self, mongo: Mongo, transactions: Transactions, committer: Submits) -> None:
        super().__init__(mongo, transactions)
        self._committer = committer

    async def cancel(self, *, seller_id: str, id: str, at: datetime) -> Order:
        order = await self.get(seller_id=seller_id, id=id)
        if order is None:
            raise NotFound
        products = tuple(line.product_id for line in order.product_list)
        return cast("Order", await answer(self._committer, Cancellation(owned_id(seller_id), id, products, at)))


@repository
class GroupProducts(MongoProducts):
    """Edits wait with the checkouts too."""

    def __init__(self, mongo: Mongo, transactions: Transactions, committer: Submits, **options: Any) -> None:
        super().__init__(mongo, transactions, **options)
        self._committer = committer

    async def _write(self, edit: Edit) -> Product:
        member = ProductEdit(owned_id(seller_of(edit.product_id)), edit)
        return cast("Product", await answer(self._committer, member))


async def answer(committer: Submits, member: Member, deadline: float | None = None) -> Answer:
    """The member's answer; an error that is the answer is raised. Raises Unavailable at the deadline."""
    until = deadline if deadline is not None else asyncio.get_running_loop().time() + WRITE_SECONDS
    try:
        async with async_timeout.timeout_at(until):
            given = await committer.submit(member, deadline=until)
    except asyncio.TimeoutError:
        raise Unavailable from None
    if isinstance(given, ShardmartError):
        raise given
    return given
