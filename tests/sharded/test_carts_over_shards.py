"""A cart over sellers of both shards: all lines or none, one key one checkout."""

from __future__ import annotations

import pytest

from tests.sharded.shards import Shards
from tests.support.api import Api, connect, outcome, problem
from tests.support.ledger import clean, count, crowd, kept, lines, rush
from tests.support.parallel import at_once, checkout_until_answered
from tests.support.shop import Shop, new_key

pytestmark = pytest.mark.strategies("all")


def test_nothing_is_taken_on_one_shard_when_the_other_is_short(shop: Shop, shards: Shards) -> None:
    here, there = (shop.product(seller, stock=10) for seller in shards.pair())
    buyer = shop.buyer()
    for short, plenty in ((here, there), (there, here)):
        answer = problem(shop.try_to_buy(buyer, (plenty, 1), (short, 11), key=new_key()), 409, "insufficient_stock")
        assert [line["product_id"] for line in answer["items"]] == [short["id"]]
    assert (shop.stock_of(here), shop.stock_of(there)) == (10, 10)
    assert buyer.api.all("/api/orders/my-orders") == []
    clean(shop)


def test_many_carts_over_both_shards_are_bought_whole_or_not_at_all(shop: Shop, shards: Shards) -> None:
    here, there = shards.pair()
    plenty, few = shop.product(here, stock=1000), shop.product(there, stock=15)
    buyers = crowd(shop, 40)
    bodies = [lines((plenty, 1), (few, 1)), lines((few, 1), (plenty, 1))] * 20
    answers = rush(buyers, bodies)
    assert count(answers) == {"201": 15, "409 insufficient_stock": 25}
    assert (shop.stock_of(plenty), shop.stock_of(few)) == (985, 0)
    for buyer, answer in zip(buyers, answers, strict=True):
        kept(buyer, answer)
    clean(shop)


def test_one_key_with_two_bodies_on_different_shards_is_one_checkout_and_one_refusal(
    shop: Shop, shards: Shards
) -> None:
    here, there = (shop.product(seller, stock=100) for seller in shards.pair())
    bodies = [lines((here, 1)), lines((there, 1))]
    for turn in range(10):
        buyer, key = shop.buyer(), new_key()
        token = buyer.api.token

        def send(body: object, token: str | None = token, key: str = key) -> str:
            with connect(shop.url) as http:  # a connection of its own, so that both workers take part
                return outcome(checkout_until_answered(Api(http, token), body, key))

        told = at_once([lambda body=body: send(body) for body in bodies])
        assert sorted(told) == ["201", "422 idempotency_key_reused"], told
        assert [send(body) for body in bodies] == told, "the answers stay"
        assert len(buyer.api.all("/api/orders/my-orders")) == 1
        assert shop.stock_of(here) + shop.stock_of(there) == 200 - turn - 1
    clean(shop)
