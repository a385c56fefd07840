"""Two changes of one thing at the same moment: one wins, the books stay right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from tests.support.api import ok, outcome, problem
from tests.support.clock import wait_until
from tests.support.ledger import clean, count, crowd, kept, lines, sold
from tests.support.parallel import at_once, checkout_until_answered
from tests.support.shop import PASSWORD, Person, Shop, new_email, new_key

pytestmark = pytest.mark.strategies("all")
Call = Callable[[], httpx.Response]


def status(person: Person, order: dict[str, Any], word: str) -> Call:
    return lambda: person.api.put(f"/api/orders/{order['id']}/status", json={"status": word})


def checkout(buyer: Person, product: dict[str, Any], quantity: int = 1) -> Call:
    key = new_key()
    return lambda: checkout_until_answered(buyer.api, lines((product, quantity)), key)


def test_an_order_cancelled_from_all_sides_at_once_puts_the_stock_back_once(shop: Shop) -> None:
    for _ in range(5):
        seller, buyer, admin = shop.seller(), shop.buyer(), shop.admin()
        product = shop.product(seller, stock=10)
        order = shop.buy(buyer, (product, 4))["orders"][0]
        answers = at_once([status(person, order, "cancelled") for person in (buyer, seller, admin)] * 3)
        assert count(answers) == {"200": 1, "409 invalid_transition": 8}
        assert shop.stock_of(product) == 10
        assert [log["change_type"] for log in shop.logs_of(product, seller)] == [
            "restock",
            "purchase",
            "cancellation",
        ]
    clean(shop)


def test_an_order_is_either_completed_or_cancelled(shop: Shop) -> None:
    for _ in range(8):
        seller, buyer = shop.seller(), shop.buyer()
        product = shop.product(seller, stock=10)
        order = shop.buy(buyer, (product, 4))["orders"][0]
        calls = [status(seller, order, "completed"), status(buyer, order, "cancelled")] * 2
        answers = at_once(calls)
        assert count(answers) == {"200": 1, "409 invalid_transition": 3}
        (won,) = (ok(answer)["status"] for answer in answers if answer.status_code == 200)
        assert ok(buyer.api.get(f"/api/orders/{order['id']}"))["status"] == won
        assert shop.stock_of(product) == (10 if won == "cancelled" else 6)
    clean(shop)


def test_a_stock_counted_while_it_is_sold_loses_no_unit(shop: Shop) -> None:
    seller = shop.seller()
    product = shop.product(seller, stock=30)
    path = f"/api/products/{product['id']}"
    counting: list[Call] = [partial(seller.api.put, path, json={"stock": 100})] * 4
    adding: list[Call] = [partial(seller.api.post, f"{path}/stock", json={"delta": 5})] * 4
    answers = at_once([*(checkout(buyer, product, 2) for buyer in crowd(shop, 20)), *counting, *adding])
    told = count(answers)
    assert set(told) <= {"200", "201", "409 insufficient_stock"} and told["200"] == 8, told
    logs = shop.logs_of(product, seller)
    assert (
        sum(log["old_stock"] - log["new_stock"] for log in logs if log["change_type"] == "purchase")
        == (sold(answers)[product["id"]])
    )
    assert logs[-1]["new_stock"] == shop.stock_of(product)
    assert sum(log["new_stock"] == 100 for log in logs) >= 1
    clean(shop)


def test_a_price_changed_while_it_is_sold_is_one_price_or_the_other(shop: Shop) -> None:
    seller = shop.seller()
    product = shop.product(seller, stock=100, price=1)
    path = f"/api/products/{product['id']}"
    prices: list[Call] = [partial(seller.api.put, path, json={"price": price}) for price in (2, 3)]
    answers = at_once([*(checkout(buyer, product, 2) for buyer in crowd(shop, 12)), *prices])
    bought = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(bought) == 12
    for body in bought:
        price = body["orders"][0]["product_list"][0]["price"]
        assert price in (1, 2, 3) and body["total_amount"] == body["orders"][0]["total_amount"] == 2 * price


def test_a_product_deleted_while_it_is_sold_sells_no_more_and_forgets_no_order(shop: Shop) -> None:
    for _ in range(3):
        seller, buyers = shop.seller(), crowd(shop, 15)
        product = shop.product(seller, stock=100)
        delete: Call = partial(seller.api.delete, f"/api/products/{product['id']}")
        *bought, deleted = at_once([*(checkout(buyer, product) for buyer in buyers), delete])
        assert deleted.status_code == 204, deleted.text
        assert set(count(bought)) <= {"201", "409 product_unavailable", "422 unknown_product"}, count(bought)
        for buyer, answer in zip(buyers, bought, strict=True):
            kept(buyer, answer)
        problem(shop.anonymous.get(f"/api/products/{product['id']}"), 404)
        refused = checkout(shop.buyer(), product)()
        assert outcome(refused) in ("409 product_unavailable", "422 unknown_product")
    clean(shop)


@pytest.mark.strategies(None)
def test_a_seller_deleted_while_creating_products_leaves_none_behind(shop: Shop) -> None:
    admin = shop.admin()
    for _ in range(3):
        seller = shop.seller()
        body = {"name": "Late", "price": 1, "stock": 1, "category": "Tests"}
        create: Call = partial(seller.api.post, "/api/products/", json=body)
        delete: Call = partial(admin.api.delete, f"/api/admin/users/{seller.id}")
        *created, deleted = at_once([*[create] * 15, delete])
        assert deleted.status_code == 204, deleted.text
        assert {answer.status_code for answer in created} <= {201, 401, 403}, {answer.text for answer in created}
        listed = partial(shop.anonymous.all, "/api/products/", seller_id=seller.id)
        wait_until(lambda listed=listed: listed() == [], "the deleted seller sells nothing", within=20)
        for answer in created:
            if answer.status_code == 201:
                problem(shop.anonymous.get(f"/api/products/{answer.json()['id']}"), 404)
        refused = create()
        assert refused.status_code in (401, 403), refused.text
    clean(shop)


@pytest.mark.parametrize("who", ["seller", "buyer"])
def test_a_user_deleted_during_a_checkout_leaves_it_whole_or_undone(shop: Shop, who: str) -> None:
    admin = shop.admin()
    for _ in range(3):
        seller, other, buyer = shop.seller(), shop.seller(), shop.buyer()
        ours, theirs = shop.product(seller, stock=50), shop.product(other, stock=50)
        gone = seller if who == "seller" else buyer
        buyers = [buyer] * 8 if who == "buyer" else crowd(shop, 8)

        body = lines((ours, 1), (theirs, 1))
        calls: list[Call] = [partial(checkout_until_answered, one.api, body, new_key()) for one in buyers]
        calls.append(partial(admin.api.delete, f"/api/admin/users/{gone.id}"))
        *bought, deleted = at_once(calls)
        assert deleted.status_code == 204, deleted.text
        told = count(bought)
        assert set(told) <= {"201", "401 unauthenticated", "409 product_unavailable", "422 unknown_product"}, told
        assert shop.stock_of(theirs) == 50 - told["201"], "a checkout was kept in part"
        orders = other.api.all("/api/orders/seller-orders", limit=100)
        assert len(orders) == told["201"]
    clean(shop)


@pytest.mark.strategies(None)
def test_twenty_registrations_of_one_email_make_one_account(shop: Shop) -> None:
    email = new_email()
    spellings = [email, email.upper()] * 10

    def register(spelling: str) -> httpx.Response:
        body = {"name": "Kim", "email": spelling, "password": PASSWORD}
        return shop.anonymous.post("/api/auth/register", json=body)

    answers = at_once([lambda spelling=spelling: register(spelling) for spelling in spellings])
    assert count(answers) == {"201": 1, "409 email_taken": 19}
    assert len(shop.admin().api.all("/api/admin/users", q=email)) == 1
    shop.login(email)


def test_eight_changes_made_on_one_version_are_one_change(shop: Shop, seller: Person) -> None:
    product = shop.product(seller)
    path, version = f"/api/products/{product['id']}", product["version"]

    def change(number: int) -> httpx.Response:
        return seller.api.put(path, json={"name": f"Name {number}", "expected_version": version})

    answers = at_once([lambda number=number: change(number) for number in range(8)])
    assert Counter(map(outcome, answers)) == {"200": 1, "409 version_conflict": 7}
    assert ok(shop.anonymous.get(path))["version"] == version + 1
