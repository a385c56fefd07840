"""Many buyers, few units: what is sold was there, and nothing is sold twice (issue, «How it must hold»)."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable

import httpx
import pytest

from tests.support.api import Api, connect, ok, outcome
from tests.support.ledger import clean, count, crowd, lines, rush, sold
from tests.support.parallel import at_once
from tests.support.shop import Person, Shop, new_key

pytestmark = pytest.mark.strategies("all")
CROWD = 200
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 23))]


@pytest.fixture(scope="session")
def buyers(shop: Shop) -> list[Person]:
    return crowd(shop, CROWD)


def sellers_keep(sellers: Iterable[Person], answers: Iterable[httpx.Response]) -> None:
    """The sellers' orders are those that were acknowledged, as they were told, and no other."""
    told = {
        order["id"]: order for answer in answers if answer.status_code == 201 for order in answer.json()["orders"]
    }
    orders = [order for seller in sellers for order in seller.api.all("/api/orders/seller-orders", limit=100)]
    assert len(orders) == len(told)
    assert {order["id"]: order for order in orders} == told


def test_two_buyers_cannot_take_the_last_unit(shop: Shop) -> None:
    for _ in range(10):
        product = shop.product(shop.seller(), stock=1)
        answers = rush([shop.buyer(), shop.buyer()], [lines((product, 1))] * 2)
        assert count(answers) == {"201": 1, "409 insufficient_stock": 1}
        assert shop.stock_of(product) == 0
    clean(shop)


def test_fifty_units_are_sold_to_fifty_of_two_hundred_buyers(shop: Shop, buyers: list[Person]) -> None:
    seller = shop.seller()
    product = shop.product(seller, stock=50)
    answers = rush(buyers, [lines((product, 1))] * CROWD, within=150)
    assert count(answers) == {"201": 50, "409 insufficient_stock": CROWD - 50}
    assert shop.stock_of(product) == 0
    assert len(shop.logs_of(product, seller)) == 51
    sellers_keep([seller], answers)
    clean(shop)
    done = shop.demo.shardmart("audit", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["consistent"] is True


@pytest.mark.parametrize("seed", SEEDS)
def test_two_hundred_carts_over_five_sellers_keep_stock_plus_sold_constant(
    shop: Shop, buyers: list[Person], seed: int
) -> None:
    """Every cart takes products of three sellers, a third of them one that all want; some find one of them short."""
    chance = random.Random(seed)
    sellers = [shop.seller() for _ in range(5)]
    products = [shop.product(seller, stock=25) for seller in sellers for _ in range(4)]
    bodies = []
    for _ in range(CROWD):
        picked = [chance.choice(products[4 * place : 4 * place + 4]) for place in chance.sample(range(5), 3)]
        if chance.random() < 1 / 3:
            picked = [products[0], *(product for product in picked if product["seller_id"] != sellers[0].id)]
        bodies.append(lines(*((product, chance.randint(1, 2)) for product in picked)))
    answers = rush(buyers, bodies, within=150)
    assert set(count(answers)) == {"201", "409 insufficient_stock"}, count(answers)
    units = sold(answers)
    for product in products:
        assert shop.stock_of(product) == 25 - units[product["id"]]
    sellers_keep(sellers, answers)
    for body, answer in zip(bodies, answers, strict=True):
        if answer.status_code == 201:
            wanted = Counter({line["product_id"]: line["quantity"] for line in body["items"]})
            assert sold([answer]) == wanted, "a cart was bought in part"
            assert len(answer.json()["orders"]) == len(body["items"])
        else:
            assert answer.json()["items"], "nobody is told what is short"
    clean(shop)


def test_all_lines_or_none_when_one_is_short(shop: Shop) -> None:
    plenty, short = shop.product(shop.seller(), stock=1000), shop.product(shop.seller(), stock=5)
    answers = rush(crowd(shop, 30), [lines((plenty, 2), (short, 1))] * 30)
    assert count(answers) == {"201": 5, "409 insufficient_stock": 25}
    assert (shop.stock_of(plenty), shop.stock_of(short)) == (990, 0)
    clean(shop)


def test_carts_that_meet_in_opposite_order_do_not_block_each_other(shop: Shop) -> None:
    one, two = shop.product(shop.seller(), stock=100), shop.product(shop.seller(), stock=100)
    bodies = list(itertools.islice(itertools.cycle([lines((one, 1), (two, 1)), lines((two, 1), (one, 1))]), 30))
    assert count(rush(crowd(shop, 30), bodies)) == {"201": 30}
    assert (shop.stock_of(one), shop.stock_of(two)) == (70, 70)


def test_one_key_sent_sixteen_times_at_once_is_one_checkout(shop: Shop, seller: Person, buyer: Person) -> None:
    product, key = shop.product(seller, stock=100), new_key()
    body = lines((product, 3))

    def send() -> tuple[str, bytes]:
        with connect(shop.url) as http:  # each over a connection of its own, so that both workers take part
            answer = Api(http, buyer.api.token).post("/api/orders/", json=body, headers={"Idempotency-Key": key})
        return outcome(answer), answer.content

    outcomes = at_once([send] * 16)
    assert {told for told, _ in outcomes} <= {"201", "409 checkout_in_progress"}
    assert len({content for told, content in outcomes if told == "201"}) == 1
    assert shop.stock_of(product) == 97
    (order,) = buyer.api.all("/api/orders/my-orders")
    assert ok(buyer.api.post("/api/orders/", json=body, headers={"Idempotency-Key": key}), 201)["orders"] == [order]
    clean(shop)


def test_one_buyer_with_many_keys_buys_as_often_as_asked(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=10)
    answers = rush([buyer] * 16, [lines((product, 1))] * 16)
    assert count(answers) == {"201": 10, "409 insufficient_stock": 6}
    assert len(buyer.api.all("/api/orders/my-orders", limit=100)) == 10


def test_one_cart_bought_from_two_tabs_is_bought_once(shop: Shop, seller: Person, buyer: Person) -> None:
    product = shop.product(seller, stock=100)
    ok(buyer.api.put(f"/api/cart/items/{product['id']}", json={"quantity": 2}))
    answers = rush([buyer] * 6, [{}] * 6)
    assert count(answers) == {"201": 1, "422 empty_cart": 5}
    assert shop.stock_of(product) == 98
    assert ok(buyer.api.get("/api/cart/")) == {"items": [], "total_amount": 0}
