"""Claims, outcomes, leases and replays, without a database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.domain import clock
from shardmart.domain.accounts import Actor, Role
from shardmart.domain.errors import (
    CheckoutInProgress,
    EmptyCart,
    IdempotencyKeyReused,
    InvalidInput,
    Unavailable,
    UnknownProduct,
)
from shardmart.domain.purchase import Line, Placed, Rejected
from shardmart.service.checkout import Answer, buy
from tests.unit.builders import BUYER, PRODUCTS, a_shelf
from tests.unit.in_memory import shop_for_buying

BEA = Actor(BUYER, Role.BUYER, "s")
LAMP, VASE = PRODUCTS[0], PRODUCTS[2]


@pytest.fixture
def shop() -> Any:
    return shop_for_buying(a_shelf(LAMP, stock=10), a_shelf(VASE, stock=5))


async def order(shop: Any, quantity: int = 2, *, key: str | None = "key", total: Decimal | None = None) -> Answer:
    return await buy(shop, BEA, lines=[Line(LAMP, quantity)], expected_total=total, key=key)


def let_lease_run_out(shop: Any) -> None:
    for id, claim in shop.claims.claims.items():
        shop.claims.claims[id] = replace(claim, running_until=clock.now() - timedelta(milliseconds=1))


async def test_the_same_key_gets_the_first_answer_again(shop: Any) -> None:
    first, second = await order(shop), await order(shop)
    assert isinstance(first.outcome, Placed)
    assert (first.replayed, second.replayed) == (False, True)
    assert second.outcome == first.outcome
    assert shop.products.on[LAMP].stock == 8


async def test_without_a_key_every_request_is_a_checkout_of_its_own(shop: Any) -> None:
    await order(shop, key=None)
    assert not (await order(shop, key=None)).replayed
    assert shop.products.on[LAMP].stock == 6
    assert shop.claims.claims == {}


async def test_a_rejection_is_an_answer_and_stays_one(shop: Any) -> None:
    first = await order(shop, 11)
    shop.products.on[LAMP] = a_shelf(LAMP, stock=99)
    second = await order(shop, 11)
    assert isinstance(first.outcome, Rejected)
    assert (second.outcome, second.replayed) == (first.outcome, True)


@pytest.mark.parametrize("change", [{"quantity": 3}, {"total": Decimal("19.80")}])
async def test_another_body_under_the_same_key_is_refused(shop: Any, change: dict[str, Any]) -> None:
    await order(shop)
    with pytest.raises(IdempotencyKeyReused):
        await order(shop, **change)


async def test_keys_belong_to_one_buyer(shop: Any) -> None:
    await order(shop)
    other = await buy(shop, Actor("f" * 24, Role.BUYER, "s"), lines=[Line(LAMP, 3)], expected_total=None, key="key")
    assert not other.replayed


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([Line(PRODUCTS[1], 1)], UnknownProduct),
        ([Line("nonsense", 1)], UnknownProduct),
        ([Line(LAMP, 1), Line(PRODUCTS[1], 1)], UnknownProduct),
        ([Line(LAMP, 600), Line(LAMP, 600)], InvalidInput),
        (None, EmptyCart),
    ],
)
async def test_a_request_that_makes_no_sense_leaves_the_key_free(
    shop: Any, lines: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await buy(shop, BEA, lines=lines, expected_total=None, key="key")
    assert shop.claims.claims == {}
    assert not (await order(shop)).replayed


@pytest.mark.parametrize("fate", ["not done", "answer lost"])
async def test_after_an_unknown_outcome_the_same_key_gets_an_answer_at_once(shop: Any, fate: str) -> None:
    shop.checkout.fates = [fate]
    with pytest.raises(Unavailable):
        await order(shop)
    answer = await order(shop)
    assert isinstance(answer.outcome, Placed)
    assert answer.replayed is (fate == "answer lost")
    assert shop.products.on[LAMP].stock == 8


async def test_while_the_first_runs_the_second_is_told_so(shop: Any) -> None:
    results = await asyncio.gather(*(order(shop) for _ in range(16)), return_exceptions=True)
    fresh = [result for result in results if isinstance(result, Answer) and not result.replayed]
    assert len(fresh) == 1
    assert all(isinstance(result, Answer | CheckoutInProgress) for result in results)
    assert shop.checkout.decided == 1


async def test_who_died_before_deciding_is_replaced_when_the_lease_is_over(shop: Any) -> None:
    shop.checkout.fates = ["not done"]
    real, shop.claims.release = shop.claims.release, lambda claim: asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await order(shop)
    shop.claims.release = real
    with pytest.raises(CheckoutInProgress):
        await order(shop)
    let_lease_run_out(shop)
    answers = await asyncio.gather(*(order(shop) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, Answer) and not answer.replayed for answer in answers) == 1
    assert shop.products.on[LAMP].stock == 8


async def test_a_release_that_fails_does_not_hide_why(shop: Any) -> None:
    async def away(claim: Any) -> None:
        raise Unavailable("the release")

    shop.checkout.fates, shop.claims.release = ["not done"], away
    with pytest.raises(Unavailable, match="cannot answer"):
        await order(shop)


async def test_the_cart_is_emptied_before_the_answer_and_by_a_replay(shop: Any) -> None:
    shop.carts.fill(BUYER, Line(LAMP, 2), Line(VASE, 1))
    shop.checkout.fates = ["answer lost"]
    with pytest.raises(Unavailable):
        await buy(shop, BEA, lines=None, expected_total=None, key="cart")
    assert (await shop.carts.get(BUYER)).lines
    answer = await buy(shop, BEA, lines=None, expected_total=None, key="cart")
    assert (answer.replayed, (await shop.carts.get(BUYER)).lines) == (True, ())


async def test_a_cart_that_changed_meanwhile_and_a_rejected_one_stay(shop: Any) -> None:
    shop.carts.fill(BUYER, Line(LAMP, 2))
    shop.checkout.fates = ["answer lost"]
    with pytest.raises(Unavailable):
        await buy(shop, BEA, lines=None, expected_total=None, key="cart")
    shop.carts.fill(BUYER, Line(VASE, 1))
    await buy(shop, BEA, lines=None, expected_total=None, key="cart")
    assert (await shop.carts.get(BUYER)).lines == (Line(VASE, 1),)
    shop.carts.fill(BUYER, Line(VASE, 99))
    rejected = await buy(shop, BEA, lines=None, expected_total=None, key="another")
    assert isinstance(rejected.outcome, Rejected)
    assert (await shop.carts.get(BUYER)).lines == (Line(VASE, 99),)


steps = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(1, 4),
        st.sampled_from([None, None, "not done", "answer lost", "worker killed", "lease"]),
    ),
    min_size=1,
    max_size=25,
)


@given(steps, st.integers(1, 12))
def test_whatever_fails_a_key_is_one_checkout_and_no_unit_is_sold_twice(
    story: list[tuple[str, int, str | None]], stock: int
) -> None:
    """Requests under three keys; tries fail before or after the decision, workers die, leases run out."""

    async def play() -> None:
        shop = shop_for_buying(a_shelf(LAMP, stock=stock))
        bodies: dict[str, int] = {}
        answers: dict[str, Any] = {}
        for key, quantity, fate in story:
            if fate == "lease":
                let_lease_run_out(shop)
                continue
            shop.checkout.fates = [fate]
            try:
                answer = await order(shop, quantity, key=key)
            except IdempotencyKeyReused:
                assert bodies[key] != quantity
                continue
            except (Unavailable, CheckoutInProgress, KeyboardInterrupt):
                assert bodies.setdefault(key, quantity) == quantity
                assert key not in answers, "an answer is never followed by «unknown»"
                continue
            assert bodies.setdefault(key, quantity) == quantity
            assert answers.setdefault(key, answer.outcome) == answer.outcome
        let_lease_run_out(shop)
        shop.checkout.fates = []
        for key, quantity in bodies.items():
            answer = await order(shop, quantity, key=key)
            assert answers.setdefault(key, answer.outcome) == answer.outcome
        sold = sum(bodies[key] for key, outcome in answers.items() if isinstance(outcome, Placed))
        assert shop.products.on[LAMP].stock == stock - sold >= 0
        assert shop.checkout.decided == len(bodies)

    asyncio.run(play())


async def test_a_key_whose_cart_was_bought_by_another_is_free_for_the_next_cart(shop: Any) -> None:
    shop.carts.fill(BUYER, Line(LAMP, 1))
    shop.checkout.fates = ["cart bought elsewhere"]
    with pytest.raises(EmptyCart):
        await buy(shop, BEA, lines=None, expected_total=None, key="key")
    assert shop.claims.claims == {}
    shop.carts.fill(BUYER, Line(VASE, 1))
    answer = await buy(shop, BEA, lines=None, expected_total=None, key="key")
    assert isinstance(answer.outcome, Placed) and not answer.replayed
    assert (shop.products.on[LAMP].stock, shop.products.on[VASE].stock) == (10, 4)


async def test_a_claim_that_was_taken_over_is_forgotten_too_when_its_cart_is_gone(shop: Any) -> None:
    shop.carts.fill(BUYER, Line(LAMP, 1))
    shop.checkout.fates = ["worker killed", "cart bought elsewhere"]
    shop.checkout.outcomes = _Lost()
    with pytest.raises(KeyboardInterrupt):
        await buy(shop, BEA, lines=None, expected_total=None, key="key")
    let_lease_run_out(shop)
    with pytest.raises(EmptyCart):
        await buy(shop, BEA, lines=None, expected_total=None, key="key")
    assert shop.claims.claims == {}


class _Lost(dict[str, Any]):
    """Of a worker that was killed before it decided: nothing is found."""

    def get(self, *_: Any) -> None:
        return None
