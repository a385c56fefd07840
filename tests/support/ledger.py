"""What many clients were told, held against what the shop kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from tests.support.api import ok, outcome
from tests.support.parallel import at_once, checkout_until_answered
from tests.support.shop import Person, Shop, new_key

Body = dict[str, Any]


def crowd(shop: Shop, size: int) -> list[Person]:
    people: list[Person] = []
    for start in range(0, size, 20):
        people += at_once([shop.buyer] * min(20, size - start))
    return people


def lines(*wanted: tuple[dict[str, Any], int]) -> Body:
    return {"items": [{"product_id": product["id"], "quantity": quantity} for product, quantity in wanted]}


def rush(
    buyers: Iterable[Person], bodies: Iterable[Body], *, within: float = 90, strangers: list[str] | None = None
) -> list[httpx.Response]:
    """Everybody checks out at the same moment and asks again, with the same key, until there is an answer.

    A 5xx that is no 503 fails, unless the caller wants to collect them.
    """
    collecting, strangers = strangers is not None, [] if strangers is None else strangers

    def one(buyer: Person, body: Body) -> Callable[[], httpx.Response]:
        key = new_key()
        return lambda: checkout_until_answered(buyer.api, body, key, within=within, strangers=strangers)

    calls = [one(buyer, body) for buyer, body in zip(buyers, bodies, strict=True)]
    answers = at_once(calls, timeout=within + 30)
    assert collecting or not strangers, f"5xx that are no 503: {strangers[:3]}"
    return answers


def sold(answers: Iterable[httpx.Response]) -> Counter[str]:
    """Units per product in what was acknowledged."""
    units: Counter[str] = Counter()
    for answer in answers:
        if answer.status_code == 201:
            for order in answer.json()["orders"]:
                for line in order["product_list"]:
                    units[line["product_id"]] += line["quantity"]
    return units


def count(answers: Iterable[httpx.Response]) -> Counter[str]:
    return Counter(map(outcome, answers))


def kept(buyer: Person, answer: httpx.Response) -> None:
    """The orders of an acknowledged checkout are there as they were told, and those of a refused one are not."""
    mine = {order["id"]: order for order in buyer.api.all("/api/orders/my-orders", limit=100)}
    told = ok(answer, 201)["orders"] if answer.status_code == 201 else []
    assert mine == {order["id"]: order for order in told}


def clean(shop: Shop) -> None:
    report = shop.audit()
    assert (report["consistent"], report["violations"]) == (True, []), report
