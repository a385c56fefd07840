"""Checkouts and orders."""

from __future__ import annotations

import re

from shardmart.domain.errors import FieldError, InvalidInput, ShardmartError
from shardmart.domain.orders import Status
from shardmart.domain.purchase import Rejected
from shardmart.service import checkout, orders
from shardmart.web import errors, filters, replies, views
from shardmart.web.calls import Call
from shardmart.web.metrics import CHECKOUTS
from shardmart.web.replies import Reply
from shardmart.web.schemas import OrderStatus, Purchase

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


async def buy(call: Call) -> Reply:
    body: Purchase = call.body
    try:
        answer = await checkout.buy(
            call.shop,
            call.actor,
            lines=body.lines(),
            expected_total=body.expected_total,
            key=_idempotency_key(call),
        )
    except ShardmartError as error:
        CHECKOUTS.labels(error.code).inc()
        raise
    return _told(answer)


async def my_orders(call: Call) -> Reply:
    which = filters.orders(call.query, buyer_id=call.actor.id)
    found = await orders.history(call.shop, which, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.order))


async def seller_orders(call: Call) -> Reply:
    which = filters.orders(call.query, seller_id=call.actor.id)
    found = await orders.history(call.shop, which, after=call.after, limit=call.limit)
    return replies.ok(views.page(call, found, views.order))


async def view(call: Call, id: str) -> Reply:
    return replies.ok(views.order(await orders.view(call.shop, call.actor, id)))


async def set_status(call: Call, id: str) -> Reply:
    body: OrderStatus = call.body
    return replies.ok(views.order(await orders.set_status(call.shop, call.actor, id, Status(body.status))))


def _told(answer: checkout.Answer) -> Reply:
    """The outcome as it is told the first time and every time again: the same bytes."""
    outcome = answer.outcome
    if isinstance(outcome, Rejected):
        reply, counted = errors.problem(outcome.as_error()), outcome.code
    else:
        reply, counted = replies.created(views.placed(outcome)), "placed"
    if answer.replayed:
        reply.headers["idempotent-replayed"] = "true"
    CHECKOUTS.labels("replayed" if answer.replayed else counted).inc()
    return reply


def _idempotency_key(call: Call) -> str | None:
    given = call.request.headers.getall("idempotency-key", None)
    if given is None:
        return None
    key = str(given[0]).strip()
    if len(given) != 1 or _KEY.fullmatch(key) is None:
        raise InvalidInput([FieldError("Idempotency-Key", "must have 1 to 255 printable ASCII characters")])
    return key
