"""Buying: from a request to one final answer, however often and from however many workers it is asked for.

A claim says who may decide under an Idempotency-Key, an outcome says what was decided. The outcome is stored together
with the stock, by the strategy. The claim is stored with it where the strategy can do that in one transaction;
otherwise with majority before anything else, and a claim without an outcome whose owner is gone may be run again by
anyone: the outcome's unique id lets one of them win.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from shardmart.domain import clock
from shardmart.domain.accounts import Actor
from shardmart.domain.errors import (
    CheckoutInProgress,
    EmptyCart,
    IdempotencyKeyReused,
    KeyTaken,
    Unavailable,
    UnknownProduct,
)
from shardmart.domain.ids import is_owned_id
from shardmart.domain.ports import Claim
from shardmart.domain.purchase import Line, Outcome, Placed, Purchase, merge_lines, new_checkout_id
from shardmart.service.shop import Shop

ANSWER_MARGIN_SECONDS = 1.0  # between the strategy's deadline and the request's


@dataclass(slots=True, frozen=True)
class Answer:
    outcome: Outcome
    replayed: bool


async def buy(
    shop: Shop, actor: Actor, *, lines: Sequence[Line] | None, expected_total: Decimal | None, key: str | None
) -> Answer:
    """Decides a checkout of `lines`, or of the cart when None, all or nothing.

    Raises UnknownProduct, EmptyCart, InvalidInput, IdempotencyKeyReused, CheckoutInProgress, and Unavailable when
    the outcome is unknown: asked again with the same key, it is the same checkout.
    """
    deadline = asyncio.get_running_loop().time() + shop.rules.request_seconds - ANSWER_MARGIN_SECONDS
    if key is None:
        return await _run(shop, await _new_purchase(shop, actor, lines, expected_total, None), None, deadline)
    claim_id, fingerprint = f"{actor.id}|{key}", _fingerprint(lines, expected_total)
    try:
        purchase = await _new_purchase(shop, actor, lines, expected_total, claim_id)
    except (EmptyCart, UnknownProduct):
        claim = await shop.claims.get(claim_id)  # the cart is empty because it was bought with this very key
        if claim is None:
            raise
    else:
        mine = Claim(claim_id, fingerprint, purchase, _lease(shop))
        try:
            return await _run_claimed(shop, mine, deadline)  # most keys are new: a claim is read only when taken
        except KeyTaken:
            claim = await shop.claims.get(claim_id)
        if claim is None:
            raise Unavailable  # it expired this very moment, which only a key of 24 hours ago can
    if claim.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    return await _run_again(shop, claim, deadline)


async def _run_claimed(shop: Shop, claim: Claim, deadline: float) -> Answer:
    """The checkout under a new key. Raises KeyTaken when it is not new."""
    if shop.claiming is not None:
        outcome = await shop.claiming.claim_and_place(claim, deadline=deadline)
        await _clear_cart(shop, claim.purchase, outcome)
        return Answer(outcome, replayed=False)
    if not await shop.claims.take(claim):
        raise KeyTaken
    return await _run(shop, claim.purchase, claim, deadline)


async def _run_again(shop: Shop, claim: Claim, deadline: float) -> Answer:
    """The stored answer, or the checkout itself when whoever claimed it is gone."""
    outcome = await shop.outcomes.get(claim.purchase.checkout_id)
    if outcome is not None:
        await _clear_cart(shop, claim.purchase, outcome)
        return Answer(outcome, replayed=True)
    until = _lease(shop)
    if claim.running_until > clock.now() or not await shop.claims.take_over(claim, until=until):
        raise CheckoutInProgress
    return await _run(shop, claim.purchase, replace(claim, running_until=until), deadline)


async def _run(shop: Shop, purchase: Purchase, claim: Claim | None, deadline: float) -> Answer:
    try:
        outcome = await shop.checkout.place(purchase, deadline=deadline)
    except EmptyCart:  # nothing was decided: the key is as good as new, for whatever the cart holds then
        if claim is not None:
            await _soon(shop.claims.forget(claim))
        raise
    except Unavailable:  # unknown: whoever asks again with this key runs the same checkout
        if claim is not None:
            await _soon(shop.claims.release(claim))
        raise
    await _clear_cart(shop, purchase, outcome)
    return Answer(outcome, replayed=False)


async def _soon(freeing: Awaitable[None]) -> None:
    """Lets the next try with this key run at once; if even that fails, the claim's lease runs out by itself."""
    with contextlib.suppress(asyncio.TimeoutError, Unavailable):
        await asyncio.wait_for(freeing, ANSWER_MARGIN_SECONDS / 2)


async def _new_purchase(
    shop: Shop,
    actor: Actor,
    lines: Sequence[Line] | None,
    expected_total: Decimal | None,
    claim_id: str | None,
) -> Purchase:
    cart_version = None
    if lines is None:
        cart = await shop.carts.get(actor.id)
        lines, cart_version = cart.lines, cart.version
        if not lines:
            raise EmptyCart
    if not all(is_owned_id(line.product_id) for line in lines):
        raise UnknownProduct
    merged = merge_lines(lines)
    if not await shop.products.known([line.product_id for line in merged]):
        raise UnknownProduct
    return Purchase(
        checkout_id=new_checkout_id(merged),
        buyer_id=actor.id,
        lines=merged,
        expected_total=expected_total,
        claim_id=claim_id,
        cart_version=cart_version,
    )


async def _clear_cart(shop: Shop, purchase: Purchase, outcome: Outcome) -> None:
    """Before the answer, also of a replay, and only if the cart is still what was bought."""
    if isinstance(outcome, Placed) and purchase.cart_version is not None:
        await shop.carts.clear(purchase.buyer_id, version=purchase.cart_version)


def _lease(shop: Shop) -> datetime:
    return clock.now() + timedelta(seconds=shop.rules.recovery_seconds)


def _fingerprint(lines: Sequence[Line] | None, expected_total: Decimal | None) -> str:
    """Identifies a body by what it means: neither the order of its lines nor zeros after an amount matter."""
    wanted = (
        "cart" if lines is None else ";".join(f"{line.product_id}={line.quantity}" for line in merge_lines(lines))
    )
    total = "" if expected_total is None else f"{expected_total.normalize():f}"
    return hashlib.sha256(f"{wanted}|{total}".encode()).hexdigest()
