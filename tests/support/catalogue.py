"""A catalogue of known content, and what the shop must list of it: the tests' own, simple idea of a listing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.support.api import ok
from tests.support.shop import Person, Shop, unique

ADJECTIVES = ("amber", "Blue", "coral", "Dusky", "early")
NOUNS = ("kettle", "Kitten", "lamp", "Lantern", "map")
PRICES = ("1.00", "2.50", "2.50", "3.99", "100.00", "2.5")  # with ties


@dataclass(frozen=True)
class World:
    word: str  # in every name: `q=word` finds exactly this world
    seller: Person
    other_seller: Person
    categories: tuple[str, str]
    products: list[dict[str, Any]]  # oldest first, all active
    hidden: list[dict[str, Any]]

    def select(self, **filters: str) -> list[dict[str, Any]]:
        tests = [TESTS[name](value) for name, value in filters.items() if name in TESTS]
        return [product for product in self.products if all(test(product) for test in tests)]


def folded(text: str) -> str:
    return text.casefold()


def words_match(query: str) -> Callable[[dict[str, Any]], bool]:
    *whole, prefix = folded(query).split()

    def test(product: dict[str, Any]) -> bool:
        words = folded(f"{product['name']} {product['category']}").split()
        return all(word in words for word in whole) and any(word.startswith(prefix) for word in words)

    return test


TESTS: dict[str, Callable[[str], Callable[[dict[str, Any]], bool]]] = {
    "q": words_match,
    "category": lambda value: lambda product: bool(product["category"] == value),
    "min_price": lambda value: lambda product: bool(product["price"] >= Decimal(value)),
    "max_price": lambda value: lambda product: bool(product["price"] <= Decimal(value)),
    "seller_id": lambda value: lambda product: bool(product["seller_id"] == value),
    "in_stock": lambda value: lambda product: bool(product["stock"] > 0),
}


def in_order(products: list[dict[str, Any]], sort: str) -> bool:
    """Whether every neighbour may follow the one before; ties may stand in any order."""
    keys: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool]] = {
        # without the Z: a whole second is told without a fraction, and `05Z` is not before `05.1Z` as text
        "newest": lambda one, two: one["created_at"].rstrip("Z") >= two["created_at"].rstrip("Z"),
        "price": lambda one, two: one["price"] <= two["price"],
        "-price": lambda one, two: one["price"] >= two["price"],
        "name": lambda one, two: folded(one["name"]) <= folded(two["name"]),
        "relevance": lambda one, two: True,
    }
    return all(keys[sort](one, two) for one, two in itertools.pairwise(products))


def build(shop: Shop, size: int = 45) -> World:
    word, sellers = unique("world"), (shop.seller(), shop.seller())
    categories = (unique("cat") + " one", unique("cat") + " two")
    products = []
    for number in range(size):
        name = f"{ADJECTIVES[number % 5]} {word} {NOUNS[number // 5 % 5]}"
        products.append(
            shop.product(
                sellers[number % 2],
                name=name,
                price=float(PRICES[number % len(PRICES)]),
                stock=0 if number % 4 == 3 else number,
                category=categories[number % 3 > 0],
            )
        )
    hidden = [shop.product(sellers[0], name=f"{word} hidden", category=categories[0]) for _ in range(2)]
    ok(shop.admin().api.put(f"/api/admin/products/{hidden[0]['id']}/disable"))
    assert sellers[0].api.delete(f"/api/products/{hidden[1]['id']}").status_code == 204
    return World(
        word, *sellers, categories, [ok(shop.anonymous.get(f"/api/products/{p['id']}")) for p in products], hidden
    )
